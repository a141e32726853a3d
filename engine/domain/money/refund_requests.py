"""What an organizer may ask to give back, and what that comes to in cents and tickets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.domain.errors import OrderNotRefundable, RefundExceedsPaid
from engine.domain.money import refunds
from engine.domain.money.orders import Order
from engine.domain.money.refunds import Parts
from engine.domain.order_states import EVER_PAID, REFUNDABLE
from engine.foundation.errors import Invalid
from engine.foundation.speech.tongue import later
from engine.foundation.world.currencies import find, money

ENDED = frozenset({"refunded", "cancelled"})
DISPUTED = later("The buyer's bank disputes this payment, and decides about it")
KEPT = ENDED | {"blocked"}  # what is disputed is the bank's to decide about


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """Ticket ids, or an amount, or neither: everything that is left. What cost nothing is returned for nothing.

    ``lines_cents``: what the tickets return, if that is not all that was paid for them (``asked_refunds.py``).
    ``reason`` is for staff only, ``message`` is told to the buyer.
    """

    reason: str
    lines: Sequence[str] | None = None
    amount_cents: int | None = None
    message: str | None = None
    lines_cents: int | None = None


def check_refundable(order: Order, so_far: Parts, tickets: Sequence[Mapping[str, Any]]) -> None:
    """OrderNotRefundable if it was never paid, or all of it is disputed; RefundExceedsPaid if nothing is left.

    ``so_far`` and ``tickets`` are as for ``parts_of``.
    """
    if order.status not in EVER_PAID:
        raise OrderNotRefundable(order_status=order.status)
    left = order.amount_cents > so_far.total_cents or any(ticket["status"] not in KEPT for ticket in tickets)
    if order.status == "disputed" and not left:
        raise OrderNotRefundable(DISPUTED, order_status=order.status)
    if order.status not in REFUNDABLE or not left:
        raise RefundExceedsPaid(refundable_cents=0)


def parts_of(
    order: Order, so_far: Parts, request: RefundRequest, tickets: Sequence[Mapping[str, Any]]
) -> tuple[Parts, list[str]]:
    """(what this request returns, which tickets stop admitting with it). RefundExceedsPaid, Invalid.

    ``so_far`` is returned, on its way or taken by a dispute; ``tickets`` are the order's: id, line, status.
    """
    left_cents = order.amount_cents - so_far.total_cents
    if request.lines is not None:
        if request.amount_cents is not None:
            raise Invalid.at("/amount_cents", "lines_or_amount", "Name lines or an amount, not both")
        return _of_lines(order, so_far, request, tickets), list(request.lines)
    amount_cents = left_cents if request.amount_cents is None else request.amount_cents
    if amount_cents > left_cents:
        raise RefundExceedsPaid(refundable_cents=left_cents)
    step_cents = find(order.currency).step
    if amount_cents % step_cents and amount_cents != left_cents:
        said = f"Amounts are returned in steps of {money(step_cents, order.currency)}"
        raise Invalid.at("/amount_cents", "amount_between_steps", said)
    ending = [ticket["id"] for ticket in tickets if ticket["status"] not in KEPT] if amount_cents == left_cents else []
    return _of_cents(amount_cents, order, so_far), ending


def _of_cents(amount_cents: int, order: Order, so_far: Parts) -> Parts:
    return refunds.of_amount(amount_cents, paid=order.paid_parts, refunded=so_far) if amount_cents else Parts(0)


def _of_lines(order: Order, so_far: Parts, request: RefundRequest, tickets: Sequence[Mapping[str, Any]]) -> Parts:
    lines = request.lines or ()
    left_cents = order.amount_cents - so_far.total_cents
    known = {ticket["id"]: ticket for ticket in tickets}
    for index, ticket_id in enumerate(lines):
        if ticket_id not in known or ticket_id in lines[:index]:
            raise Invalid.at(f"/lines/{index}", "unknown_ticket", "This ticket is not part of the order")
        if known[ticket_id]["status"] == "blocked":
            raise OrderNotRefundable(DISPUTED, order_status=order.status)
        if known[ticket_id]["status"] in ENDED:
            raise RefundExceedsPaid("This ticket was refunded before", refundable_cents=left_cents)
    chosen = [order.lines[known[ticket_id]["line"]] for ticket_id in lines]
    total_cents = sum(line.total_cents for line in chosen) if request.lines_cents is None else request.lines_cents
    if total_cents > left_cents:
        raise RefundExceedsPaid(refundable_cents=left_cents)
    if request.lines_cents is not None or total_cents == 0:
        return _of_cents(total_cents, order, so_far)
    names = {name for line in chosen for name in line.taxes}
    taxes = {name: sum(line.taxes.get(name, 0) for line in chosen) for name in names}
    return refunds.of_line(total_cents, taxes, paid=order.paid_parts, refunded=so_far)
