"""Price steps as pages and the API show them: what a ticket costs now, and what comes next."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class NextStep(Struct, frozen=True):
    """What a ticket costs when the present step has ended; ``name`` is None for the type's own price."""

    name: str | None
    price_cents: int
    all_in_cents: int


class PriceStepShown(Struct, frozen=True, omit_defaults=True):
    """What a ticket of a type that has price steps costs now, alone; ``left`` are those at this step.

    Without ``next`` the price stays.
    """

    name: str | None
    price_cents: int
    all_in_cents: int
    until: datetime | None = None
    left: int | None = None
    next: NextStep | None = None
