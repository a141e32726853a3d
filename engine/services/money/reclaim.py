"""Units for an order that ended and was paid after all: the same ones, or equal numbers of the same section.

They are held in Redis first, so that nobody who is choosing right now is surprised; the ledger then decides. Seats
have no equal: if one is gone, nothing is taken and the money goes back, as it does if the event is.
"""

from __future__ import annotations

import os
from collections import Counter

from engine.domain.money.orders import Order, OrderLine
from engine.domain.sale import inventory as units_domain
from engine.domain.sale.price_steps import Span
from engine.domain.sale.selling import SellingEvent, caps_of
from engine.foundation.errors import Refusal, Unavailable
from engine.foundation.ids import id_from_bytes
from engine.services.sale.inventory import Inventory
from engine.services.sale.selling import Selling
from engine.stores.sale.hold_answers import Held
from engine.stores.sale.hold_records import REF_BYTES, Record, Run, allocation_byte
from engine.stores.sale.holds import HoldStore, Item, pick_exact, pick_general

ID_BYTES = 16
LIFE_MS = 120_000  # of the hold that stands in until the ledger has the units


class Reclaim:
    """Takes and gives back."""

    def __init__(self, *, inventory: Inventory, holds: HoldStore, selling: Selling) -> None:
        self._inventory = inventory
        self._holds = holds
        self._selling = selling

    async def take(self, order: Order) -> tuple[str, list[int]] | None:
        """(hold id, the units of the order's lines, line by line), held for it; None if they cannot be had.

        Unavailable if nobody knows: anybody who asks, asks again.
        """
        raw = os.urandom(ID_BYTES)
        try:
            event = await self._selling.get(order.event_id)
            if event.status != "published":
                return None  # cancelled or over: nobody wants these units any more
            units = await self._exactly(event, order, raw) or await self._equal(event, order, raw)
        except Unavailable:
            raise
        except Refusal:
            return None
        return None if units is None else (id_from_bytes("hld", raw), units)

    async def _exactly(self, event: SellingEvent, order: Order, raw: bytes) -> list[int] | None:
        runs = [Run(event.ticket_types[line.ticket_type_id].number, line.unit, 1) for line in order.lines]
        pick = pick_exact(runs, allocation_byte(1, adjacent=False, orphans=0))
        record = await self._place(event, order, raw, (pick,))
        return None if record is None else order.units

    async def _equal(self, event: SellingEvent, order: Order, raw: bytes) -> list[int] | None:
        if any(line.seat is not None for line in order.lines):
            return None
        groups: dict[tuple[str, str], list[OrderLine]] = {}
        for line in order.lines:
            groups.setdefault((line.section, line.ticket_type_id), []).append(line)
        places = {section.name: (section.first_unit, section.units) for section in event.seat_map.sections}
        picks = tuple(
            pick_general(*places[section], [(event.ticket_types[kind].number, len(lines))])
            for (section, kind), lines in groups.items()
        )
        record = await self._place(event, order, raw, picks)
        if record is None:
            return None
        found: dict[tuple[str, str], list[int]] = {}
        for run in record.runs:
            for unit in range(run.unit, run.unit + run.length):
                found.setdefault((event.section_name(unit), event.type_by_number[run.kind].id), []).append(unit)
        return [found[line.section, line.ticket_type_id].pop(0) for line in order.lines]

    async def _place(self, event: SellingEvent, order: Order, raw: bytes, picks: tuple[bytes, ...]) -> Record | None:
        kinds = {event.ticket_types[line.ticket_type_id] for line in order.lines}
        counts = Counter(line.ticket_type_id for line in order.lines)
        every_lot = units_domain.eligible_lots((lot.number for lot in event.allotments), accessible=True)
        item = Item(
            ref=raw[:REF_BYTES],
            body_hash=bytes(4),
            life_ms=LIFE_MS,
            total_cents=order.amount_cents,
            lots=every_lot,
            promo=next((promo.number for promo in event.promos.values() if promo.id == order.promo_code_id), 0),
            caps=caps_of(kinds),
            spans=tuple(
                Span(kind.counted, 0, max(0, kind.capacity - counts[kind.id]))
                for kind in kinds
                if kind.counted and kind.capacity is not None
            ),
            picks=picks,
        )
        answer = await self._inventory.fenced(event.id, lambda epoch: self._holds.place_one(event.id, epoch, item))
        return answer.record if isinstance(answer, Held) else None
