"""A cash drawer: opened with a float, closed with a count; the ledger says what should be in it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec import Struct

from engine.domain.fields import Cents

LISTED_MAX: Final = 200  # drawers of one event in a report, newest first


class DrawerOpening(Struct, kw_only=True):
    """``float_cents``: what lies in it before the first sale."""

    float_cents: Cents = 0


class DrawerClosing(Struct, kw_only=True):
    """``counted_cents``: what lies in it now, the float included."""

    counted_cents: Cents


class Drawer(Struct, frozen=True, kw_only=True):
    """A drawer and what should lie in it: the float, the cash taken since it was opened, less what was given back.

    ``counted_cents`` and ``difference_cents`` (counted less expected) are None while it is open.
    """

    id: str
    event_id: str
    opened_by: str
    opened_by_name: str | None
    opened_at: datetime
    closed_at: datetime | None
    float_cents: int
    cash_cents: int
    returned_cents: int
    expected_cents: int
    counted_cents: int | None
    difference_cents: int | None
    sales: int


def expected_cents(float_cents: int, cash_cents: int, returned_cents: int) -> int:
    """What should lie in a drawer."""
    return float_cents + cash_cents - returned_cents
