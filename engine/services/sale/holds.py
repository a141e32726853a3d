"""Holds: the path a buyer takes in the second when everybody wants the same seats.

A request is checked and priced on the event's snapshot, packed, and joins the batch of its event. The script picks and
takes in one step, so two buyers never meet. What a script cannot pick from a tape (split groups, accessible seats,
mixed sections) joins the planned batch: Rust plans the whole waiting batch on a fresh map and the same script takes
exactly those units, or says which were taken meanwhile and the rest is planned again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import hotpath_rs
from engine.domain.errors import (
    AdmissionExpired,
    AdmissionRequired,
    CapabilityWrong,
    HoldExpired,
    OrphanSeat,
    SwitchedOff,
)
from engine.domain.prices import Price
from engine.domain.sale import inventory as units_domain
from engine.domain.sale.holds import Hold, HoldItem, HoldRequest
from engine.domain.sale.selling import TAPE_PARTY_MAX, PromoTerms, SellingEvent, caps_of, tape_name
from engine.foundation.clock import now_ms
from engine.foundation.errors import NotFound, Unavailable
from engine.foundation.ids import id_from_bytes, id_to_bytes, is_id
from engine.services.accounts.flags import Switches
from engine.services.sale.availability import Availability
from engine.services.sale.desk_terms import ADMISSION_LEEWAY_MS
from engine.services.sale.hold_asks import Ask, at_steps, count_again, named_units, read_asks, read_code, stepped
from engine.services.sale.hold_batches import HoldBatches, exact_pick
from engine.services.sale.hold_changes import HoldChanges
from engine.services.sale.hold_prices import price_of, read_hold
from engine.services.sale.hold_refusals import refusal_of
from engine.services.sale.inventory import HOLD_LIFE_MS_MAX, Inventory
from engine.services.sale.selling import Selling
from engine.services.sale.takers import Taker, Takers, counted_for
from engine.services.sale.usual_holds import Gone, UsualHolds
from engine.stores.sale import hold_answers as answers
from engine.stores.sale.hold_records import REF_BYTES, Record
from engine.stores.sale.holds import HoldStore, Item, pick_general, pick_tape

REF_HASH_BYTES = 4
SHRINK_TRIES_MAX = 4
STEP_TRIES_MAX = 12  # how often a price step may end, or come back, under one request


@dataclass(frozen=True, slots=True)
class Placed:
    """A hold just placed, or the one this key placed before."""

    hold: Hold
    token: str
    replayed: bool
    server_now_ms: int


class Holds:
    """Places, reads, extends, swaps and releases holds. ``switches`` may stop new ones.

    ``usual`` places what nearly everybody asks for; ``place`` everything. Whatever takes units says by whom
    (``takers``).
    """

    def __init__(
        self,
        *,
        store: HoldStore,
        selling: Selling,
        inventory: Inventory,
        availability: Availability,
        takers: Takers,
        switches: Switches | None = None,
    ) -> None:
        self._switches = switches = switches or Switches()
        self._store = store
        self._selling = selling
        self._inventory = inventory
        self._availability = availability
        self._batches = HoldBatches(store=store, inventory=inventory)
        self._changes = HoldChanges(store=store, inventory=inventory, takers=takers)
        self.takers = takers
        self._gone = Gone(availability)
        self.usual = UsualHolds(
            selling=selling,
            batches=self._batches,
            availability=availability,
            takers=takers,
            gone=self._gone,
            switches=switches,
        )

    async def place(
        self, request: HoldRequest, *, admission: str | None, principal: str, key: str, body: bytes, taker: Taker
    ) -> Placed:
        """Set units aside, all or nothing. The same principal and key get the same hold (another body: 422).

        SlowDown, AddressFull and BuyerLimit: a part of the network, and a buyer, take only so much.
        """
        await self.takers.turn(taker)
        if not self._switches.selling:
            raise SwitchedOff("Selling is switched off", retry_after_s=60)
        event = await self._selling.get(request.event_id)
        lease_id, wanted, promo, codes, price = _checked(event, request, admission)
        hold_id = event.keys.identity_digest(b"hold\0" + principal.encode() + b"\0" + key.encode())[:16]
        item = Item(
            ref=hold_id[:REF_BYTES],
            body_hash=hashlib.sha256(body).digest()[:REF_HASH_BYTES],
            life_ms=event.hold_ttl_ms,
            total_cents=price.total_cents,
            lots=_lots(wanted, codes),
            caps=caps_of(kind for ask in wanted for kind, _ in ask.parts),
            promo=promo.number if promo else 0,
            promo_uses_max=(promo.max_uses or 0) if promo and promo.count is None else 0,
            counted_for=counted_for(event, taker, lease_id=lease_id, principal=principal),
            buyer_units_max=event.buyer_units_max,
        )
        if promo is not None and promo.slip is not None:
            await self._inventory.keep_slip(event.id, id_from_bytes("hld", hold_id), promo)
        answer = await self._take(event, request, wanted, codes, item, promo)
        if isinstance(answer, answers.BlockLimit):
            self.takers.full(event.id, taker, answer.held)
        return _placed(event, hold_id, answer)

    async def quote(self, request: HoldRequest) -> Price:
        """What these items would cost now; nothing is set aside."""
        event = await self._selling.get(request.event_id)
        asks, promo, _ = read_asks(event, request)
        kinds = stepped(asks)
        if kinds:
            asks, _ = at_steps(asks, await self._inventory.taken(event.id, kinds), now_ms())
        return price_of(event, asks, promo)

    async def _take(
        self,
        event: SellingEvent,
        request: HoldRequest,
        wanted: Sequence[Ask],
        codes: tuple[int, ...],
        item: Item,
        promo: PromoTerms | None,
    ) -> answers.Placing:
        """The script's answer. If a type has price steps, the item says at which, until the script agrees."""
        kinds = stepped(wanted)
        if not kinds:
            return await self._try(event, request, wanted, codes, item)
        taken = await self._inventory.taken(event.id, kinds)
        for _ in range(STEP_TRIES_MAX):
            asks, spans = at_steps(wanted, taken, now_ms())
            price = price_of(event, asks, promo)
            stepped_item = replace(item, total_cents=price.total_cents, spans=spans)
            answer = await self._try(event, request, asks, codes, stepped_item)
            if not isinstance(answer, answers.StepsMoved):
                return answer
            count_again(event, wanted, taken, answer)
        raise Unavailable("Prices are moving at the moment: try again", retry_after_s=1)

    async def _try(
        self, event: SellingEvent, request: HoldRequest, asks: Sequence[Ask], codes: tuple[int, ...], item: Item
    ) -> answers.Placing:
        picks = await self._picks(event, asks, codes)
        mark = self._gone.mark(event)
        if picks is None:
            answer = await self._batches.plan(event, item, Ask.joined(asks, codes))
        else:
            packed = item.with_picks(picks).pack()
            answer = answers.read_placed(await self._batches.place(event.id, packed))
            if isinstance(answer, answers.TapeMissing):
                await self._write_missing_tape(event, asks)
                answer = answers.read_placed(await self._batches.place(event.id, packed))
            if isinstance(answer, answers.NeedsPlan):
                answer = await self._batches.plan(event, item, Ask.joined(asks, codes))
                self._gone.note(event, request, mark, answer)
        return answer

    def look(self, request: HoldRequest, admission: str | None) -> None:
        """Raise what ``place`` would refuse for before it asks anybody; nothing if that is not known at once.

        A typed code is left to ``place``: who guesses is counted there.
        """
        if request.promo_code is not None:
            return
        if not self._switches.selling:
            raise SwitchedOff("Selling is switched off", retry_after_s=60)
        event = self._selling.ready(request.event_id)
        if event is not None:
            _checked(event, request, admission)
        elif self._selling.is_unknown(request.event_id):
            raise NotFound("There is no such event")

    async def of_token(self, hold_id: str, hold_token: str | None) -> Hold:
        """The live hold behind a capability. CapabilityWrong, HoldExpired (410) if it is over."""
        event = await self._opened(hold_id, hold_token)
        found = await self._inventory.fenced(
            event.id, lambda epoch: self._store.read(event.id, epoch, id_to_bytes(hold_id)[:REF_BYTES])
        )
        match found:
            case answers.Standing(record, moment_ms) if record.stands(moment_ms):
                return read_hold(event, hold_id, record)
        raise HoldExpired

    async def release(self, hold_id: str, hold_token: str | None) -> None:
        """Give the units back. HoldOrdered if the buyer is paying already; a hold that ended is HoldExpired."""
        event = await self._opened(hold_id, hold_token)
        answer = await self._inventory.fenced(
            event.id, lambda epoch: self._store.release(event.id, epoch, id_to_bytes(hold_id)[:REF_BYTES])
        )
        if not isinstance(answer, answers.Released):
            raise refusal_of(event, answer)

    async def extend(self, hold_id: str, hold_token: str | None) -> Hold:
        """Another full life, never beyond 900 s in total; nothing left to add is HoldLifetimeExceeded."""
        event = await self._opened(hold_id, hold_token)
        event.check_selling()
        ref = id_to_bytes(hold_id)[:REF_BYTES]
        answer = await self._inventory.fenced(
            event.id,
            lambda epoch: self._store.extend(
                event.id, epoch, ref, add_ms=event.hold_ttl_ms, life_ms_max=HOLD_LIFE_MS_MAX
            ),
        )
        match answer:
            case answers.Extended(record):
                return read_hold(event, hold_id, record)
            case no:
                raise refusal_of(event, no)

    async def swap(
        self, hold_id: str, hold_token: str | None, seats: Sequence[str], code: str | None, *, taker: Taker
    ) -> Hold:
        """Other seats for the same tickets, in one step; on a refusal the old ones stay."""
        await self.takers.turn(taker)
        hold = await self.of_token(hold_id, hold_token)
        event = await self._selling.get(hold.event_id)
        event.check_selling()
        kinds = [event.ticket_types[line.ticket_type_id] for line in hold.lines]
        wanted = named_units(event, kinds, seats, "/seats")
        _, opened = read_code(event, code, now_ms())
        await self._check_orphans(event, sorted(wanted), opened)
        return await self._changes.swap(event, hold, wanted, opened, taker)

    async def grow(self, hold_id: str, hold_token: str | None, items: tuple[HoldItem, ...], *, taker: Taker) -> Hold:
        """More tickets in the same hold, next to the held ones if that can be; on a refusal nothing changes."""
        await self.takers.turn(taker)
        if not self._switches.selling:
            raise SwitchedOff("Selling is switched off", retry_after_s=60)
        hold = await self.of_token(hold_id, hold_token)
        event = await self._selling.get(hold.event_id)
        event.check_selling()
        return await self._changes.grow(event, hold, items, taker)

    async def shrink(self, hold_id: str, hold_token: str | None, item: str) -> Hold | None:
        """Give one unit back, named by its number, or all of one ticket type, named by its id; None if none is left.

        NotFound if the hold has no such item.
        """
        for _ in range(SHRINK_TRIES_MAX):
            hold = await self.of_token(hold_id, hold_token)
            left = [line for line in hold.lines if item not in {str(line.unit), line.ticket_type_id}]
            if len(left) == len(hold.lines):
                raise NotFound("This hold has no such item")
            if not left:
                await self.release(hold_id, hold_token)
                return None
            smaller = await self._changes.shrink(await self._selling.get(hold.event_id), hold, left)
            if smaller is not None:
                return smaller
        raise Unavailable("This hold is being changed elsewhere: try again", retry_after_s=1)

    async def id_of(self, hold_token: str | None) -> str:
        """The hold that a capability opens, whether or not it still stands. CapabilityWrong."""
        return id_from_bytes("hld", (await self._shown(hold_token))[1])

    async def close(self) -> None:
        """Finish what is queued."""
        await self._batches.close()

    def view(self, event: SellingEvent, hold_id: str, record: Record) -> Hold:
        """A record as a hold, for the services that own its next step."""
        return read_hold(event, hold_id, record)

    async def _opened(self, hold_id: str, hold_token: str | None) -> SellingEvent:
        """The event of a hold whose capability verifies."""
        if not is_id("hld", hold_id):
            raise CapabilityWrong
        event, named = await self._shown(hold_token)
        if named != id_to_bytes(hold_id):
            raise CapabilityWrong
        return event

    async def _shown(self, hold_token: str | None) -> tuple[SellingEvent, bytes]:
        """The event and the hold that a capability names. CapabilityWrong if it does not verify."""
        if not hold_token:
            raise CapabilityWrong
        try:
            event = await self._selling.get(hotpath_rs.peek_event(hold_token))
            return event, event.keys.verify_hold_token(hold_token)
        except hotpath_rs.TokenError as error:
            raise CapabilityWrong from error

    async def _picks(
        self, event: SellingEvent, asks: Sequence[Ask], codes: tuple[int, ...]
    ) -> tuple[bytes, ...] | None:
        """How the script shall pick each ask, or None if it needs a plan."""
        picks = []
        for ask in asks:
            parts = [(kind.number, count) for kind, count in ask.parts]
            if ask.seats:
                await self._check_orphans(event, sorted(ask.seats), codes)
                picks.append(exact_pick(ask))
            elif ask.accessible:
                return None
            elif ask.general is not None and not ask.seated:
                picks.append(pick_general(*ask.general, parts))
            elif ask.seated and not ask.has_general and ask.quantity <= TAPE_PARTY_MAX:
                name = tape_name(event.seat_map.etag, ask.categories, ask.section, ask.quantity)
                picks.append(pick_tape(name.encode(), await self._availability.policy(event, ask.categories), parts))
            else:
                return None
        return tuple(picks)

    async def _check_orphans(self, event: SellingEvent, units: list[int], codes: tuple[int, ...]) -> None:
        """Named seats must not strand a single one if the strict rule holds and a better choice exists."""
        seated = [unit for unit in units if event.seats[unit] is not None]
        if not seated or event.orphan_policy == "off":
            return
        policy = await self._availability.policy(event, tuple({event.category_of[unit] for unit in seated}))
        if policy != "strict":
            return
        current = await self._availability.map(event.id)
        if any(current[unit] < units_domain.FREE for unit in seated):
            return  # the script says which are taken
        better = event.seat_map.check_named(current, seated, list(codes), policy)
        if better is not None:
            raise OrphanSeat(suggestion=[event.seats[unit] for unit in better])

    async def _write_missing_tape(self, event: SellingEvent, asks: Sequence[Ask]) -> None:
        for ask in asks:
            if ask.seated and not ask.seats:
                await self._inventory.write_tape(event, ask.categories, ask.section, ask.quantity)


