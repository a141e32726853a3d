"""A bounded number of requests of a kind at once, and what the waiting room is told of it."""

from __future__ import annotations

import pytest

from engine.foundation import leases
from engine.foundation.batching import Overloaded
from engine.foundation.connections import HotRedis
from engine.foundation.crowd import Crowd


def test_who_comes_when_it_is_full_is_sent_away_and_leaves_no_trace():
    crowd = Crowd("test", 2)
    with crowd, crowd:
        with pytest.raises(Overloaded) as shed, crowd:
            pass
        assert 1 <= (shed.value.retry_after_s or 0) <= 4
        assert len(crowd) == 2
    assert len(crowd) == 0
    with pytest.raises(ValueError, match="broke"), crowd:
        raise ValueError("broke")
    assert len(crowd) == 0


def test_health_falls_from_ease_to_full():
    crowd, seen = Crowd("test", 8), []
    for _ in range(8):
        seen.append(crowd.health)
        crowd.__enter__()
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
