"""Holding the draw: read the cohort from Redis, record the outcome in Postgres, then open the line with that record.

The record comes first and the first record wins: a crash at any point, or two leaders, ends in one and the same draw.
"""

from __future__ import annotations

import asyncio

from engine.foundation import logs
from waitingroom import draw as draws
from waitingroom.ledger import Ledger
from waitingroom.room import CROWDED, Room
from waitingroom.rules import Rules
from waitingroom.store import PLACES_PER_BLOCK

BEACON_WAIT_S = 30  # a named beacon may be late for so long; then the draw is held without it, and says so
BEACON_ASK_S = 0.5
MOVED_AT_ONCE = 512
COHORT_PER_BLOCK_PLACE = 200  # a block may have one place in this many of the cohort

_log = logs.get("waitingroom.draw")


async def hold_draw(room: Room, ledger: Ledger, cohort_size: int) -> None:
    """Draw for the ``cohort_size`` registered, or publish the draw that was already held."""
    rules = await ledger.room(room.event_id)
    assert rules is not None, "a room that is drawing has a row"
    held = rules.draw
    if held is None:
        rules = await _with_beacon(room, ledger, rules)
        digests = await room.store.registered(cohort_size) if cohort_size else b""
        moved = await _move_back(room, digests)
        fresh = await asyncio.to_thread(draws.hold, rules.secret, digests, rules.beacon, rules.beacon_name, moved)
        held = draws.Draw.restored(await ledger.keep_draw(room.event_id, fresh.stored(), digests), rules.secret)
        assert held is not None, "a recorded draw has a seed"
        _log.info("drawn", event_id=room.event_id, cohort=held.cohort_size, seed=held.seed.hex())
    if held.cohort_size != cohort_size:
        # Redis was lost between the record and its publication and has fixed another cohort since: the record stands.
        await room.rebuild()
        return
    there = await asyncio.to_thread(draws.presence_by_number, held, await room.store.there())
    await room.store.publish_draw(held, there)


async def _with_beacon(room: Room, ledger: Ledger, rules: Rules) -> Rules:
    """The rules once the named beacon was delivered, or as they are if none was named or none came."""
    for _ in range(round(BEACON_WAIT_S / BEACON_ASK_S)):
        if rules.beacon or not rules.beacon_name:
            break
        await asyncio.sleep(BEACON_ASK_S)
        rules = await ledger.room(room.event_id) or rules
    return rules


async def _move_back(room: Room, digests: bytes) -> tuple[draws.Moved, ...]:
    """Registrations that looked automated take a number behind the cohort, in the order in which they registered."""
    cohort_size = len(digests) // draws.DIGEST_BYTES
    behind = [
        (index, digests[index * draws.DIGEST_BYTES : (index + 1) * draws.DIGEST_BYTES], reason)
        for index, mark in sorted((await room.store.marked()).items())
        if index < cohort_size and (reason := reason_of(mark, cohort_size)) is not None
    ]
    behind = [entry for entry in behind if entry[1] != draws.VACANT]
    if sum(why == CROWDED for _, _, why in behind) > cohort_size / 2:
        _log.warning("cohort_is_one_block", event_id=room.event_id, cohort=cohort_size, behind=len(behind))
    moved: list[draws.Moved] = []
    for start in range(0, len(behind), MOVED_AT_ONCE):
        some = behind[start : start + MOVED_AT_ONCE]
        numbers = await room.move_back([(digest, index) for index, digest, _ in some])
        moved += [draws.Moved(index, number, why) for (index, _, why), number in zip(some, numbers, strict=True)]
    return tuple(moved)


def reason_of(mark: str, cohort_size: int) -> str | None:
    """Why a marked registration stands behind the drawn; None if it does not after all.

    The Nth place of an address block may be one of a phone network's: in a large cohort more of them are let be.
    """
    name, _, nth = mark.partition(":")
    if name == CROWDED and int(nth) <= max(PLACES_PER_BLOCK, cohort_size // COHORT_PER_BLOCK_PLACE):
        return None
    return name
