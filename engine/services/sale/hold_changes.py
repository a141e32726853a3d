"""Changing a live hold in one step: other seats, or more tickets next to those it has. A refusal changes nothing."""

from __future__ import annotations

from collections.abc import Sequence

import hotpath_rs
from engine.domain.errors import BestAvailableNotFound, BuyerLimit, MaxPerOrder, SoldOut
from engine.domain.sale import inventory as units_domain
from engine.domain.sale.holds import QUANTITY_MAX, Hold, HoldItem, HoldLine, HoldRequest
from engine.domain.sale.price_steps import Span
from engine.domain.sale.selling import SellingEvent, TicketTypeTerms, caps_of
from engine.foundation.clock import now_ms
from engine.foundation.errors import Unavailable
from engine.foundation.ids import id_to_bytes
from engine.services.sale.hold_asks import Ask, at_steps, count_again, read_asks, stepped
from engine.services.sale.hold_batches import is_block, merged
from engine.services.sale.hold_prices import checked, price_of_parts, read_hold
from engine.services.sale.hold_refusals import refusal_of
from engine.services.sale.inventory import Inventory
from engine.services.sale.takers import Taker, Takers
from engine.stores.sale.hold_answers import BlockLimit, StepsMoved, Swapped, Taken
from engine.stores.sale.hold_records import REF_BYTES, Run, allocation_byte
from engine.stores.sale.holds import HoldStore

GROW_TRIES_MAX = 16


