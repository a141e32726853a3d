"""Redemptions: attempts become verdicts. Judged in memory from the ledger's rows, claimed in Redis, written at once.

One pass over a batch of attempts: verdicts given before (nonce) are repeated; the newest tickets are read; each unit's
attempts are judged in their order; units that move are claimed in the check-in map, so that of many workers with the
same code one writes and the others wait for what it writes; one statement moves tickets by compare-and-set and logs
every attempt. What lost a claim or a compare is answered None: judge it again. Redis away: the ledger alone decides.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from engine.domain.gates.attempts import Attempt, answer
from engine.domain.gates.scans import EntryTerms, Outcome, Reason, Result, blocks_entry, judge
from engine.domain.tickets.tickets import Ticket
from engine.foundation import logs
from engine.foundation.clock import now
from engine.foundation.connections import HotRedis
from engine.foundation.errors import Unavailable
from engine.foundation.ledger_pool import kept
from engine.services.gates.scan_packs import ScanPacks
from engine.stores.database import Pool
from engine.stores.gates import scan_map
from engine.stores.gates import scans as store
from engine.stores.gates.scan_map import BEING_WRITTEN, Claim

MAP_LOADS_MAX: Final = 3
PACKS_READ_AGAIN_MAX: Final = 5  # a packed row that is unpacked while it is looked for
Verdict = dict[str, Any]
Unit = tuple[str, int]  # event, unit
EntryTermsOf = Callable[[str], Awaitable[EntryTerms]]
TellOrders = Callable[[Iterable[str]], None]

_log = logs.get("redemptions")


@dataclass(slots=True)
class _Group:
    """The attempts on one unit, in order, and where its ticket stands before and after them."""

    entry: EntryTerms
    before: Ticket
    after: Ticket
    places: list[int] = field(default_factory=list)
    claimed: bool = False

    @property
    def moves(self) -> bool:
        return self.after is not self.before

    def claim(self) -> Claim:
        expected = blocks_entry(self.before, self.entry, now())
        return Claim(self.before.unit, expected, blocks_entry(self.after, self.entry, now()))


@dataclass(slots=True)
class _Pass:
    """What a pass has judged. Places are indexes into ``attempts``; ``mark`` is on its claims in the check-in map."""

    attempts: Sequence[Attempt]
    entry: Mapping[str, EntryTerms]
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    groups: dict[Unit, _Group] = field(default_factory=dict)
    mark: str = field(default_factory=lambda: secrets.token_hex(8))

    def moving(self) -> list[_Group]:
        return [group for group in self.groups.values() if group.moves]

    def drop(self, unit: Unit) -> None:
        """Somebody else is writing this unit: its attempts are judged again."""
        for place in self.groups.pop(unit).places:
            del self.outcomes[place]


class Redemptions:
    """Settles attempts. ``entry_terms_of`` gives an event's entry terms; ``tell_orders`` hears whose tickets moved."""

    def __init__(
        self,
        *,
        pool: Pool,
        hot: HotRedis,
        packs: ScanPacks,
        entry_terms_of: EntryTermsOf,
        tell_orders: TellOrders | None = None,
    ) -> None:
        self._pool = pool
        self._kept = kept(pool)
        self._hot = hot
        self._packs = packs
        self._entry_terms_of = entry_terms_of
        self._tell_orders = tell_orders

    async def settle(self, attempts: Sequence[Attempt]) -> list[Verdict | None]:
        """One pass; None for those to judge again after a moment."""
        firsts, twins = _nonces(attempts)
        given = await self._given(list(firsts)) if firsts else {}
        verdicts = {firsts[nonce]: verdict for nonce, verdict in given.items()}
        entry = {event_id: await self._entry_terms_of(event_id) for event_id in {a.scanner.event_id for a in attempts}}
        places = [place for place in range(len(attempts)) if place not in twins and place not in verdicts]
        judged = await self._judge(attempts, places, entry)
        for unit in await self._claim(judged):
            judged.drop(unit)
        verdicts |= await self._write(judged)
        return [verdicts.get(twins.get(place, place)) for place in range(len(attempts))]

    async def _given(self, nonces: list[tuple[str, str]]) -> dict[tuple[str, str], Verdict]:
        """The verdicts given before, by the log and by what is still packed."""
        for _ in range(PACKS_READ_AGAIN_MAX):
            given, packed = await store.given_before(self._kept, nonces)
            if not packed:
                return given
            found = await self._packs.given(packed, (nonce for nonce in nonces if nonce not in given))
            if found is not None:
                return given | found
        raise Unavailable("This scanner's upload is being written: scan it again", retry_after_s=1)

    async def put(self, entry: EntryTerms, tickets: Sequence[Ticket]) -> None:
        """Set the map's bits of these tickets as the ledger has them."""
        bits = [(ticket.unit, blocks_entry(ticket, entry, now())) for ticket in tickets]
        await scan_map.put(self._hot, entry.event_id, bits)

    async def load_map(self, entry: EntryTerms) -> None:
        """Build an event's check-in map from the ledger; the first of several loaders wins."""
        moment = now()
        tickets = await store.entered(self._pool, entry.event_id)
        units = [ticket.unit for ticket in tickets if blocks_entry(ticket, entry, moment)]
        await scan_map.load_map(self._hot, entry.event_id, units)

    async def _judge(self, attempts: Sequence[Attempt], places: list[int], entry: dict[str, EntryTerms]) -> _Pass:
        """The outcomes of these places, each unit's in their order."""
        judged = _Pass(attempts, entry)
        by_unit: dict[Unit, list[int]] = defaultdict(list)
        for place in places:
            attempt = attempts[place]
            if attempt.failed is not None:
                judged.outcomes[place] = Outcome(Result.REJECT, attempt.failed)
            elif attempt.unit is not None:
                by_unit[attempt.scanner.event_id, attempt.unit].append(place)
        tickets = await store.newest(self._kept, list(by_unit)) if by_unit else {}
        stale = [unit for unit, here in by_unit.items() if any(attempts[place].offline for place in here)]
        revoked = await store.newest_revocations(self._kept, stale) if stale else {}
        for unit, here in by_unit.items():
            ticket = tickets.get(unit)
            if ticket is None:
                judged.outcomes.update((place, Outcome(Result.REJECT, Reason.NOT_FOUND)) for place in here)
                continue
            group = judged.groups[unit] = _Group(entry[unit[0]], ticket, ticket, here)
            for place in here:
                outcome = judge(group.after, attempts[place].scan(revoked_seq=revoked.get(unit)), group.entry)
                judged.outcomes[place] = outcome
                if outcome.ticket is not None:
                    group.after = outcome.ticket
        return judged

    async def _claim(self, judged: _Pass) -> list[Unit]:
        """Claim the units that move; those that somebody else is writing right now are to wait."""
        by_event: dict[str, list[_Group]] = defaultdict(list)
        for group in judged.moving():
            by_event[group.entry.event_id].append(group)
        waiting: list[Unit] = []
        for event_id, here in by_event.items():
            try:
                waiting += await self._claim_event(event_id, here, judged.mark)
            except Unavailable as error:
                _log.warning("check_in_map_away", event_id=event_id, reason=error.code)
        return waiting

    async def _claim_event(self, event_id: str, groups: list[_Group], mark: str) -> list[Unit]:
        claims = [group.claim() for group in groups]
        for _ in range(MAP_LOADS_MAX):
            try:
                answers = await scan_map.redeem(self._hot, event_id, claims, mark)
            except scan_map.MapMissing:
                await self.load_map(groups[0].entry)
                continue
            for group, word in zip(groups, answers, strict=True):
                group.claimed = word == scan_map.CLAIMED
            return [
                (event_id, group.before.unit)
                for group, word in zip(groups, answers, strict=True)
                if word == BEING_WRITTEN
            ]
        return []

    async def _write(self, judged: _Pass) -> dict[int, Verdict]:
        """Move the tickets and log the attempts; the verdicts that are durable now, by place."""
        if not judged.outcomes:
            return {}
        moving = judged.moving()
        depends = {place: group.before.id for group in moving for place in group.places}
        settled = [
            (one, outcome, answer(one, outcome, judged.entry[one.scanner.event_id].ticket_types), depends.get(place))
            for place, outcome in judged.outcomes.items()
            for one in (judged.attempts[place],)
        ]
        moves = sorted(((group.before, group.after) for group in moving), key=lambda move: move[0].id)
        try:
            moved = await store.settle(self._kept, moves, settled)
        except BaseException as error:
            await self._tell_map(moving, set(), judged.mark)
            if isinstance(error, store.WRITTEN_MEANWHILE):
                return {}
            raise
        if self._tell_orders is not None:
            self._tell_orders({group.before.order_id for group in moving if group.before.id in moved})
        await self._tell_map(moving, moved, judged.mark)
        return {
            place: verdict
            for place, (_, _, verdict, needs) in zip(judged.outcomes, settled, strict=True)
            if needs is None or needs in moved
        }

    async def _tell_map(self, groups: list[_Group], moved: set[str], mark: str) -> None:
        """The map follows the ledger: claims are confirmed or given back (if still ours), marks are lifted."""
        bits: dict[tuple[str, str], list[tuple[int, bool]]] = defaultdict(list)
        for group in groups:
            done = group.before.id in moved
            if group.claimed or done:
                claim = group.claim()
                whose = mark if group.claimed else ""
                bits[group.entry.event_id, whose].append((claim.unit, claim.bit if done else claim.expected))
        for (event_id, whose), here in bits.items():
            try:
                await scan_map.put(self._hot, event_id, here, whose)
            except Unavailable as error:
                _log.warning("check_in_map_away", event_id=event_id, reason=error.code)


def _nonces(attempts: Sequence[Attempt]) -> tuple[dict[tuple[str, str], int], dict[int, int]]:
    """(the first place of each device's nonce, the first place for each that repeats one)."""
    firsts: dict[tuple[str, str], int] = {}
    twins: dict[int, int] = {}
    for place, attempt in enumerate(attempts):
        if attempt.nonce is not None:
            first = firsts.setdefault((attempt.scanner.device_id, attempt.nonce), place)
            if first != place:
                twins[place] = first
    return firsts, twins
