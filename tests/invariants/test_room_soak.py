"""Short runs of the room's soak: the rate is delivered and never exceeded, the shop is never fuller than it may be."""

from __future__ import annotations

import pytest

from engine.foundation import embedded
from tests.invariants.room_soak import with_clock


@pytest.mark.slow
async def test_absent_people_cost_no_rate_and_no_window_is_exceeded(valkey: embedded.Server):
    delivered, crowded = await with_clock(valkey.url, people=60_000, claims=60_000, seed=7)
    assert delivered.share >= 0.975, delivered  # two minutes of it; the long run of the soak is held to 98 %
    for window_s, most in delivered.most.items():
        assert most <= delivered.rate_per_s * (window_s + 1), delivered  # a second's worth is the burst
    assert crowded.most_inside <= crowded.capacity
    assert crowded.words["granted"] > 3_000
    assert crowded.words["again"] > 1_000
