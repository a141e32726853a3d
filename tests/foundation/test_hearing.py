"""Messages of channels over a connection of their own: all of them, and no silence that nobody notices."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from engine.foundation import connections, embedded
from engine.foundation.connections import HotRedis, RedisAway


async def _hearing(hot: HotRedis, heard: list[tuple[bytes, bytes]], *channels: bytes) -> asyncio.Task[None]:
    """Hears from here on."""
    began = asyncio.Event()
    task: asyncio.Task[None] = asyncio.create_task(
        hot.hear(channels, lambda *said: heard.append(said), began=began.set)
    )
    async with asyncio.timeout(5):
        await began.wait()
    return task


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not is_so():
            await asyncio.sleep(0.005)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_messages_of_named_and_starred_channels_are_heard_in_order(hot: HotRedis):
    heard: list[tuple[bytes, bytes]] = []
    task = await _hearing(hot, heard, b"plain", b"some:*")
    for number in range(200):
        hot.command(b"PUBLISH", b"some:%d" % (number % 3), b"%d" % number)
    await hot.command(b"PUBLISH", b"nobody's", b"lost")
    await hot.command(b"PUBLISH", b"plain", b"\xff\x00")
    await _until(lambda: len(heard) == 201)
    assert heard == [*((b"some:%d" % (n % 3), b"%d" % n) for n in range(200)), (b"plain", b"\xff\x00")]
    await _ended(task)


async def test_a_hearer_goes_on_after_it_was_asked_whether_it_stands(hot: HotRedis, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connections, "HEARING_CHECK_S", 0.01)
    heard: list[tuple[bytes, bytes]] = []
    task = await _hearing(hot, heard, b"plain")
    await asyncio.sleep(0.1)
    await hot.command(b"PUBLISH", b"plain", b"still here")
    await _until(lambda: heard == [(b"plain", b"still here")])
    await _ended(task)


async def test_a_hearer_whose_connection_breaks_says_so(hot: HotRedis):
    task = await _hearing(hot, [], b"plain")
    assert await hot.command(b"CLIENT", b"KILL", b"TYPE", b"pubsub") == 1
    with pytest.raises(RedisAway):
        await asyncio.wait_for(task, 5)


async def test_a_hearer_whose_redis_says_nothing_any_more_notices(
    valkey: embedded.Server, hot: HotRedis, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(connections, "HEARING_CHECK_S", 0.05)
    patient = await HotRedis(valkey.url, reply_timeout_s=0.2).open()
    task = await _hearing(patient, [], b"plain")
    await hot.command(b"CLIENT", b"PAUSE", 1_500, b"ALL")
    with pytest.raises(RedisAway):
        await asyncio.wait_for(task, 5)
    await hot.command(b"CLIENT", b"UNPAUSE")
    await patient.close()


async def test_nobody_hears_where_no_redis_is():
    with pytest.raises(RedisAway):
        await HotRedis(f"redis://127.0.0.1:{embedded.free_port()}/0").hear([b"plain"], print, began=print)
