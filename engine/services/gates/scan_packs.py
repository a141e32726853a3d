"""Packed rows of uploads: found by nonce while they wait, made scans of by a job or by anybody who reads the log.

So everybody sees packed and unpacked as one. What is unpacked is a bounded number of lines a transaction, and each line
once, whatever dies in between. A packed row stays for a day after that: if the upload is sent again, its answer is made
again from the lines.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

import hotpath_rs
from engine.foundation import idempotency, logs
from engine.stores.database import Pool
from engine.stores.gates import scan_packs as store
from engine.stores.gates.scans import WRITTEN_MEANWHILE

LINES_PER_STEP: Final = 500  # as many lines as the feed of entries may see late
EVENTS_PER_STEP: Final = 100
PACKS_OPEN_MAX: Final = 100  # a process; a third of a megabyte each
AGAIN_MAX: Final = 5
KEPT_H: Final = idempotency.KEPT_H + 1  # unpacked after its upload was answered: no key that needs it is as old
SWEPT_PER_STEP: Final = 200

_log = logs.get("scan_packs")
Nonce = tuple[str, str]  # device, nonce


class ScanPacks:
    """Reads and unpacks."""

    def __init__(self, *, pool: Pool) -> None:
        self._pool = pool
        self._open: OrderedDict[int, tuple[str, hotpath_rs.ScanPack]] = OrderedDict()

    async def opened(self, ids: Sequence[int]) -> list[tuple[str, hotpath_rs.ScanPack]] | None:
        """(device, pack) of these packed rows; None if one was unpacked meanwhile: the log has its lines now."""
        missing = [number for number in ids if number not in self._open]
        if missing:
            for number, device_id, body in await store.bodies(self._pool, missing):
                pack = await asyncio.to_thread(hotpath_rs.ScanPack, body)
                self._open[number] = device_id, pack
        found = [self._open[number] for number in ids if number in self._open]
        while len(self._open) > PACKS_OPEN_MAX:
            self._open.popitem(last=False)
        return found if len(found) == len(ids) else None

    async def given(self, ids: Sequence[int], nonces: Iterable[Nonce]) -> dict[Nonce, dict[str, Any]] | None:
        """The verdicts that these packed rows have under these nonces; None as for ``opened``."""
        packs = await self.opened(ids)
        if packs is None:
            return None
        found: dict[Nonce, dict[str, Any]] = {}
        for device_id, nonce in nonces:
            for owner, pack in packs:
                answer = pack.given(nonce) if owner == device_id else None
                if answer is not None:
                    found[device_id, nonce] = msgspec.json.decode(answer)
                    break
        return found

    async def answer(self, kept: bytes) -> hotpath_rs.ScanAnswer:
        """The answer to an upload, from what was kept of it."""
        recipe = hotpath_rs.ScanRecipe(kept)
        bodies = await store.kept(self._pool, recipe.packs)
        assert len(bodies) == len(recipe.packs), "a packed row went before the key that needs it"
        return await asyncio.to_thread(
            lambda: recipe.answer([hotpath_rs.ScanPack(bodies[number]) for number in recipe.packs])
        )

    async def sweep(self) -> int:
        """Forget packed rows that no answer needs any more, a bounded number; how many went."""
        return await store.sweep(self._pool, KEPT_H, SWEPT_PER_STEP)

    async def unpack(self, event_id: str) -> None:
        """Make scans of all that was packed until now. Readers of the log call this first."""
        newest = await store.newest(self._pool, event_id)
        while newest is not None:
            reached = await self._some(event_id, wait=True)
            if reached is None or reached > newest:
                return

    async def step(self) -> int:
        """A bounded number of lines of every event that has packed rows; how many packed rows that were of."""
        done = 0
        for event_id in await store.events(self._pool, EVENTS_PER_STEP):
            done += await self._some(event_id, wait=False) is not None
        return done

    async def _some(self, event_id: str, *, wait: bool) -> int | None:
        """Make scans of some lines of an event's oldest packed row: its number; None if there is none, or no turn."""
        for _ in range(AGAIN_MAX):
            try:
                async with self._pool.acquire() as db, db.transaction():
                    if not await store.lock_event(db, event_id, wait=wait):
                        return None
                    packed = await store.oldest(db, event_id)
                    if packed is None:
                        return None
                    known = self._open.get(packed.id)
                    pack = known[1] if known is not None else await asyncio.to_thread(hotpath_rs.ScanPack, packed.body)
                    upto = min(packed.lines, packed.unpacked + LINES_PER_STEP)
                    rows = await asyncio.to_thread(pack.rows, packed.unpacked, upto)
                    await store.unpack(db, event_id, packed, rows, upto)
                    return packed.id
            except WRITTEN_MEANWHILE as error:  # a single scan took a nonce of it at this moment
                _log.info("scan_unpack_again", event_id=event_id, reason=type(error).__name__)
        return None
