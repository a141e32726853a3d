"""A bounded number of requests of a kind at once, and what the waiting room is told of it."""

from __future__ import annotations

import asyncio

import pytest

from engine.foundation import leases
from engine.foundation.batching import Overloaded
from engine.foundation.connections import HotRedis
from engine.foundation.crowd import Crowd


async def test_who_comes_when_the_line_is_full_is_sent_away_and_leaves_no_trace():
    crowd = Crowd("test", at_work_max=2, line_max=0, wait_max_s=5)
    async with crowd, crowd:
        with pytest.raises(Overloaded) as shed:
            await crowd.__aenter__()
        assert 1 <= (shed.value.retry_after_s or 0) <= 4
        assert len(crowd) == 2
    assert len(crowd) == 0
    with pytest.raises(ValueError, match="broke"):
        async with crowd:
            raise ValueError("broke")
    assert len(crowd) == 0


async def test_those_in_line_come_in_their_order_and_who_leaves_it_or_waits_too_long_takes_no_turn():
    crowd, served = Crowd("test", at_work_max=1, line_max=9, wait_max_s=0.05), list[int]()

    async def buyer(number: int) -> None:
        async with crowd:
            served.append(number)

    async with crowd:
        line = [asyncio.create_task(buyer(number)) for number in range(4)]
        await asyncio.sleep(0)
        assert len(crowd) == 5
        line[1].cancel()
    ended = await asyncio.gather(*line, return_exceptions=True)
    assert served == [0, 2, 3]
    assert isinstance(ended[1], asyncio.CancelledError)
    async with crowd:
        with pytest.raises(Overloaded):
            await buyer(5)
    assert len(crowd) == 0
    await buyer(6)
    assert served == [0, 2, 3, 6]


async def test_health_falls_from_ease_to_full():
    crowd, seen = Crowd("test", at_work_max=8, line_max=1, wait_max_s=5), []
    for _ in range(8):
        seen.append(crowd.health)
        await crowd.__aenter__()
    assert seen == sorted(seen, reverse=True)
    assert seen[:3] == [1000, 1000, 1000]
    assert 0 < seen[-1] < 250
    assert crowd.health == 0


async def test_the_worst_process_counts_and_the_silent_are_forgotten(hot: HotRedis, monkeypatch: pytest.MonkeyPatch):
    assert await leases.strain(hot) == leases.HEALTH_FULL
    await leases.tell_strain(hot, b"a", 900)
    await leases.tell_strain(hot, b"b", 300)
    assert await leases.strain(hot) == 300
    now_ms = leases.now_ms
    monkeypatch.setattr(leases, "now_ms", lambda: now_ms() + 11_000)
    await leases.tell_strain(hot, b"a", 800)
    assert await leases.strain(hot) == 800
    assert await hot.command(b"HKEYS", leases.STRAIN_KEY) == [b"a"]
