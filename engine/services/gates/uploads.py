"""Uploads of gates: thousands of scans, judged in Rust and durable as one packed row a chunk before the answer.

A chunk is one transaction: what was answered before is repeated, its tickets are read, judged (hotpath_rs/src/gates,
by the rules of engine/domain/gates/scans.py) and moved by compare-and-set, its attempts are logged in one packed row.
If any ticket was written meanwhile nothing of the chunk counts, and it is judged again. The check-in map follows the
ledger.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
import structlog

import hotpath_rs
from engine.domain import order_states
from engine.domain.gates.attempts import Scanner, Shown
from engine.domain.gates.offline import days, emptyings
from engine.domain.gates.scans import PAST_MAX, EntryTerms
from engine.domain.tickets.tickets import codes_end
from engine.foundation import logs
from engine.foundation.connections import HotRedis
from engine.foundation.errors import Unavailable
from engine.services.gates.known_tickets import KnownTickets
from engine.services.gates.redemptions import EntryTermsOf, TellOrders
from engine.services.gates.scan_packs import ScanPacks
from engine.stores.database import Connection, Pool
from engine.stores.gates import scan_map
from engine.stores.gates import scan_packs as store
from engine.stores.gates.scans import WRITTEN_MEANWHILE

CHUNK_SCANS: Final = 2_500  # a transaction of some 30 ms
RETRY_DELAYS_S: Final = (0.0, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.0)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TICK: Final = timedelta(microseconds=1)
_log = logs.get("uploads")


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to an upload, and what it is made again from (``ScanPacks.answer``)."""

    body: hotpath_rs.ScanAnswer
    recipe: bytes


class _Moved(Exception):  # noqa: N818 - an answer: a ticket was written meanwhile
    pass


class Uploads:
    """Settles uploads that were read by ``hotpath_rs.ScanBatch``."""

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
        self._hot = hot
        self._packs = packs
        self._entry_terms_of = entry_terms_of
        self._tell_orders = tell_orders
        self._known = KnownTickets()

    async def settle(
        self, scanner: Scanner, batch: hotpath_rs.ScanBatch, keys: hotpath_rs.EventKeys, received_at: datetime
    ) -> Answered:
        """The answer, with everything in it durable. Unavailable: no ledger, or others scan its tickets all along."""
        await asyncio.to_thread(_placed, batch, keys, scanner)
        mine: set[int] = set()
        for start in range(0, len(batch), CHUNK_SCANS):
            await self._settle_chunk(scanner, batch, start, received_at, mine)
        return Answered(*await asyncio.to_thread(batch.answer))

    async def _settle_chunk(
        self, scanner: Scanner, batch: hotpath_rs.ScanBatch, start: int, received_at: datetime, mine: set[int]
    ) -> None:
        """``mine``: the packed rows of this upload, whose nonces it knows itself."""
        entry = await self._entry_terms_of(scanner.event_id)
        terms = hotpath_rs.ScanTerms(terms_document(entry, scanner.gates, received_at))
        for delay_s in RETRY_DELAYS_S:
            if delay_s:
                await asyncio.sleep(delay_s)
            try:
                judged = await self._write(scanner, batch, start, received_at, terms, mine, cancelled=entry.cancelled)
            except (_Moved, *WRITTEN_MEANWHILE):
                continue
            if judged is not None and judged.moves:
                await self._tell_map(scanner.event_id, judged)
            return
        raise Unavailable("Some tickets are being scanned elsewhere: send the batch again", retry_after_s=1)

    async def _write(
        self,
        scanner: Scanner,
        batch: hotpath_rs.ScanBatch,
        start: int,
        received_at: datetime,
        terms: hotpath_rs.ScanTerms,
        mine: set[int],
        *,
        cancelled: bool,
    ) -> hotpath_rs.ScansJudged | None:
        """One chunk, judged and durable; None if there was nothing to judge. _Moved."""
        end = start + CHUNK_SCANS
        async with self._pool.acquire() as db, db.transaction():
            await store.lock_device(db, scanner.device_id)
            open_nonces = batch.open_nonces(start, end)
            if open_nonces:
                # The packed rows first: what is unpacked between the two statements is found by the second.
                waiting = [number for number in await store.of_device(db, scanner.device_id) if number not in mine]
                packs = await self._packs.opened(waiting)
                if packs is None:
                    raise _Moved
                for number, (_, pack) in zip(waiting, packs, strict=True):
                    await asyncio.to_thread(batch.given_in, pack, number, start, end)
                # Most devices have logged fewer than they bring: to read those is less than to look for each of these.
                nonces = batch.nonces(start, end, await store.logged(db, scanner.device_id, open_nonces))
                given = await store.given(db, scanner.device_id, nonces) if nonces is not None else None
                if given is not None:
                    batch.given(given)
            known, records = await self._tickets(db, scanner.event_id, batch, start, cancelled=cancelled)
            judged = await asyncio.to_thread(batch.judge, start, end, records, terms, known)
            if not judged.lines:
                return None
            moved: dict[str, int] = {}
            if judged.moves:
                moved = await store.move(db, judged.columns, judged.names, alike=judged.alike)
                if sum(moved.values()) != judged.moves:
                    raise _Moved
            facts: dict[str, Any] | None = {"delivered_after_revocation": True} if scanner.revoked_at else None
            correlation_id = str(structlog.contextvars.get_contextvars().get("correlation_id", ""))
            kept = await store.keep(
                db,
                scanner.event_id,
                scanner.device_id,
                received_at,
                correlation_id,
                facts,
                judged.lines,
                judged.pack,
            )
        mine.add(kept)
        batch.commit(kept)
        if self._tell_orders is not None and moved:
            self._tell_orders(moved)
        return judged

    async def _tickets(
        self, db: Connection, event_id: str, batch: hotpath_rs.ScanBatch, start: int, *, cancelled: bool
    ) -> tuple[hotpath_rs.KnownTickets | None, bytes]:
        """The tickets of a chunk: those that were read before, if nobody wrote them since, and the others' records."""
        end = start + CHUNK_SCANS
        if cancelled:  # then each ticket's newest change is asked for as well
            units = batch.units(start, end)
            return None, (await store.tickets(db, event_id, units, cancelled=True))[0] if units is not None else b""
        known = self._known.of(event_id)
        units = batch.units(start, end, known.tickets)
        asked = batch.asked()
        if asked is not None and not await store.still(db, asked, known.home):
            batch.distrust(known.tickets)
            units = batch.units(start, end)
        if units is None:
            return known.tickets, b""
        records, home = await store.tickets(db, event_id, units, cancelled=False)
        return self._known.at(event_id, home).tickets, records

    async def _tell_map(self, event_id: str, judged: hotpath_rs.ScansJudged) -> None:
        """The map spares the ledger the crowd around a code. It decides nothing: what it misses it is told later."""
        try:
            if judged.taken:
                await scan_map.take(self._hot, event_id, judged.taken)
            if judged.free:
                await scan_map.put(self._hot, event_id, [(unit, False) for unit in judged.free])
        except scan_map.MapMissing:
            return  # the next who needs it loads it from the ledger
        except Unavailable as error:
            _log.warning("check_in_map_away", event_id=event_id, reason=error.code)


