"""What a buyer may give back by themselves, and what of the money comes back: the event's refund policy, to the cent.

A ticket is worth what was paid for it, without the buyer's fee and the fee's tax unless the event returns them. Of the
worth of all tickets given back so far the part that is returned is rounded half-up once, and each ticket's is the
difference (as refunds of amounts: ``refunds.py``); then the fixed part is kept, never more than is there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

from engine.domain.catalogue.pricing.refund_policies import Mode, RefundPolicy
from engine.domain.errors import (
    OrderNotRefundable,
    RefundExceedsPaid,
    RefundRequestOpen,
    RefundWindowClosed,
    TicketNotReturnable,
)
from engine.domain.money.orders import Order, OrderLine
from engine.domain.money.refund_requests import DISPUTED, ENDED
from engine.domain.order_states import REFUNDABLE
from engine.domain.taxes import BASIS_POINTS, half_up
from engine.domain.tickets.transfers import TicketUsed
from engine.foundation.errors import Conflict, Invalid
from engine.foundation.speech.tongue import later
from engine.foundation.world.currencies import find

AskedStatus = Literal["requested", "refunded", "declined"]
NOT_OFFERED: Final = later("The organizer of this event takes tickets back only when asked directly")
HANDED_ON: Final = later("This ticket was handed on: its new holder has it")
OVER: Final = later("The time to give tickets back is over")


class AskedRefund(Struct, frozen=True, kw_only=True):
    """A refund request of a buyer. ``worth_cents`` of its tickets before the organizer's part, ``amount_cents`` after.

    ``message`` is the organizer's answer, read by the buyer. ``refund_id`` once money is on its way.
    """

    id: str
    order_id: str
    order_number: str
    event_id: str
    organization_id: str
    ticket_ids: tuple[str, ...]
    worth_cents: int
    amount_cents: int
    currency: str
    reason: str
    status: AskedStatus
    refund_id: str | None
    message: str | None
    created_at: datetime
    decided_at: datetime | None


class ReturnedTicket(Struct, frozen=True, kw_only=True):
    """A ticket that may be given back now, and what comes back for it."""

    ticket_id: str
    worth_cents: int
    amount_cents: int


class ReturnPreview(Struct, frozen=True, kw_only=True):
    """What giving ``tickets`` back would return. ``reason`` says why nothing can be given back; else it is None."""

    mode: Mode
    until: datetime
    reason: str | None
    amount_cents: int
    currency: str
    tickets: tuple[ReturnedTicket, ...]


@dataclass(frozen=True, slots=True)
class OwnTicket:
    """A ticket of the order as giving it back sees it."""

    id: str
    line: int
    status: str
    used: bool
    asked: bool  # a request for it waits for the organizer
    handed_on: bool = False


@dataclass(frozen=True, slots=True)
class Returnable:
    """An order with all that decides what of it may be given back; ``worth_before`` of what was given back so far."""

    order: Order
    policy: RefundPolicy
    starts_at: datetime
    event_status: str
    tickets: Sequence[OwnTicket]
    worth_before_cents: int
    left_cents: int

    @property
    def until(self) -> datetime:
        """No ticket is given back from then on; after the start never."""
        policy_until = self.policy.until
        return min(policy_until, self.starts_at) if isinstance(policy_until, datetime) else self.starts_at


def check_open(given: Returnable, moment: datetime) -> None:
    """RefundWindowClosed or OrderNotRefundable if nothing of this order may be given back at this moment."""
    if given.order.status == "disputed":
        raise OrderNotRefundable(DISPUTED, order_status=given.order.status)
    if given.order.status not in REFUNDABLE:
        raise OrderNotRefundable(order_status=given.order.status)
    if given.policy.mode in {"none", None} or given.event_status == "cancelled":
        raise RefundWindowClosed(NOT_OFFERED)
    if moment >= given.until:
        raise RefundWindowClosed(OVER, until=given.until)


def chosen(given: Returnable, ticket_ids: Sequence[str] | None) -> list[OwnTicket]:
    """The tickets by these ids, None: all that may be given back. Refuses the first that may not, and none at all."""
    if ticket_ids is None:
        found = [ticket for ticket in given.tickets if _refusal(ticket) is None]
        if not found:
            raise _refusal(given.tickets[0]) or RefundExceedsPaid(refundable_cents=0)
        return found
    known = {ticket.id: ticket for ticket in given.tickets}
    for index, ticket_id in enumerate(ticket_ids):
        if ticket_id not in known or ticket_id in ticket_ids[:index]:
            raise Invalid.at(f"/ticket_ids/{index}", "unknown_ticket", "This ticket is not part of the order")
        refusal = _refusal(known[ticket_id])
        if refusal is not None:
            raise refusal
    wanted = set(ticket_ids)
    return [ticket for ticket in given.tickets if ticket.id in wanted]


def returned(given: Returnable, tickets: Collection[OwnTicket]) -> list[ReturnedTicket]:
    """What comes back for each of these tickets, in their order; together no more than is left of the order."""
    step = find(given.order.currency).step
    so_far, left = given.worth_before_cents, given.left_cents
    rate_bp = BASIS_POINTS - given.policy.keep_bp
    found = []
    for ticket in tickets:
        worth = worth_of(given.order.lines[ticket.line], fees_too=given.policy.fees_returned, step=step)
        part = half_up((so_far + worth) * rate_bp, BASIS_POINTS, step) - half_up(so_far * rate_bp, BASIS_POINTS, step)
        amount = max(0, min(part - given.policy.keep_fixed_cents, left))
        so_far, left = so_far + worth, left - amount
        found.append(ReturnedTicket(ticket_id=ticket.id, worth_cents=worth, amount_cents=amount))
    return found


def worth_of(line: OrderLine, *, fees_too: bool, step: int) -> int:
    """What was paid for a ticket, without the buyer's fee and its part of each tax unless ``fees_too``."""
    price_cents = line.face_cents - line.discount_cents
    net_cents = line.total_cents - sum(line.taxes.values())
    if fees_too or net_cents <= price_cents:  # a fee that the organizer pays is no part of it
        return line.total_cents
    return price_cents + sum(half_up(cents * price_cents, net_cents, step) for cents in line.taxes.values())


def _refusal(ticket: OwnTicket) -> Conflict | None:
    """Why this ticket may not be given back now; None if it may."""
    if ticket.status in ENDED:
        return RefundExceedsPaid(later("This ticket was given back before"), refundable_cents=0)
    if ticket.handed_on:
        return TicketNotReturnable(HANDED_ON, ticket_id=ticket.id)
    if ticket.status == "blocked":
        return TicketNotReturnable(DISPUTED, ticket_id=ticket.id)
    if ticket.used or ticket.status == "used":
        return TicketUsed(ticket_id=ticket.id)
    if ticket.status != "valid":
        return TicketNotReturnable(ticket_id=ticket.id)
    return RefundRequestOpen(ticket_id=ticket.id) if ticket.asked else None