def _placed(event: SellingEvent, hold_id: bytes, answer: answers.Placing) -> Placed:
    match answer:
        case answers.Held(record) | answers.Replayed(record):
            return Placed(
                hold=read_hold(event, id_from_bytes("hld", hold_id), record),
                token=event.keys.mint_hold_token(hold_id),
                replayed=isinstance(answer, answers.Replayed),
                server_now_ms=record.placed_at_ms,
            )
        case answers.NeedsPlan() | answers.TapeMissing() | answers.StepsMoved() | answers.NotUnderstood():
            raise AssertionError(f"hold_place answered {answer}")
        case no:
            raise refusal_of(event, no)


def _checked(
    event: SellingEvent, request: HoldRequest, admission: str | None
) -> tuple[bytes, list[Ask], PromoTerms | None, tuple[int, ...], Price]:
    """(lease, asks, promo code, open allotments, price) of what may be asked for now. The refusals of each."""
    lease_id = admit(event, admission)
    event.check_open(now_ms(), admitted=bool(lease_id))
    asks, promo, codes = read_asks(event, request)
    return lease_id, asks, promo, codes, price_of(event, asks, promo)


def admit(event: SellingEvent, admission: str | None) -> bytes:
    """The lease an admission stands on, b"" if the event has no room. AdmissionRequired, AdmissionExpired."""
    if not event.room_enabled:
        return b""
    if admission is None:
        raise AdmissionRequired
    try:
        return event.keys.verify_admission(admission, now_ms(), ADMISSION_LEEWAY_MS).lease_id
    except hotpath_rs.TokenError as error:
        if error.code == "expired":
            raise AdmissionExpired from error
        raise AdmissionRequired(f"The admission token does not verify: {error.code}", reason=error.code) from error


def _lots(asks: Sequence[Ask], codes: tuple[int, ...]) -> bytes:
    """Anybody who names a seat, or asks for accessible ones, may have an accessible one."""
    accessible = any([ask.seats or ask.accessible for ask in asks])
    return units_domain.eligible_lots(codes, accessible=accessible) if codes or accessible else units_domain.PLAIN_LOTS
