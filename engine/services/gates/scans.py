"""Scans: codes shown at gates, one at a time or by the thousand, each answered with a verdict and logged.

The answer leaves after the ledger has it. Single scans of all gates share group commits; a batch is cut into chunks
that take turns with them, so a gate's upload of 50,000 never makes another gate wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final

import structlog
from msgspec.structs import replace

import hotpath_rs
from engine.domain.errors import SwitchedOff
from engine.domain.gates.attempts import NONCE_CHARS_MAX, Attempt, Scanner, Shown
from engine.domain.gates.scans import FUTURE_MAX, PAST_MAX, EntryTerms, Reason
from engine.domain.tickets.tickets import CODE_CHARS_MAX
from engine.foundation.batching import GroupCommit
from engine.foundation.clock import now
from engine.foundation.connections import HotRedis
from engine.foundation.errors import TooMany, Unavailable
from engine.services.accounts.flags import Switches
from engine.services.gates.devices import DeviceRevoked
from engine.services.gates.gate_events import GateEvents
from engine.services.gates.redemptions import Redemptions, TellOrders, Verdict
from engine.services.gates.scan_packs import ScanPacks
from engine.services.gates.uploads import Answered, Uploads
from engine.stores.database import Pool
from engine.stores.gates import scans as store
from engine.stores.tickets import tickets as tickets_store

SCANS_PER_COMMIT_MAX: Final = 64
SCAN_AGE_MAX_MS: Final = 2_000  # a gate rather waits than hears "try again"
BATCHES_AT_ONCE: Final = 2  # a process
BATCHES_WAITING_MAX: Final = 16
RETRY_DELAYS_S: Final = (0.0, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.0)
OFFSET_MAX_MS: Final = 2**31 - 1
EVENT_KEYS_MAX: Final = 1_000
SCANS_PER_SECOND_MAX: Final = 1_000  # of one scanner in one process: far beyond any hand, short of a flood


class Scans:
    """Validates codes. ``switches`` may stop it."""

    def __init__(
        self,
        *,
        pool: Pool,
        hot: HotRedis,
        keyring: hotpath_rs.Keyring,
        gate_events: GateEvents,
        packs: ScanPacks | None = None,
        tell_orders: TellOrders | None = None,
        switches: Switches | None = None,
    ) -> None:
        self._pool = pool
        self._keyring = keyring
        self._gate_events = gate_events
        self._switches = switches or Switches()
        self._keys: dict[str, hotpath_rs.EventKeys] = {}
        self._packs = packs = packs if packs is not None else ScanPacks(pool=pool)
        self._redemptions = Redemptions(
            pool=pool, hot=hot, packs=packs, entry_terms_of=self._entry_terms_of, tell_orders=tell_orders
        )
        self._uploads = Uploads(
            pool=pool, hot=hot, packs=packs, entry_terms_of=self._entry_terms_of, tell_orders=tell_orders
        )
        self._commits: GroupCommit[Attempt, Verdict | None] = GroupCommit(
            "scans", self._redemptions.settle, batch_max=SCANS_PER_COMMIT_MAX, age_max_ms=SCAN_AGE_MAX_MS
        )
        self._batches = asyncio.Semaphore(BATCHES_AT_ONCE)
        self._batches_waiting = 0
        self._second = 0
        self._spent: Counter[str] = Counter()

    async def validate(self, scanner: Scanner, shown: Shown) -> Verdict:
        """The verdict on one code, durable before it is given. SwitchedOff, TooMany, Unavailable (no ledger)."""
        self._open()
        self._spend(scanner)
        attempt = await self._attempt(scanner, shown)
        for delay_s in RETRY_DELAYS_S:
            if delay_s:
                await asyncio.sleep(delay_s)
            verdict = await self._commits.submit(attempt)
            if verdict is not None:
                return verdict
        raise Unavailable("This ticket is being scanned elsewhere: scan it again", retry_after_s=1)

    async def upload(self, scanner: Scanner, batch: hotpath_rs.ScanBatch, received_at: datetime) -> Answered:
        """The answer to an upload, ready to be sent: verdicts in input order. Refusals as for ``validate``.

        A revoked scanner delivers what it scanned before it was revoked; later scans are rejected and logged.
        DeviceRevoked if it brings none that says when.
        """
        async with self._turn(scanner, says_when=batch.says_when):
            return await self._uploads.settle(scanner, batch, self._keys_of(scanner.event_id), received_at)

    async def answer_again(self, kept: bytes) -> hotpath_rs.ScanAnswer | bytes:
        """The answer to an upload from its recipe, or itself: so it was kept before there were recipes."""
        return kept if kept.startswith(b"{") else await self._packs.answer(kept)

    async def ticket_changed(self, event_id: str, unit: int) -> None:
        """A ticket was refunded, blocked, transferred or reissued: the check-in map follows the ledger."""
        tickets = await store.newest(self._pool, [(event_id, unit)])
        await self._redemptions.put(await self._entry_terms_of(event_id), list(tickets.values()))

    async def rebuild(self, event_id: str) -> None:
        """Load an event's check-in map from the ledger if Redis has none."""
        await self._redemptions.load_map(await self._entry_terms_of(event_id))

    async def close(self) -> None:
        await self._commits.close()

    @contextlib.asynccontextmanager
    async def _turn(self, scanner: Scanner, *, says_when: bool) -> AsyncIterator[None]:
        """An upload's turn among the uploads of this process."""
        self._open()
        if scanner.revoked_at is not None and not says_when:
            raise DeviceRevoked(reason="revoked_device")
        if self._batches_waiting >= BATCHES_WAITING_MAX:
            raise Unavailable("Too many uploads at once: send it again in a moment", retry_after_s=2)
        self._batches_waiting += 1
        try:
            async with self._batches:
                yield
        finally:
            self._batches_waiting -= 1

    def _open(self) -> None:
        if not self._switches.scanning:
            raise SwitchedOff("Scanning is switched off", retry_after_s=30)

    def _spend(self, scanner: Scanner) -> None:
        """TooMany once a scanner has had its scans of this second."""
        second = int(time.monotonic())
        if second != self._second:
            self._second = second
            self._spent.clear()
        self._spent[scanner.device_id] += 1
        if self._spent[scanner.device_id] > SCANS_PER_SECOND_MAX:
            raise TooMany("This scanner asks too often", retry_after_s=1)

    async def _entry_terms_of(self, event_id: str) -> EntryTerms:
        return (await self._gate_events.get(event_id)).entry

    def _keys_of(self, event_id: str) -> hotpath_rs.EventKeys:
        keys = self._keys.get(event_id)
        if keys is None:
            if len(self._keys) >= EVENT_KEYS_MAX:
                self._keys.clear()
            keys = self._keys[event_id] = self._keyring.event(event_id)
        return keys

    async def _attempt(self, scanner: Scanner, shown: Shown) -> Attempt:
        """A live reading: it counts as read when it is received, whatever the device's clock says."""
        received_at = now()
        attempt = self._blank(scanner, shown, received_at)
        behind_ms = round((received_at - attempt.scanned_at).total_seconds() * 1000)
        absurd = shown.clock_unreadable or not -FUTURE_MAX <= received_at - attempt.scanned_at <= PAST_MAX
        attempt = replace(
            attempt, offset_ms=max(-OFFSET_MAX_MS, min(OFFSET_MAX_MS, behind_ms)), clock_impossible=absurd
        )
        if shown.code is None and shown.ticket_id is not None:
            unit = await tickets_store.unit_of(self._pool, scanner.event_id, shown.ticket_id)
            if unit is None:
                return replace(attempt, manual=True, failed=Reason.NOT_FOUND)
            return replace(attempt, manual=True, unit=unit[0], version=unit[1])
        attempt = self._read(attempt, shown.code)
        if shown.ticket_id is not None and attempt.failed is None:
            unit = await tickets_store.unit_of(self._pool, scanner.event_id, shown.ticket_id)
            if unit is None or unit[0] != attempt.unit:  # the code of another ticket than the one that is named
                return replace(attempt, failed=Reason.NOT_FOUND)
        return attempt

    def _blank(self, scanner: Scanner, shown: Shown, received_at: datetime) -> Attempt:
        nonce = shown.nonce
        return Attempt(
            scanner=scanner,
            received_at=received_at,
            scanned_at=shown.scanned_at or received_at,
            counted_at=received_at,
            gate=shown.gate or (scanner.gates[0] if scanner.gates else None),
            direction=shown.direction,
            nonce=nonce[:NONCE_CHARS_MAX] if nonce else None,
            offset_ms=max(-OFFSET_MAX_MS, min(OFFSET_MAX_MS, shown.offset_ms)),
            cursor_seq=shown.cursor_seq if shown.cursor_seq is not None else scanner.cursor_seq,
            facts=shown.facts,
            correlation_id=str(structlog.contextvars.get_contextvars().get("correlation_id", "")),
        )

    def _read(self, attempt: Attempt, code: str | None) -> Attempt:
        if code is None or len(code) > CODE_CHARS_MAX:
            return replace(attempt, failed=Reason.MALFORMED)
        try:
            read = self._keys_of(attempt.scanner.event_id).verify_ticket_code(code, 0, check_times=False)
        except hotpath_rs.TokenError as error:
            return replace(attempt, failed=_reason(error.code))
        return replace(
            attempt,
            unit=read.unit,
            version=read.version,
            not_before_s=read.not_before_s,
        )


def _reason(code: str) -> Reason:
    try:
        return Reason(code)
    except ValueError:
        return Reason.MALFORMED
