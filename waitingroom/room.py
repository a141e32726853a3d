"""One waiting room: join the line, claim a turn, say that you are there, leave, give the turn back.

Order and capacity are two separate promises. The first is the serving counter, which never goes back; the second is the
claim script, which alone decides. A visitor whose number is not called is answered from this process's memory.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from typing import Final

import msgspec

import hotpath_rs
from engine.foundation import logs
from engine.foundation.batching import GroupCommit, Promise
from engine.foundation.connections import HotRedis
from waitingroom import queue
from waitingroom.board import Board, Snapshot
from waitingroom.draw import Moved
from waitingroom.errors import NoRoom, PlaceMoved, RoomAway, RoomClosed, TicketInvalid, TurnOver
from waitingroom.gauges import Gauges
from waitingroom.identities import DIGEST_BYTES, digest_of, generation_of, tagged
from waitingroom.ledger import MOVES_PER_READ, Ledger
from waitingroom.presence import Presence
from waitingroom.rules import Rules
from waitingroom.shapes import PlaceAnswer
from waitingroom.store import TOKEN_LEEWAY_MS, Fenced, Join, Joined, RoomStore

JOIN_TRIES_MAX = 4
RESTORE_TRIES_MAX = 5
# Numbers are unique across epochs, so a lease needs no epoch to be one's own: it survives the loss of Redis by name.
LEASE_EPOCH = 1
RETRY_WHEN_CALLED_S = 2
CROWDED: Final = "crowded_block"
_NEW = frozenset({"taken", "crowded"})
_log = logs.get("waitingroom")


class Place(msgspec.Struct, frozen=True, gc=False):
    """A place in line, as the visitor is told of it."""

    answer: PlaceAnswer
    is_new: bool


class Admitted(msgspec.Struct, frozen=True, gc=False):
    token: str
    lease_id: bytes
    expires_at_ms: int
    now_ms: int


class Waiting(msgspec.Struct, frozen=True):
    """``why``: not_yet, drawing, paused, sold_out, full or admitted. Position and wait are None before the draw.

    ``moved`` says why this registration stands behind the drawn, if it does.
    """

    why: str
    number: int | None
    wait: queue.Wait | None
    retry_after_s: int
    phase: str
    serving: int
    now_ms: int
    moved: str | None = None


class Room:
    """The room of one event in this process."""

    def __init__(self, *, rules: Rules, keys: hotpath_rs.EventKeys, redis: HotRedis, ledger: Ledger) -> None:
        self.rules = rules
        self.keys = keys
        self.event_id = rules.event_id
        self.store = RoomStore(redis, rules.event_id)
        self.board = Board(rules)
        self.presence = Presence()
        self.gauges = Gauges()
        self._ledger = ledger
        self._moved: dict[int, Moved] | None = None
        self._generations: dict[bytes, int] = {}  # of places that a mailed link moved
        self._moves = 0
        self._joins: GroupCommit[Join, Joined] = GroupCommit("queue_join", self._join_all, age_max_ms=1000)
        self._restoring = asyncio.Lock()
        self._raising = asyncio.Lock()

    async def close(self) -> None:
        await self._joins.close()

    def snapshot(self) -> Snapshot:
        """The last snapshot. RoomAway before the first and if Redis has been silent."""
        snapshot = self.board.snapshot
        if snapshot is None or self.board.stale:
            raise RoomAway
        return snapshot

    def digest(self, identity: bytes) -> bytes:
        """How an identity is known here: eight bytes that nobody can compute without the key."""
        return self.keys.identity_digest(identity)[:DIGEST_BYTES]

    def verify(self, ticket: str) -> hotpath_rs.QueueTicket:
        """What a queue ticket says. TicketInvalid, PlaceMoved."""
        try:
            verified = self.keys.verify_queue_ticket(ticket)
        except hotpath_rs.TokenError as error:
            raise TicketInvalid(reason=error.code) from error
        if self._generations and generation_of(verified) < self._generations.get(digest_of(verified), 0):
            raise PlaceMoved
        return verified

    async def join(self, item: Join) -> tuple[Joined, Place | None]:
        """What the line says of this identity, and the place; None if nothing proves that it is the caller's.

        QueueNotOpen, RoomClosed, RoomAway, Overloaded.
        """
        joined = await self._joins.submit(item)
        if joined.word == "stranger":
            return joined, None
        if joined.word == "known" and await self._turn_is_over(joined.number):
            joined = await self._joins.submit(Join(item.digest, b"^%d" % joined.number, item.key))
        return joined, self.place(joined, self.standing(item.digest), item.key)

    def joining_to(self, promise: Promise[Joined], item: Join) -> None:
        """As the first half of ``join``, with a place of the caller's own for the answer."""
        self._joins.submit_to(item, promise)

    async def move_back(self, places: Sequence[tuple[bytes, int]]) -> list[int]:
        """Give up drawn places, (digest, index) each, for some at the end of the line in this order: the numbers there.

        Doing it twice changes nothing.
        """
        moving = [self._joins.submit(Join(digest, b"^%d" % index)) for digest, index in places]
        return [joined.number for joined in await asyncio.gather(*moving)]

    async def learn(self) -> None:
        """Read again what only Postgres says: who was moved in the draw, that the room was forgotten."""
        self.rules = await self._ledger.room(self.event_id) or self.rules

    async def learn_moves(self, moves: int) -> None:
        """Read which places were moved by mailed links, up to the ``moves``-th move at least."""
        while self._moves < moves:
            moved = await self._ledger.moved(self.event_id, self._moves)
            for digest, generation, move in moved:
                self._generations[digest] = max(generation, self._generations.get(digest, 0))
                self._moves = max(move, self._moves)
            if len(moved) < MOVES_PER_READ:
                self._moves = max(moves, self._moves)

    def standing(self, digest: bytes) -> bytes:
        """A digest with the generation that its place has now, as tickets carry it."""
        return tagged(digest, self._generations.get(digest, 0)) if self._generations else digest

    @property
    def mails_links(self) -> bool:
        """Whether places have an address that can be mailed a link."""
        return self.rules.identity == "email"

    def has_moved(self, digest: bytes, generation: int) -> bool:
        """Whether a mailed link moved the place since it had this generation."""
        return generation < self._generations.get(digest, 0)

    async def is_looked_at(self, number: int) -> bool:
        """Whether an open page, or a program, showed a ticket of this place lately: a stranger's mail must not end it.

        Taking a place, or being let in, is not looking at it: what was let in stays so when its place moves.
        """
        drawn = self.number(number)  # what was seen before the draw was noted by index
        return await self.store.is_seen((number,) if drawn is None else (number, drawn))

    async def open_link(self, digest: bytes, number: int, generation: int, *, again: bool) -> Place | None:
        """The place of a mailed link, moved to anybody who opened it; None if it was opened before, and not ``again``.

        Its device key and the mark that it looks automated end with its older tickets: they were another's. That its
        address block is crowded stays: opening one's own links must not lift that.
        """
        if not again and self.has_moved(digest, generation):
            return None
        joined = await self._joins.submit(Join(digest, b"#%d" % number))
        moved = await self._ledger.move(self.event_id, digest, generation, again=again)
        if moved is None:
            return None
        self._generations[digest] = max(moved, self._generations.get(digest, 0))
        if await self._turn_is_over(joined.number):
            joined = await self._joins.submit(Join(digest, b"^%d" % joined.number))
        return self.place(joined, tagged(digest, moved), b"")

    async def rejoin(self, ticket: hotpath_rs.QueueTicket) -> Place | None:
        """The place of a ticket that is shown again; it is recorded again if Redis had lost it.

        None if its turn is over and somebody who proved it stands elsewhere for the same identity.
        """
        wish = b"=%d" % ticket.number
        if await self._turn_is_over(ticket.number):
            wish = b"^%d" % ticket.number
        joined = await self._joins.submit(Join(digest_of(ticket), wish, ticket.device_key_hash))
        if joined.word == "stranger":
            return None
        return self.place(joined, ticket.identity_digest, ticket.device_key_hash)

    async def claim(self, ticket: hotpath_rs.QueueTicket) -> Admitted | Waiting:
        """Let the bearer in if it is their turn and there is room. TurnOver, RoomClosed, RoomAway."""
        snapshot = self.snapshot()
        number = self.number(ticket.number)
        if number is None:
            return self._waiting(snapshot, "drawing", None, ticket.number)
        if number >= snapshot.serving:
            if snapshot.phase == "closed":
                raise RoomClosed
            self.presence.mark(number, drawn=True)
            return self._waiting(snapshot, "not_yet", number, ticket.number)
        lease_id = self.lease_id(number)
        try:
            claimed = await self.store.claim(number, lease_id)
        except Fenced as error:
            raise RoomAway from error
        if claimed.word == "ended":
            raise TurnOver
        if claimed.word == "closed":
            raise RoomClosed
        if claimed.word == "waits":
            self.presence.mark(number, drawn=True)
            return self._waiting(snapshot, claimed.why, number, ticket.number)
        token = self.keys.mint_admission(
            lease_id=lease_id,
            device_key_hash=ticket.device_key_hash,
            not_before_ms=claimed.now_ms - TOKEN_LEEWAY_MS,  # for verifiers whose clock is a little behind
            expires_at_ms=claimed.expires_at_ms,
        )
        return Admitted(token, lease_id, claimed.expires_at_ms, claimed.now_ms)

    def beat(self, ticket: hotpath_rs.QueueTicket) -> Waiting:
        """The bearer is there."""
        snapshot = self.snapshot()
        number = self.number(ticket.number)
        self.presence.mark(ticket.number if number is None else number, drawn=number is not None)
        return self._waiting(snapshot, "drawing" if number is None else "not_yet", number, ticket.number)

    def waiting_over(self) -> Waiting:
        """What somebody hears who was let in and asks about the line all the same."""
        snapshot = self.snapshot()
        over = queue.Wait(position=0, ahead=0, eta_s=0)
        return Waiting("admitted", None, over, queue.POLL_MAX_S, snapshot.phase, snapshot.serving, self.board.now_ms())

    def leave(self, ticket: hotpath_rs.QueueTicket) -> None:
        """The bearer has gone; the counter need not wait for them. Coming back is always possible."""
        number = self.number(ticket.number)
        self.presence.leave(ticket.number if number is None else number, drawn=number is not None)

    async def release(self, lease_id: bytes) -> bool:
        """Give an admission back; the next person is called within a second. False if it had ended."""
        return await self.store.release(lease_id)

    def number(self, registered: int) -> int | None:
        """The place in line of a ticket's number: drawn, moved behind the drawn, or as it is. None before the draw."""
        snapshot = self.board.snapshot
        if snapshot is None:
            return None
        if snapshot.moved and registered < snapshot.cohort and (moved := self.moved().get(registered)) is not None:
            return moved.number
        return snapshot.number(registered)

    def moved(self) -> dict[int, Moved]:
        """Registrations that looked automated, by index. Known before the first snapshot after the draw is shown."""
        if self._moved is None and self.rules.draw is not None:
            self._moved = {one.index: one for one in self.rules.draw.moved}
        return self._moved or {}

    def lease_id(self, queue_number: int) -> bytes:
        return self.keys.lease_id(LEASE_EPOCH, queue_number)

    async def restore(self) -> None:
        """Build the room if Redis has none, or one from before a restart. RoomAway if that does not succeed."""
        async with self._restoring:
            for _ in range(RESTORE_TRIES_MAX):
                epoch, same_run = await self.store.standing()
                if epoch is not None and same_run:
                    return
                rules = await self._ledger.room(self.event_id)
                if rules is None:
                    raise NoRoom
                if epoch is not None or rules.high_water > 0:
                    await self._ledger.next_epoch(self.event_id, rules.epoch)
                await self._create()
        raise RoomAway

    async def rebuild(self) -> None:
        """Begin a new epoch although Redis holds the room: what Postgres knows contradicts it."""
        await self._ledger.next_epoch(self.event_id, self.rules.epoch)
        await self._create()

    async def apply(self, rules: Rules) -> None:
        """Put changed rules in force."""
        self.rules = rules
        try:
            await self.store.apply(rules)
        except Fenced:
            await self.restore()

    async def raise_high_water(self, epoch: int, above: int) -> None:
        """Promise numbers beyond ``above`` in whole blocks, durably, then let them be given out.

        A caller that is cancelled leaves no half: a mark that Postgres alone knows of could not be handed back.
        """
        await asyncio.shield(asyncio.ensure_future(self._raise_high_water(epoch, above)))

    async def hand_back(self) -> None:
        """Before a clean stop: give back what of the last block nobody got, so that no gap follows.

        A number given out is below the mark in Postgres, always:
        - Redis refuses every number from its tail on first; who needs one raises the mark through Postgres, as ever.
        - Postgres lowers the mark only at the version that Redis had. A raise by another process, before or after that
          refusal, made another version: then the higher mark stays, and a later hand-back is that process's.
        - A raise from before, arriving in Redis late, has an older version than the refusal and is not obeyed.
        - A new epoch reads the mark only after it was begun; from then on neither raise nor hand-back of an older epoch
          changes it.
        A crash between the two steps leaves the high mark in Postgres: a gap, never a duplicate.
        """
        snapshot = self.board.snapshot
        if snapshot is None:
            return
        async with self._raising:
            unused = await self.store.hand_back(snapshot.epoch)
            if unused is not None:
                tail, version = unused
                done = await self._ledger.hand_back(self.event_id, snapshot.epoch, tail, version)
                _log.info("numbers_handed_back", event_id=self.event_id, tail=tail, done=done)

    async def _raise_high_water(self, epoch: int, above: int) -> None:
        async with self._raising:
            raised = await self._ledger.raise_high_water(self.event_id, epoch, above)
            if raised is None:
                await self._create()  # the next epoch was begun; anybody who began it may have died before it was built
            else:
                await self.store.raise_high_water(epoch, *raised)

    async def _create(self) -> None:
        rules = await self._ledger.room(self.event_id)
        if rules is None:
            raise NoRoom
        self.rules = rules
        seen = self.board.snapshot
        if seen is None:
            phantoms = await self.store.create(rules, rules.serving)
        else:
            called_since = max(seen.rate_per_min, rules.rate_per_min) / 60 * self.board.age_s
            leases_max = seen.leases + seen.offers + math.ceil(called_since)
            phantoms = await self.store.create(rules, max(seen.serving, rules.serving), seen.tail, leases_max)
        _log.info("room_created", event_id=self.event_id, epoch=rules.epoch, tail=rules.high_water, phantoms=phantoms)

    async def _join_all(self, items: list[Join]) -> Sequence[Joined]:
        """One script call for the batch; what found no number below the mark goes again once the mark was raised."""
        answers: dict[int, Joined] = {}
        left = list(range(len(items)))
        for _ in range(JOIN_TRIES_MAX):
            try:
                joined = await self.store.join([items[at] for at in left])
                answers.update(zip(left, joined, strict=True))
                left = [at for at in left if answers[at].word == "high_water"]
                if not left:
                    return [answers[at] for at in range(len(items))]
                refused = answers[left[0]]
                await self.raise_high_water(refused.epoch, refused.number)
            except Fenced:
                await self.restore()
        raise RoomAway

    async def _turn_is_over(self, number: int) -> bool:
        """Whether the bearer of this ticket number was let in and that admission has ended: a new place is due."""
        place = self.number(number)
        if place is None or not self.turn_may_be_over(number):
            return False
        return await self.store.turn_is_over(place, self.lease_id(place))

    def turn_may_be_over(self, number: int) -> bool:
        """Whether the line has come as far as this ticket number, so that Redis must be asked."""
        snapshot, place = self.board.snapshot, self.number(number)
        return snapshot is not None and place is not None and place < snapshot.serving

    def place(self, joined: Joined, standing: bytes, device_key_hash: bytes) -> Place:
        """What the visitor is told of an answer in line. ``standing``: see the method of that name."""
        cohort = joined.cohort < 0 or joined.number < joined.cohort
        ticket = self.keys.mint_queue_ticket(
            epoch=joined.epoch,
            live=not cohort,
            number=joined.number,
            identity_digest=standing,
            device_key_hash=device_key_hash,
            issued_at_ms=joined.now_ms,
        )
        number = self.number(joined.number)
        if number is not None and joined.word == "known":
            self.presence.mark(number, drawn=True)
        answer = PlaceAnswer(
            queue_ticket=ticket,
            kind="cohort" if cohort else "live",
            number=joined.number,
            server_now_ms=joined.now_ms,
            event_id=self.event_id,
            queue_number=number,
            behind=CROWDED if joined.word == "crowded" else None,
        )
        return Place(answer, joined.word in _NEW)

    def _waiting(self, snapshot: Snapshot, why: str, number: int | None, registered: int) -> Waiting:
        now_ms = self.board.now_ms()
        if number is None:
            left_s = max(1, -(-(snapshot.opens_at_ms - now_ms) // 1000))
            retry_s = min(queue.POLL_MAX_S, left_s)
            return Waiting(why, None, None, retry_s, snapshot.phase, snapshot.serving, now_ms)
        wait = queue.wait(number, snapshot.serving, snapshot.honest_pace)
        retry_s = RETRY_WHEN_CALLED_S if number < snapshot.serving else queue.poll_after_s(wait.eta_s)
        moved = self.moved().get(registered) if snapshot.moved else None
        reason = moved.reason if moved is not None else None
        return Waiting(why, number, wait, retry_s, snapshot.phase, snapshot.serving, now_ms, reason)
