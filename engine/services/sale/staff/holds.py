"""Holds of the box office: the same inventory by the same script, without a queue and without a buyer's limits.

The window of the on-sale is the public's: a clerk sells from publication until the event is over. Every ticket type's
own window holds for everybody. Nobody is counted for what staff take, and the allotments that are open to the box
office are open to them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from engine.domain.errors import SalesClosed, SwitchedOff
from engine.domain.prices import Price
from engine.domain.sale import inventory as units_domain
from engine.domain.sale.holds import Hold, HoldItem, HoldRequest
from engine.domain.sale.selling import SellingEvent
from engine.foundation.clock import now_ms
from engine.foundation.errors import Invalid
from engine.foundation.ids import id_from_bytes, id_to_bytes
from engine.services.accounts.flags import Switches
from engine.services.sale.hold_asks import Ask, read_asks
from engine.services.sale.hold_batches import HoldBatches, exact_pick
from engine.services.sale.hold_prices import price_of_parts, read_hold
from engine.services.sale.hold_refusals import refusal_of
from engine.services.sale.inventory import Inventory
from engine.stores.sale import hold_answers as answers
from engine.stores.sale.hold_records import REF_BYTES
from engine.stores.sale.holds import HoldStore, Item, pick_general

HOLD_ID_BYTES = 16
BODY_HASH_BYTES = 4


class StaffHolds:
    """Takes units for those who work for the organization; whether they may is the caller's to ask."""

    def __init__(self, *, store: HoldStore, inventory: Inventory, switches: Switches) -> None:
        self._store = store
        self._inventory = inventory
        self._switches = switches
        self._batches = HoldBatches(store=store, inventory=inventory)

    async def close(self) -> None:
        """Finish what is queued."""
        await self._batches.close()

    def price(self, event: SellingEvent, items: tuple[HoldItem, ...]) -> Price:
        """What these items cost, whatever the provider could charge. The refusals of a hold for what is asked."""
        self.check_selling(event)
        asks, _, _ = read_asks(event, HoldRequest(event.id, items))
        return price_of_parts(event, [part for ask in asks for part in ask.parts], None)

    def check_selling(self, event: SellingEvent) -> None:
        """SwitchedOff, or SalesClosed if nothing of it is sold, not even at the door."""
        if not self._switches.selling:
            raise SwitchedOff("Selling is switched off", retry_after_s=60)
        event.check_selling()
        if now_ms() >= event.ends_at_ms:
            raise SalesClosed("The event is over")

    async def place(self, event: SellingEvent, items: tuple[HoldItem, ...], *, key: bytes, comps: bool) -> Hold:
        """Set units aside, all or nothing; the same key finds the same hold, under other items IdempotencyKeyReused.

        SoldOut, SeatTaken, BestAvailableNotFound, MaxPerOrder, BuyerLimit, UnknownSeat, Invalid.
        """
        asks, _, _ = read_asks(event, HoldRequest(event.id, items))
        opened = event.staff_allotments(comps=comps)
        price = price_of_parts(event, [part for ask in asks for part in ask.parts], None)
        hold_id = event.keys.identity_digest(b"box office\0" + key)[:HOLD_ID_BYTES]
        item = Item(
            ref=hold_id[:REF_BYTES],
            body_hash=hashlib.sha256(msgspec.json.encode((items, comps))).digest()[:BODY_HASH_BYTES],
            life_ms=event.hold_ttl_ms,
            total_cents=0 if comps else price.total_cents,
            lots=units_domain.eligible_lots(opened, accessible=any(ask.seats or ask.accessible for ask in asks)),
            caps=tuple(
                {(kind.number, kind.capacity) for ask in asks for kind, _ in ask.parts if kind.capacity is not None}
            ),
        )
        picks = _picks(asks)
        answer: answers.Placing = answers.NeedsPlan()
        if picks is not None:
            answer = answers.read_placed(await self._batches.place(event.id, item.with_picks(picks).pack()))
        if isinstance(answer, answers.NeedsPlan):
            answer = await self._batches.plan(event, item, Ask.joined(asks, opened))
        match answer:
            case answers.Held(record) | answers.Replayed(record):
                return read_hold(event, id_from_bytes("hld", hold_id), record)
            case answers.NeedsPlan() | answers.TapeMissing() | answers.NotUnderstood():
                raise AssertionError(f"hold_place answered {answer}")
            case no:
                raise refusal_of(event, no)

    async def release(self, hold: Hold) -> None:
        """Give back what was taken for nothing; one that became an order stays it."""
        ref = id_to_bytes(hold.id)[:REF_BYTES]
        await self._inventory.fenced(
            hold.event_id, lambda epoch: self._store.release(hold.event_id, epoch, ref, forget=True)
        )


def _picks(asks: Sequence[Ask]) -> tuple[bytes, ...] | None:
    """How the script shall pick each ask; None if the best of what is left must be planned. Invalid for both at once.

    What is planned is planned for all asks together, and named seats are no plan's.
    """
    picks = []
    for ask in asks:
        if ask.seats:
            picks.append(exact_pick(ask))
        elif ask.general is not None and not ask.seated and not ask.accessible:
            picks.append(pick_general(*ask.general, [(kind.number, count) for kind, count in ask.parts]))
        elif any(other.seats for other in asks):
            raise Invalid.at("/items", "ambiguous", "Name all seats, or leave all of them to be chosen")
        else:
            return None
    return tuple(picks)