def batch_of(shown: Sequence[Shown | None], received_at: datetime) -> hotpath_rs.ScanBatch:
    """The upload of scans that were read already; None is junk that could not even be read."""
    batch = hotpath_rs.ScanBatch.blank(len(shown), microseconds(received_at))
    for place, one in enumerate(shown):
        if one is not None:
            put(batch, place, one)
    return batch


def put(batch: hotpath_rs.ScanBatch, place: int, shown: Shown) -> None:
    """Put what was read of one scan."""
    batch.put(
        place,
        code=shown.code,
        nonce=shown.nonce,
        gate=shown.gate,
        scanned_us=microseconds(shown.scanned_at) if shown.scanned_at is not None else None,
        is_exit=shown.direction == "exit",
        offline=shown.offline,
        offset_ms=shown.offset_ms,
        cursor=shown.cursor_seq,
    )


def terms_document(entry: EntryTerms, device_gates: tuple[str, ...], received_at: datetime) -> bytes:
    """What verdicts on scans of the last PAST_MAX are judged by, as hotpath_rs/src/gates/judge.rs reads it."""
    first = received_at - PAST_MAX
    rules = entry.rules
    return msgspec.json.encode(
        {
            "cancelled": entry.cancelled,
            "sold": sorted(order_states.SOLD),
            "codes_end_us": microseconds(codes_end(entry.ends_at)) if entry.ends_at is not None else None,
            "allow_reentry": rules.allow_reentry,
            "max_entries": rules.max_entries,
            "max_entries_per_day": rules.max_entries_per_day,
            "emptied_us": [microseconds(moment) for moment in emptyings(rules, entry.timezone, first, received_at)],
            "days": [
                (microseconds(start), (day - _EPOCH.date()).days)
                for start, day in days(entry.timezone, first, received_at)
            ],
            "gates": [
                {"name": name, "sections": rule.sections, "ticket_type_ids": rule.ticket_type_ids}
                for name, rule in rules.gates.items()
            ],
            "ticket_types": entry.ticket_types,
            "device_gates": device_gates,
        }
    )


def microseconds(moment: datetime) -> int:
    """Since 1970."""
    return (moment - _EPOCH) // _TICK


def _placed(batch: hotpath_rs.ScanBatch, keys: hotpath_rs.EventKeys, scanner: Scanner) -> None:
    batch.place(
        keys,
        device_id=scanner.device_id,
        shown_name=scanner.name or scanner.device_id,
        default_gate=scanner.gates[0] if scanner.gates else None,
        bundle_us=microseconds(scanner.bundle_at) if scanner.bundle_at is not None else None,
        revoked_us=microseconds(scanner.revoked_at) if scanner.revoked_at is not None else None,
        cursor_seq=scanner.cursor_seq,
    )
