"""What a hold costs, and a record read as the hold it stands for."""

from __future__ import annotations

from collections.abc import Sequence

from engine.domain.catalogue.pricing.steps_shown import NextStep, PriceStepShown
from engine.domain.errors import PromoNotMet
from engine.domain.prices import Line as MoneyLine
from engine.domain.prices import Price, check_chargeable, is_chargeable, quote
from engine.domain.sale.holds import Hold, HoldLine
from engine.domain.sale.price_steps import standing_steps
from engine.domain.sale.selling import PromoTerms, SellingEvent, TicketTypeTerms
from engine.foundation import http
from engine.foundation.clock import from_ms
from engine.services.sale.hold_asks import Ask
from engine.stores.sale.hold_records import Record

PRICES_KEPT = 512


def price_of(event: SellingEvent, asks: Sequence[Ask], promo: PromoTerms | None) -> Price:
    """What these asks cost; worked out once per snapshot and shape. What cannot be charged is refused.

    PromoNotMet if the code is for other tickets, or for more.
    """
    parts = [part for ask in asks for part in ask.parts]
    if promo is not None and not promo.discount.reaches(_lines(parts)):
        raise PromoNotMet(
            min_quantity=promo.discount.quantity_min,
            min_amount_cents=promo.discount.amount_min_cents,
            ticket_type_ids=sorted(promo.discount.ticket_type_ids),
        )
    return checked(price_of_parts(event, parts, promo))


def _lines(parts: Sequence[tuple[TicketTypeTerms, int]]) -> list[MoneyLine]:
    return [
        MoneyLine(kind.id, kind.price_cents, kind.taxable, kind.step) for kind, count in parts for _ in range(count)
    ]


def checked(price: Price) -> Price:
    """The price, if it is nothing or can be charged; ``check_chargeable`` says what it refuses."""
    check_chargeable(price.total_cents, price.currency)
    return price


def price_of_parts(
    event: SellingEvent, parts: Sequence[tuple[TicketTypeTerms, int]], promo: PromoTerms | None
) -> Price:
    """What ticket types with counts cost, whether that can be charged or not: a hold may be older than its terms."""
    shape = ("price", tuple([(kind.number, count) for kind, count in parts]), promo.number if promo else 0)
    price: Price | None = event.memo.get(shape)
    if price is None:
        price = quote(
            currency=event.currency,
            lines=_lines(parts),
            taxes=event.taxes,
            fee=event.fee,
            discount=promo.discount if promo else None,
            groups=event.groups,
            tax_included=event.tax_included,
        )
        if len(event.memo) < PRICES_KEPT:
            event.memo[shape] = price
            usual = promo is None and len(parts) == 1 and not parts[0][0].counted
            if usual and is_chargeable(price):  # what the desk knows it holds
                event.desk.learn(parts[0][0].number, parts[0][1], price.total_cents, http.dumps(price).decode())
    return price


def listed(event: SellingEvent) -> dict[str, int]:
    """What one ticket of each type costs alone, all in, as lists show it."""
    return {kind.id: price_of_parts(event, [(kind, 1)], None).total_cents for kind in event.ticket_types.values()}


def shown_step(event: SellingEvent, kind: TicketTypeTerms, taken: int, moment_ms: int) -> PriceStepShown:
    """The price step that one ticket of this type is sold at when ``taken`` are, and what comes next."""
    now, after = standing_steps(kind, taken, moment_ms)
    cost = price_of_parts(event, [(now.kind, 1)], None).total_cents
    following = None
    if after is not None:
        next_cents = price_of_parts(event, [(after.kind, 1)], None).total_cents
        following = NextStep(after.kind.step, after.kind.price_cents, next_cents)
    return PriceStepShown(
        now.kind.step,
        now.kind.price_cents,
        cost,
        until=None if now.until_ms is None else from_ms(now.until_ms),
        left=None if now.until_sold is None else now.until_sold - taken,
        next=following,
    )


def read_hold(event: SellingEvent, hold_id: str, record: Record) -> Hold:
    """The hold behind a record, priced by the event's terms."""
    lines, parts, rows = [], list[tuple[TicketTypeTerms, int]](), set[str]()
    for run in record.runs:
        kind = event.type_by_number[run.kind]
        parts.append((kind, run.length))
        for unit in range(run.unit, run.unit + run.length):
            seat = event.seats[unit]
            if seat is not None:
                rows.add(seat.rpartition("/")[0])
            lines.append(HoldLine(kind.id, unit, seat, event.section_name(unit), kind.price_cents, kind.step))
    promo = event.promo_by_number.get(record.promo)
    return Hold(
        id=hold_id,
        event_id=event.id,
        state=record.state,
        placed_at_ms=record.placed_at_ms,
        expires_at_ms=record.expires_at_ms,
        lines=tuple(lines),
        price=price_of_parts(event, parts, promo),
        held_cents=record.total_cents,
        step=record.step,
        adjacent=record.adjacent,
        rows_used=len(rows),
        orphans_created=record.orphans_created,
        lease_id=record.lease_id or None,
        counted_for=record.counted_for,
        promo_code=promo.code if promo else None,
        promo_id=promo.id if promo else None,
    )