class HoldChanges:
    """Swaps and growths, each one atomic script."""

    def __init__(self, *, store: HoldStore, inventory: Inventory, takers: Takers) -> None:
        self._store = store
        self._inventory = inventory
        self._takers = takers

    async def swap(
        self, event: SellingEvent, hold: Hold, wanted: Sequence[int], opened: tuple[int, ...], taker: Taker
    ) -> Hold:
        """These units instead, in the order of the hold's lines. SeatTaken names those somebody else has."""
        kinds = [event.terms_of(line) for line in hold.lines]
        answer = await self._write(
            event,
            hold,
            list(zip(kinds, wanted, strict=True)),
            lots=units_domain.eligible_lots(opened, accessible=True),
            allocation=allocation_byte(1, adjacent=is_block(wanted), orphans=0),
            taker=taker,
        )
        if isinstance(answer, Taken):
            raise refusal_of(event, answer)
        return _unmoved(answer)

    async def shrink(self, event: SellingEvent, hold: Hold, left: Sequence[HoldLine]) -> Hold | None:
        """Only these of its lines; None if the hold has changed since it was read."""
        answer = await self._write(
            event,
            hold,
            [(event.terms_of(line), line.unit) for line in left],
            lots=b"",  # what it gave back meanwhile is not taken again
            allocation=allocation_byte(hold.step, adjacent=is_block([line.unit for line in left]), orphans=0),
        )
        return None if isinstance(answer, Taken) else _unmoved(answer)

    async def grow(self, event: SellingEvent, hold: Hold, items: tuple[HoldItem, ...], taker: Taker) -> Hold:
        """The hold with these items added. MaxPerOrder and BuyerLimit count what it has already."""
        held_by = event.promo(hold.promo_code)
        code = hold.promo_code if held_by is not None and held_by.count is None else None
        asks, _, opened = read_asks(event, HoldRequest(event.id, items, code))
        held = [(event.terms_of(line), line.unit) for line in hold.lines]
        taken = await self._inventory.taken(event.id, stepped(asks))
        _check_size(event, held, asks)
        accessible = any([ask.seats or ask.accessible for ask in asks])
        lots = units_domain.eligible_lots(opened, accessible=accessible)
        for _ in range(GROW_TRIES_MAX):
            here, spans = at_steps(asks, taken, now_ms()) if taken else (asks, ())
            more, allocation = await self._beside(event, hold, here, opened)
            answer = await self._write(
                event, hold, held + more, lots=lots, allocation=allocation, taker=taker, spans=spans
            )
            if isinstance(answer, Hold):
                return answer
            if isinstance(answer, StepsMoved):
                count_again(event, asks, taken, answer)
                continue
            if any(ask.seats for ask in asks):
                raise refusal_of(event, answer)
        raise Unavailable("Too many buyers want the same seats: try again", retry_after_s=1)

    async def _beside(
        self, event: SellingEvent, hold: Hold, asks: Sequence[Ask], opened: tuple[int, ...]
    ) -> tuple[list[tuple[TicketTypeTerms, int]], int]:
        """The units for these asks next to the held ones, on the map of this moment; the allocation byte of all."""
        kinds = [kind for ask in asks for kind, count in ask.parts for _ in range(count)]
        if all(ask.seats for ask in asks):
            units = [unit for ask in asks for unit in ask.seats]
            whole = [line.unit for line in hold.lines] + units
            return list(zip(kinds, units, strict=True)), allocation_byte(1, adjacent=is_block(whole), orphans=0)
        current = await self._inventory.unit_map(event.id)
        if current is None or len(current) != event.units:
            raise Unavailable("The inventory is being rebuilt", retry_after_s=1)
        ask = Ask.joined(asks, opened, beside=[line.unit for line in hold.lines])
        try:
            plan = event.seat_map.plan(current, ask.planner)
        except hotpath_rs.AllocationRefused as refusal:
            raise (SoldOut if refusal.code == "sold_out" else BestAvailableNotFound)(free=refusal.free) from refusal
        allocation = allocation_byte(plan.step, adjacent=plan.adjacent, orphans=plan.orphans_created)
        return list(zip(kinds, plan.units, strict=True)), allocation

    async def _write(
        self,
        event: SellingEvent,
        hold: Hold,
        units: list[tuple[TicketTypeTerms, int]],
        *,
        lots: bytes,
        allocation: int,
        taker: Taker | None = None,
        spans: Sequence[Span] = (),
    ) -> Hold | Taken | StepsMoved:
        """The changed hold, the units somebody else has, or the count that another price step begins at."""
        runs = merged([Run(kind.number, unit, 1) for kind, unit in units])
        parts = [(kind, 1) for kind, _ in units]
        price = checked(price_of_parts(event, parts, event.promo(hold.promo_code)))
        caps = sorted(caps_of(kind for kind, _ in units))
        answer = await self._inventory.fenced(
            event.id,
            lambda epoch: self._store.swap(
                event.id,
                epoch,
                id_to_bytes(hold.id)[:REF_BYTES],
                lots=lots,
                runs=runs,
                total_cents=price.total_cents,
                allocation=allocation,
                caps=caps,
                spans=spans,
                buyer_units_max=event.buyer_units_max,
            ),
        )
        match answer:
            case Swapped(record):
                return read_hold(event, hold.id, record)
            case Taken() | StepsMoved():
                return answer
            case no:
                if isinstance(no, BlockLimit) and taker is not None:
                    self._takers.full(event.id, taker, no.held)
                raise refusal_of(event, no)


def _unmoved(answer: Hold | StepsMoved) -> Hold:
    assert isinstance(answer, Hold), "nothing was added that could be at another step"
    return answer


def _check_size(event: SellingEvent, held: Sequence[tuple[TicketTypeTerms, int]], asks: Sequence[Ask]) -> None:
    """The hold's tickets and the new ones together within each type's and the buyer's limit."""
    counts: dict[str, int] = {}
    for kind, _ in held:
        counts[kind.id] = counts.get(kind.id, 0) + 1
    for ask in asks:
        for kind, count in ask.parts:
            counts[kind.id] = counts.get(kind.id, 0) + count
            if counts[kind.id] > kind.max_per_order or sum(counts.values()) > QUANTITY_MAX:
                raise MaxPerOrder.at(
                    "/items", "max_per_order", f"At most {kind.max_per_order} of {kind.name} in one order"
                )
    if event.max_tickets_per_buyer is not None and sum(counts.values()) > event.max_tickets_per_buyer:
        raise BuyerLimit(max_tickets_per_buyer=event.max_tickets_per_buyer)
