"""A process of the engine that stops at the worst moment and waits to be killed.

``dying_gate MOMENT EVENT DEVICE CODES`` says ``here`` when it is there.

"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from engine.domain.gates.attempts import Scanner, Shown
from engine.foundation.connections import HotRedis
from engine.foundation.postgres import open_postgres
from engine.services.accounts.access import Access
from engine.services.gates import uploads
from engine.services.gates.gate_events import GateEvents
from engine.services.gates.scan_packs import ScanPacks
from engine.services.gates.scans import Scans
from engine.settings import Settings
from engine.stores.gates import scan_packs as store


async def main(moment: str, event_id: str, device_id: str, codes: list[str]) -> None:
    settings = Settings()
    pool = await open_postgres(settings.database_url)
    hot = await HotRedis(settings.redis_url).open()
    if moment == "before_commit":
        store.keep = _then_stop(store.keep)  # type: ignore[assignment]
    if moment == "unpacking":
        store.unpack = _then_stop(store.unpack)  # type: ignore[assignment]
        await ScanPacks(pool=pool).unpack(event_id)
    gate_events = GateEvents(pool=pool, hot=hot, access=Access(pool=pool))
    scans = Scans(pool=pool, hot=hot, keyring=settings.keyring, gate_events=gate_events)
    received_at = datetime.now(UTC)
    batch = uploads.batch_of([Shown(code=code, nonce=f"n{n}") for n, code in enumerate(codes)], received_at)
    await scans.upload(Scanner(device_id=device_id, event_id=event_id, name="North"), batch, received_at)
    await _stop()


def _then_stop(work: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    async def done(*arguments: Any) -> None:
        await work(*arguments)
        await _stop()

    return done


async def _stop() -> None:
    print("here", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]))
