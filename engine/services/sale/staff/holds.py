"""Holds of the box office: the same inventory by the same script, without a queue and without a buyer's limits.

The window of the on-sale is the public's: a clerk sells from publication until the event is over. Every ticket type's
own window holds for everybody. Nobody is counted for what staff take, and the allotments that are open to the box
office are open to them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from engine.domain.errors import SalesClosed, SwitchedOff
from engine.domain.prices import Price
from engine.domain.sale import inventory as units_domain
from engine.domain.sale.holds import Hold, HoldItem, HoldRequest
from engine.domain.sale.selling import SellingEvent, caps_of
from engine.foundation.clock import now_ms
from engine.foundation.errors import Invalid, Unavailable
from engine.foundation.ids import id_from_bytes, id_to_bytes
from engine.services.accounts.flags import Switches
from engine.services.sale.hold_asks import Ask, at_steps, count_again, read_asks, stepped
from engine.services.sale.hold_batches import HoldBatches, exact_pick
from engine.services.sale.hold_prices import price_of_parts, read_hold
from engine.services.sale.hold_refusals import refusal_of
from engine.services.sale.inventory import Inventory
from engine.stores.sale import hold_answers as answers
from engine.stores.sale.hold_records import REF_BYTES
from engine.stores.sale.holds import HoldStore, Item, pick_general

HOLD_ID_BYTES = 16
BODY_HASH_BYTES = 4
STEP_TRIES_MAX = 12


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

    async def price(self, event: SellingEvent, items: tuple[HoldItem, ...]) -> Price:
        """What these items cost now, whatever the provider could charge. The refusals of a hold for what is asked."""
        self.check_selling(event)
        asks, _, _ = read_asks(event, HoldRequest(event.id, items))
        kinds = stepped(asks)
        if kinds:
            asks, _ = at_steps(asks, await self._inventory.taken(event.id, kinds), now_ms())
        return _price(event, asks)

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
        wanted, _, _ = read_asks(event, HoldRequest(event.id, items))
        opened = event.staff_allotments(comps=comps)
        hold_id = event.keys.identity_digest(b"box office\0" + key)[:HOLD_ID_BYTES]
        item = Item(
            ref=hold_id[:REF_BYTES],
            body_hash=hashlib.sha256(msgspec.json.encode((items, comps))).digest()[:BODY_HASH_BYTES],
            life_ms=event.hold_ttl_ms,
            total_cents=0 if comps else _price(event, wanted).total_cents,
            lots=units_domain.eligible_lots(opened, accessible=any(ask.seats or ask.accessible for ask in wanted)),
            caps=caps_of(kind for ask in wanted for kind, _ in ask.parts),
        )
        match await self._take(event, wanted, opened, item, comps=comps):
            case answers.Held(record) | answers.Replayed(record):
                return read_hold(event, id_from_bytes("hld", hold_id), record)
            case (
                answers.NeedsPlan() | answers.TapeMissing() | answers.StepsMoved() | answers.NotUnderstood()
            ) as answer:
                raise AssertionError(f"hold_place answered {answer}")
            case no:
                raise refusal_of(event, no)

    async def _take(
        self, event: SellingEvent, wanted: Sequence[Ask], opened: tuple[int, ...], item: Item, *, comps: bool
    ) -> answers.Placing:
        """The script's answer. If a type has price steps, the item says at which, as for everybody who buys."""
        kinds = stepped(wanted)
        if not kinds:
            return await self._try(event, wanted, opened, item)
        taken = await self._inventory.taken(event.id, kinds)
        for _ in range(STEP_TRIES_MAX):
            asks, spans = at_steps(wanted, taken, now_ms())
            total_cents = 0 if comps else _price(event, asks).total_cents
            answer = await self._try(event, asks, opened, replace(item, total_cents=total_cents, spans=spans))
            if not isinstance(answer, answers.StepsMoved):
                return answer
            count_again(event, wanted, taken, answer)
        raise Unavailable("Prices are moving at the moment: try again", retry_after_s=1)

    async def _try(
        self, event: SellingEvent, asks: Sequence[Ask], opened: tuple[int, ...], item: Item
    ) -> answers.Placing:
        picks = _picks(asks)
        answer: answers.Placing = answers.NeedsPlan()
        if picks is not None:
            answer = answers.read_placed(await self._batches.place(event.id, item.with_picks(picks).pack()))
        if isinstance(answer, answers.NeedsPlan):
            answer = await self._batches.plan(event, item, Ask.joined(asks, opened))
        return answer

    async def release(self, hold: Hold) -> None:
        """Give back what was taken for nothing; one that became an order stays it."""
        ref = id_to_bytes(hold.id)[:REF_BYTES]
        await self._inventory.fenced(
            hold.event_id, lambda epoch: self._store.release(hold.event_id, epoch, ref, forget=True)
        )


def _price(event: SellingEvent, asks: Sequence[Ask]) -> Price:
    return price_of_parts(event, [part for ask in asks for part in ask.parts], None)


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
