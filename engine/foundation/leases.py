"""What the waiting room and the engine share apart from the admission token: leases and the shop's pulse.

A lease is a capped seat inside the shop. The room grants it (claim), the engine gives it back when its order is settled
or its hold is abandoned, so the next person is let in within a second. All keys of an event share one hash slot.

``wr:{E}:lease``     zset    lease id (16 raw bytes) -> the epoch ms until which its token may be valid
``wr:{E}:over``      zset    lease ids that ended, while their tokens still verify: no hold is placed on them any more
``inv:{E}:pulse``    hash    free, held, ordered, sold: written by the inventory scripts, read by the room's controller
``onsale:health``    string  0..1000, the health factor in thousandths, published by the engine with a short TTL
``onsale:strain``    hash    engine process -> its own health factor and the epoch ms of telling, u16 + u48
channel ``wr:released``  event id, so that the controller need not wait for its next tick
channel ``wr:changed``   event id, after the on-sale row changed in Postgres
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from engine.foundation.clock import now_ms
from engine.foundation.connections import HotRedis

ENDED_PER_COMMAND = 1000
OVER_KEPT_MS = 3 * 3600 * 1000  # longer than any session that an on-sale may give
HEALTH_KEY = b"onsale:health"
STRAIN_KEY = b"onsale:strain"
HEALTH_FULL = 1000
HEALTH_TTL_S = 10
RELEASED_CHANNEL = b"wr:released"
CHANGED_CHANNEL = b"wr:changed"


def lease_key(event_id: str) -> bytes:
    """The zset of leases of an event's room."""
    return b"wr:{%s}:lease" % event_id.encode()


def pulse_key(event_id: str) -> bytes:
    """The hash with the event's free, held, ordered and sold unit counts."""
    return b"inv:{%s}:pulse" % event_id.encode()


def over_key(event_id: str) -> bytes:
    """The zset of leases that ended: id -> the epoch ms at which it may be forgotten."""
    return b"wr:{%s}:over" % event_id.encode()


async def release(redis: HotRedis, event_id: str, *lease_ids: bytes) -> int:
    """Give leases back, at most ENDED_PER_COMMAND; how many had not ended yet. Their tokens place no hold from here on.

    So that the next person is let in instead of, and not in addition to, anybody who keeps the token.
    """
    over, moment_ms = over_key(event_id), now_ms()
    ends = [part for lease_id in lease_ids for part in (moment_ms + OVER_KEPT_MS, lease_id)]
    removed, *_ = await asyncio.gather(
        redis.command(b"ZREM", lease_key(event_id), *lease_ids),
        redis.command(b"ZADD", over, *ends),
        redis.command(b"ZREMRANGEBYSCORE", over, b"-inf", moment_ms),
        redis.command(b"PEXPIRE", over, OVER_KEPT_MS),
    )
    if removed:
        await redis.command(b"PUBLISH", RELEASED_CHANNEL, event_id)
    return int(removed)


async def end_again(redis: HotRedis, event_id: str, lease_ids: Sequence[bytes]) -> None:
    """After Redis was lost: remember which leases had ended, so that their tokens place no hold."""
    if not lease_ids:
        return
    over, until_ms = over_key(event_id), now_ms() + OVER_KEPT_MS
    for start in range(0, len(lease_ids), ENDED_PER_COMMAND):
        scored = [part for lease_id in lease_ids[start : start + ENDED_PER_COMMAND] for part in (until_ms, lease_id)]
        await redis.command(b"ZADD", over, *scored)
    await redis.command(b"PEXPIRE", over, OVER_KEPT_MS)


async def tell_changed(redis: HotRedis, event_id: str) -> None:
    """Tell the rooms that this event's on-sale was changed."""
    await redis.command(b"PUBLISH", CHANGED_CHANNEL, event_id)


async def tell_health(redis: HotRedis, thousandths: int) -> None:
    """Publish the shop's health factor, 0..HEALTH_FULL, good for HEALTH_TTL_S."""
    await redis.command(b"SET", HEALTH_KEY, thousandths, b"EX", HEALTH_TTL_S)


async def tell_strain(redis: HotRedis, process: bytes, thousandths: int) -> None:
    """Publish one engine process's own health factor."""
    told = thousandths.to_bytes(2, "big") + now_ms().to_bytes(6, "big")
    await asyncio.gather(
        redis.command(b"HSET", STRAIN_KEY, process, told), redis.command(b"EXPIRE", STRAIN_KEY, HEALTH_TTL_S)
    )


async def strain(redis: HotRedis) -> int:
    """The lowest health factor that an engine process told lately; HEALTH_FULL if none did. Forgets the silent."""
    told = await redis.command(b"HGETALL", STRAIN_KEY)
    since_ms, lowest, silent = now_ms() - HEALTH_TTL_S * 1000, HEALTH_FULL, []
    for process, value in zip(told[::2], told[1::2], strict=True):
        if int.from_bytes(value[2:], "big") < since_ms:
            silent.append(process)
        else:
            lowest = min(lowest, int.from_bytes(value[:2], "big"))
    if silent:
        await redis.command(b"HDEL", STRAIN_KEY, *silent)
    return lowest
