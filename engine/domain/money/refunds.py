"""Refunds to the cent: whatever the order of refunds, together they return exactly what was paid, tax by tax.

A refund of an amount uses the cumulative method: once R of a total T has been returned, the tax returned so far is
half-up(tax x R / T), and each refund is the difference. A refund of a line returns that line's stored cents. Where both
kinds meet on one order, each tax is held between nothing and what is left of it. What a bank takes back by a dispute is
taken apart in the same way (``disputes.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from engine.domain.taxes import half_up


@dataclass(frozen=True, slots=True)
class Parts:
    """An amount taken apart: ``net_cents`` (tickets and fees) and each tax."""

    net_cents: int
    taxes: dict[str, int] = field(default_factory=dict)

    @property
    def total_cents(self) -> int:
        return self.net_cents + sum(self.taxes.values())

    def __add__(self, other: Parts) -> Parts:
        names = self.taxes.keys() | other.taxes.keys()
        taxes = {name: self.taxes.get(name, 0) + other.taxes.get(name, 0) for name in names}
        return Parts(self.net_cents + other.net_cents, taxes)


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund as the ledger knows it. ``status`` is pending, succeeded or failed."""

    id: str
    order_id: str
    amount_cents: int
    net_cents: int
    taxes: dict[str, int]
    ticket_ids: list[str]
    reason: str  # for staff only
    message: str | None  # to the buyer
    provider_refund_id: str | None
    status: str
    error: str | None
    created_by: str
    created_at: datetime
    settled_at: datetime | None


def of_amount(amount_cents: int, *, paid: Parts, refunded: Parts) -> Parts:
    """The parts of a refund of ``amount_cents``; it must be positive and no more than what is left."""
    so_far_cents = refunded.total_cents + amount_cents
    wanted = {
        name: half_up(cents * so_far_cents, paid.total_cents) - refunded.taxes.get(name, 0)
        for name, cents in paid.taxes.items()
    }
    return _fit(amount_cents, wanted, paid, refunded)


def of_line(total_cents: int, taxes: Mapping[str, int], *, paid: Parts, refunded: Parts) -> Parts:
    """The parts of a refund of lines that cost ``total_cents`` with these taxes in it."""
    return _fit(total_cents, taxes, paid, refunded)


def _fit(amount_cents: int, wanted: Mapping[str, int], paid: Parts, refunded: Parts) -> Parts:
    """The wanted taxes, held within what is left of each and of the net."""
    left = {name: cents - refunded.taxes.get(name, 0) for name, cents in paid.taxes.items()}
    net_left_cents = paid.net_cents - refunded.net_cents
    assert 0 < amount_cents <= net_left_cents + sum(left.values()), "a refund of more than is left"
    taxes = {name: max(0, min(wanted.get(name, 0), left[name])) for name in left}
    for name, cents in list(taxes.items()):
        over_cents = sum(taxes.values()) - amount_cents
        under_cents = amount_cents - sum(taxes.values()) - net_left_cents
        if over_cents > 0:
            taxes[name] = cents - min(over_cents, cents)
        elif under_cents > 0:
            taxes[name] = cents + min(under_cents, left[name] - cents)
    return Parts(amount_cents - sum(taxes.values()), taxes)
