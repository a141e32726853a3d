"""The model test's driver: steps drawn at random, the world and its oracle compared after each.

``python -m tests.invariants.model --steps 1000000 --seed 1`` ends with a verdict.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from engine.foundation import embedded, logs
from engine.foundation.connections import HotRedis, open_client
from engine.stores.sale import holds as hold_store
from tests.invariants.model_house import (
    BLOCKS,
    BUYER_UNITS_MAX,
    BUYERS,
    CAPS,
    FULL_CHECK_EVERY,
    GENERAL,
    OPENED,
    PLAIN,
    PROMO_USES_MAX,
    QUIESCE_EVERY,
    WITH_ACCESSIBLE,
    with_the_tests_clock,
)
from tests.invariants.model_world import World
from tests.invariants.oracle import Wish


class Chance:
    """Draws the next step and its facts from a random source."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self.world = world
        self.rng = rng

    def wish(self) -> Wish:
        rng, world = self.rng, self.world
        known = world.refs and rng.random() < 0.1
        ref = rng.choice(world.refs) if known else rng.randbytes(8)
        promo = int(rng.random() < 0.2)
        buyer = rng.choice(BUYERS) if rng.random() < 0.4 else b""
        return Wish(
            ref=ref,
            body_hash=b"same" if rng.random() < 0.9 else b"else",
            life_ms=rng.choice([1, 900, 5_000, 30_000, 300_000]),
            lots=rng.choice([PLAIN, PLAIN, PLAIN, OPENED, WITH_ACCESSIBLE]),
            picks=tuple(self.pick() for _ in range(1 if rng.random() < 0.9 else 2)),
            caps=tuple(CAPS.items()) if rng.random() < 0.5 else (),
            promo=promo,
            promo_max=PROMO_USES_MAX if promo and rng.random() < 0.8 else 0,
            buyer=buyer,
            buyer_max=BUYER_UNITS_MAX if buyer and rng.random() < 0.8 else 0,
            block=rng.choice(BLOCKS) if rng.random() < 0.5 else b"",
        )

    def pick(self) -> tuple:
        rng, snapshot = self.rng, self.world.snapshot
        how = rng.random()
        if how < 0.25:
            return ("exact", self.runs(rng.randint(1, 4)))
        count = rng.choice([1, 1, 2, 2, 2, 3, 4, 5])
        split = rng.randint(0, count)
        if how < 0.5:
            parts = tuple((kind, n) for kind, n in ((3, split), (4, count - split)) if n)
            return ("general", snapshot.general, GENERAL, parts)
        category = int(rng.random() < 0.3)
        kinds = (2, 2) if category else (0, 1)
        parts = tuple((kind, n) for kind, n in zip(kinds, (split, count - split), strict=True) if n)
        name, tape = snapshot.tapes[category, count]
        return ("tape", tape, rng.randrange(3), parts, name)

    def runs(self, count: int) -> tuple[tuple[int, int, int], ...]:
        """Distinct units anywhere, each of a type that is sold there, as runs of one or two."""
        snapshot, found, used = self.world.snapshot, [], set[int]()
        for _ in range(count):
            unit = self.rng.randrange(snapshot.units)
            length = self.rng.choice([1, 1, 2])
            units = set(range(unit, min(unit + length, snapshot.units)))
            if units & used:
                continue
            used |= units
            if unit >= snapshot.general:
                kind = self.rng.choice([3, 4])
            else:
                kind = 2 if unit >= snapshot.seated_b else self.rng.choice([0, 1])
            found.append((kind, unit, len(units)))
        return tuple(found)

    def ref(self) -> bytes:
        if not self.world.refs or self.rng.random() < 0.02:
            return self.rng.randbytes(8)
        return self.rng.choice(self.world.refs[-30:])

    def order_id(self, *statuses: str) -> str | None:
        ids = [name for name, order in self.world.oracle.orders.items() if order.status in statuses]
        return self.rng.choice(ids) if ids else None

    async def step(self) -> None:
        rng, world = self.rng, self.world
        how = rng.random()
        if how < 0.30:
            wishes = [self.wish() for _ in range(rng.choice([1, 1, 2, 4, 6]))]
            await world.place(wishes, rng.randint(0, len(wishes)) if rng.random() < 0.05 else -1)
        elif how < 0.36:
            await world.extend(self.ref(), rng.choice([1_000, 30_000, 300_000, 900_000]))
        elif how < 0.44:
            await world.release(self.ref(), forget=rng.random() < 0.3)
        elif how < 0.50:
            lots = rng.choice([PLAIN, OPENED, WITH_ACCESSIBLE])
            await world.swap(self.ref(), lots, self.runs(rng.randint(1, 4)), capped=rng.random() < 0.5)
        elif how < 0.60:
            await world.order(self.ref())
        elif how < 0.66:
            if order_id := self.order_id("unpaid"):
                await world.settle(order_id)
        elif how < 0.72:
            if order_id := self.order_id("unpaid", "paid"):
                await world.close(order_id)
        elif how < 0.84:
            if world.errands:
                await world.errand(rng.randrange(len(world.errands)), again=rng.random() < 0.1)
        elif how < 0.985:
            long = rng.random() < 0.1
            ms = rng.randint(2_000, 400_000) if long else rng.randint(0, 700)
            await world.let_pass(ms, sweep=long or rng.random() < 0.2)
        elif how < 0.990:
            await world.back_up()
        elif how < 0.994:
            await world.restart()
        elif how < 0.9995:
            await world.lose(all_of_it=rng.random() < 0.3)
        else:
            await world.forget_after_a_day()


@dataclass(frozen=True)
class Verdict:
    steps: int
    seconds: float
    seen: Counter[str]


async def drive(url: str, steps: int, seed: int, *, progress: bool = False) -> Verdict:
    """This many random steps; the first that differs raises with the seed to repeat it."""
    rng = random.Random(seed)
    with mock.patch.dict(hold_store.SCRIPTS, with_the_tests_clock(hold_store.SCRIPTS)):
        hot = await HotRedis(url).open()
        redis = open_client(url)
        began = time.monotonic()
        try:
            world = await World(hot, redis, rng).open()
            chance = Chance(world, rng)
            for number in range(1, steps + 1):
                try:
                    await chance.step()
                    await world.check(whole=number % FULL_CHECK_EVERY == 0)
                    if number % QUIESCE_EVERY == 0:
                        await world.quiesce()
                except AssertionError as error:
                    raise AssertionError(f"seed {seed}, step {number}: {error}") from error
                if progress and number % 20_000 == 0:
                    rate = number / (time.monotonic() - began)
                    print(
                        f"{number:>9,} steps, {rate:,.0f} a second, {sum(world.steps.values()):,} effects", flush=True
                    )
            await world.quiesce()
        finally:
            await redis.aclose()
            await hot.close()
    return Verdict(steps, time.monotonic() - began, world.steps)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.invariants.model", description=__doc__)
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    options = parser.parse_args()
    logs.configure("model", "error")
    with tempfile.TemporaryDirectory() as folder:
        server = embedded.start_valkey(Path(folder), fsync="none")
        try:
            verdict = asyncio.run(drive(server.url, options.steps, options.seed, progress=True))
        except AssertionError as error:
            print(f"DIFFERENT: {error}", file=sys.stderr)
            return 1
        finally:
            server.stop()
    for what, times in sorted(verdict.seen.items()):
        print(f"{times:>9,}  {what}")
    print(f"SAME: {verdict.steps:,} steps in {verdict.seconds:.0f} s, seed {options.seed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
