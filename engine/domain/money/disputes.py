"""Disputes: a buyer's bank takes a payment back, or a part of it, and asks why it should not. Pure rules.

Only what is disputed ends: the tickets that the disputed amount pays for whole, and cents beyond them. What was
refunded before cannot be taken a second time from the order, whatever the bank asks for. An inquiry only asks.

    inquiry --> open --> won     the tickets admit again
       |         |-----> lost    they ended; their units are sold again only if somebody says so
       +--> won                  (no money was taken)
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct

from engine.domain.money import refunds
from engine.domain.money.orders import Order, OrderLine
from engine.domain.money.refunds import Parts

SUMS_MAX = 10_000  # of tickets' prices looked at; an order of many different prices may be covered less closely
WON = frozenset({"won", "warning_closed", "prevented"})  # the provider's words for: nothing is taken, or all given back
INQUIRY = "warning"  # how its words for an inquiry begin


class Standing(enum.StrEnum):
    """How far a dispute is, in our words."""

    INQUIRY = "inquiry"  # the bank asks, and takes nothing
    OPEN = "open"  # the money is taken until it is decided
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class ProviderDispute:
    """A dispute at the provider as last read. ``status`` is the provider's word."""

    id: str
    amount_cents: int
    reason: str
    status: str
    due_at: datetime | None
    evidence_url: str
    opened_at: datetime


class Dispute(Struct, frozen=True, kw_only=True):
    """A dispute as staff read it. Of ``amount_cents``, ``claimed_cents`` is money that the order still had.

    ``ticket_ids`` are blocked while it is open and ended once it is lost. ``due_at``: until when evidence is taken,
    at ``evidence_url``. ``released_at``: when their units were put on sale again.
    """

    id: str
    provider_dispute_id: str
    order_id: str
    order_number: str
    event_id: str
    amount_cents: int
    claimed_cents: int
    currency: str
    reason: str
    status: str
    standing: str
    ticket_ids: list[str]
    due_at: datetime | None
    evidence_url: str
    opened_at: datetime
    closed_at: datetime | None
    released_at: datetime | None


@dataclass(frozen=True, slots=True)
class Disputable:
    """A ticket that a dispute may end."""

    id: str
    line: int
    used: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """What a dispute takes of its order."""

    parts: Parts
    ticket_ids: tuple[str, ...]


NOTHING = Claim(Parts(0), ())


def standing(status: str) -> Standing:
    """What the provider's word means; one that we do not know keeps the money in question."""
    if status in WON:
        return Standing.WON
    if status == "lost":
        return Standing.LOST
    return Standing.INQUIRY if status.startswith(INQUIRY) else Standing.OPEN


def claim(order: Order, amount_cents: int, *, gone: Parts, tickets: Sequence[Disputable]) -> Claim:
    """What a dispute of this amount takes.

    ``gone`` was refunded, is on its way back, or is claimed by other disputes; ``tickets`` are those not ended by any
    of these. All that is left takes every ticket.
    """
    left_cents = order.amount_cents - gone.total_cents
    cents = min(amount_cents, left_cents)
    if cents <= 0:
        return NOTHING
    ending = list(tickets) if cents == left_cents else _covered(order, cents, tickets)
    return Claim(_parts(order, cents, [order.lines[ticket.line] for ticket in ending], gone),
                 tuple(ticket.id for ticket in ending))  # fmt: skip


def _covered(order: Order, cents: int, tickets: Sequence[Disputable]) -> list[Disputable]:
    """The tickets whose prices come nearest to these cents from below; unused ones first, who is inside stays."""
    reached: dict[int, tuple[Disputable, ...]] = {0: ()}
    for ticket in sorted(tickets, key=lambda one: (one.used, one.line)):
        price_cents = order.lines[ticket.line].total_cents
        if price_cents == 0 or len(reached) > SUMS_MAX:
            continue
        more = {sum_cents + price_cents: (*chosen, ticket) for sum_cents, chosen in reached.items()}
        reached |= {sum_cents: chosen for sum_cents, chosen in more.items()
                    if sum_cents <= cents and sum_cents not in reached}  # fmt: skip
    return sorted(reached[max(reached)], key=lambda one: one.line)


def _parts(order: Order, cents: int, lines: Sequence[OrderLine], gone: Parts) -> Parts:
    """These cents taken apart: the lines as they were sold, and what is beyond them as an amount."""
    lines_cents = sum(line.total_cents for line in lines)
    if not 0 < lines_cents <= cents:
        return refunds.of_amount(cents, paid=order.paid_parts, refunded=gone)
    names = {name for line in lines for name in line.taxes}
    taxes = {name: sum(line.taxes.get(name, 0) for line in lines) for name in names}
    whole = refunds.of_line(lines_cents, taxes, paid=order.paid_parts, refunded=gone)
    if lines_cents == cents:
        return whole
    rest = refunds.of_amount(cents - lines_cents, paid=order.paid_parts, refunded=gone + whole)
    return whole + rest
