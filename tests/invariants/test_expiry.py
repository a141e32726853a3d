"""Holds that expire in a crowd: each gives its units and its lease back once, a bounded number a step."""

from __future__ import annotations

from engine.foundation.connections import HotRedis, RedisClient
from tests.bench.expiry import sweep

HOLDS = 3_000
STEP_MAX = 30  # hold_expire's contract


async def test_a_crowd_of_holds_expires_in_bounded_steps_and_leaves_nothing_behind(
    hot: HotRedis, redis_client: RedisClient
):
    swept = await sweep(hot, redis_client, HOLDS)
    assert swept.held_after == 0
    assert swept.free_after == HOLDS
    assert swept.leases == HOLDS
    assert 0 < swept.ended_most <= STEP_MAX
    assert swept.steps >= swept.held_before / STEP_MAX
