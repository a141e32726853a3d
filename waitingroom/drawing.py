"""Holding the draw: read the cohort from Redis, record the outcome in Postgres, then open the line with what is recorded.

The record comes first and the first record wins, so a crash at any point, or two leaders, ends in one and the same draw.
"""

from __future__ import annotations

import asyncio

from engine.foundation import logs
from waitingroom import draw as draws
from waitingroom.ledger import Ledger
from waitingroom.room import Room

_log = logs.get("waitingroom.draw")


async def hold_draw(room: Room, ledger: Ledger, cohort_size: int) -> None:
    """Draw for the ``cohort_size`` registered, or publish the draw that was already held."""
    rules = await ledger.room(room.event_id)
    assert rules is not None, "a room that is drawing has a row"
    held = rules.draw
    if held is None:
        digests = await room.store.registered(cohort_size) if cohort_size else b""
        fresh = await asyncio.to_thread(draws.hold, rules.secret, digests, rules.beacon)
        held = draws.Draw.restored(await ledger.keep_draw(room.event_id, fresh.stored(), digests), rules.secret)
        assert held is not None, "a recorded draw has a seed"
        _log.info("drawn", event_id=room.event_id, cohort=held.cohort_size, seed=held.seed.hex())
    if held.cohort_size != cohort_size:
        # Redis was lost between the record and its publication and has fixed another cohort since: the record stands.
        await room.rebuild()
        return
    there = await asyncio.to_thread(draws.presence_by_number, held, await room.store.there())
    await room.store.publish_draw(held, there)
