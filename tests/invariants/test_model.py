"""Selling next to its oracle: whatever is done in whatever order, Redis says what one thread of plain Python says.

Here a short run and hypothesis's search for a small counterexample; ``make model STEPS=1000000`` runs long.
"""

from __future__ import annotations

import asyncio
import random
from unittest import mock

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from engine.foundation import embedded
from engine.foundation.connections import HotRedis, open_client
from engine.stores.sale import holds as hold_store
from tests.invariants.model import Chance, drive
from tests.invariants.model_house import OPENED, PLAIN, WITH_ACCESSIBLE, with_the_tests_clock
from tests.invariants.model_world import World

SEEDS = (1, 2, 3)
STEPS = 600
EXAMPLES, STEPS_AN_EXAMPLE = 12, 40


@pytest.mark.parametrize("seed", SEEDS)
def test_what_redis_says_is_what_the_oracle_says(valkey: embedded.Server, seed: int):
    verdict = asyncio.run(drive(valkey.url, STEPS, seed))
    assert verdict.seen["place H"] > 50
    assert verdict.seen["rebuild"] > 0


class Selling(RuleBasedStateMachine):
    """Hypothesis chooses the steps; wishes and picks come from a random source that it shrinks as a seed."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.patch = mock.patch.dict(hold_store.SCRIPTS, with_the_tests_clock(hold_store.SCRIPTS))
        self.patch.start()

    @initialize(seed=st.integers(0, 2**16))
    def open(self, seed: int) -> None:
        async def connect() -> World:
            return await World(await HotRedis(self.url).open(), open_client(self.url), random.Random(seed)).open()

        self.world = self.runner.run(connect())
        self.chance = Chance(self.world, self.world.rng)

    @rule(number=st.integers(1, 4), poison_at=st.sampled_from([-1, -1, -1, 0]))
    def place(self, number: int, poison_at: int) -> None:
        self.runner.run(self.world.place([self.chance.wish() for _ in range(number)], poison_at))

    @rule(add_ms=st.sampled_from([1_000, 300_000, 900_000]))
    def extend(self, add_ms: int) -> None:
        self.runner.run(self.world.extend(self.chance.ref(), add_ms))

    @rule(forget=st.booleans())
    def release(self, forget: bool) -> None:
        self.runner.run(self.world.release(self.chance.ref(), forget=forget))

    @rule(lots=st.sampled_from([PLAIN, OPENED, WITH_ACCESSIBLE]), count=st.integers(1, 4), capped=st.booleans())
    def swap(self, lots: bytes, count: int, capped: bool) -> None:
        self.runner.run(self.world.swap(self.chance.ref(), lots, self.chance.runs(count), capped=capped))

    @rule()
    def order(self) -> None:
        self.runner.run(self.world.order(self.chance.ref()))

    @rule(paid=st.booleans())
    def end_an_order(self, paid: bool) -> None:
        order_id = self.chance.order_id("unpaid", "paid")
        if order_id is not None:
            self.runner.run((self.world.settle if paid else self.world.close)(order_id))

    @rule(again=st.booleans())
    def errand(self, again: bool) -> None:
        if self.world.errands:
            self.runner.run(self.world.errand(0, again=again))

    @rule(ms=st.sampled_from([1, 999, 1_000, 5_000, 400_000]))
    def let_pass(self, ms: int) -> None:
        self.runner.run(self.world.let_pass(ms, sweep=ms > 1_000))

    @rule()
    def back_up(self) -> None:
        self.runner.run(self.world.back_up())

    @rule(all_of_it=st.booleans())
    def lose(self, all_of_it: bool) -> None:
        self.runner.run(self.world.lose(all_of_it=all_of_it))

    @invariant()
    def everything_adds_up(self) -> None:
        if hasattr(self, "world"):
            self.runner.run(self.world.check())

    def teardown(self) -> None:
        async def close() -> None:
            await self.world.quiesce()
            await self.world.redis.aclose()
            await self.world.hot.close()

        try:
            if hasattr(self, "world"):
                self.runner.run(close())
        finally:
            self.patch.stop()
            self.runner.close()


def test_no_order_of_steps_makes_them_differ(valkey: embedded.Server):
    Selling.url = valkey.url
    run_state_machine_as_test(
        Selling,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS_AN_EXAMPLE, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
