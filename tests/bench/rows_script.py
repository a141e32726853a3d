"""The script without HTTP: batches of best-available holds against the same script called once a hold."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from engine.foundation.connections import HotRedis
from engine.services.sale.hold_batches import HoldBatches
from engine.stores import keys
from engine.stores.sale.holds import SCRIPTS, HoldStore
from tests.bench.machine import CpuMeter, running_on
from tests.bench.method import Plan, Row, Run, interleaved, ratio_row
from tests.bench.sales import Sale, priced, seated
from tests.bench.stage import Stage

# As redis-benchmark -c 50 -P 1 would. It cannot send an item itself: it reads an argument up to the first NUL.
CLIENTS = 50
WAITING = 256  # buyers at the same moment, for the batched side
HOLDS_PER_S_MAX = 150_000
PLACED = b"H"


@dataclass(frozen=True, slots=True)
class Ready:
    """An event of one section of 2,000 seats, and items for as many pairs as it has."""

    sale: Sale
    epoch: bytes
    items: list[bytes]


async def batched_against_single(stage: Stage, plan: Plan) -> list[Row]:
    """Row 3: holds a second, ours over one EVALSHA each from 50 unpipelined connections."""
    events = await _ready(stage, round(HOLDS_PER_S_MAX * plan.run_s / 1000 / 4))
    used: list[str] = []
    single = [await HotRedis(stage.valkey.url).open() for _ in range(CLIENTS)]
    lanes = HoldBatches(store=HoldStore(stage.hot), inventory=stage.inventory)

    async def ours(seconds: float) -> Run:
        async def one(event: Ready, item: bytes) -> bytes:
            return await lanes.place(event.sale.event_id, item)

        return await _drive(stage, await _supply(stage, events, used), seconds, WAITING, one)

    async def theirs(seconds: float) -> Run:
        script = SCRIPTS["hold_place"]
        free = list(single)

        async def one(event: Ready, item: bytes) -> bytes:
            connection = free.pop()
            reply: list[bytes] = await connection.run(script, [keys.epoch(event.sale.event_id)], [event.epoch, item])
            free.append(connection)
            return reply[1]

        return await _drive(stage, await _supply(stage, events, used), seconds, CLIENTS, one)

    with running_on(stage.cores.asking):
        pairs = await interleaved(plan, ours, theirs)
    for connection in single:
        await connection.close()
    await lanes.close()
    checked = await stage.audit(used)
    return [
        ratio_row(
            "batched holds / single script calls", "best available for 2 on 2,000 seats, no HTTP", pairs, must=4.0,
            hope=6.0, clients=CLIENTS, ledger=checked,
        )
    ]  # fmt: skip


async def _ready(stage: Stage, count: int) -> list[Ready]:
    return [await _prepared(stage, await seated(stage, sections=1)) for _ in range(count)]


async def _prepared(stage: Stage, sale: Sale) -> Ready:
    event = await stage.selling.get(sale.event_id)
    priced(event, sale)
    body = sale.body(sale.types[0]).encode()
    items = []
    for number in range(sale.holds_each):
        made = event.desk.prepare(body, "admission:bench", f"key-{number}", sale.admission)
        assert made is not None
        items.append(made[1])
    return Ready(sale, await stage.inventory.epoch(sale.event_id), items)


async def _supply(stage: Stage, events: list[Ready], used: list[str]) -> list[Ready]:
    """A quarter of what is left for each run; more is made where it runs short."""
    if len(events) < 20:
        events += await _ready(stage, 40)
    share, events[:] = events[: max(10, len(events) // 4)], events[max(10, len(events) // 4) :]
    used += [event.sale.event_id for event in share]
    return share


async def _drive(
    stage: Stage,
    events: Sequence[Ready],
    seconds: float,
    width: int,
    one: Callable[[Ready, bytes], Awaitable[bytes]],
) -> Run:
    """``width`` callers, each asking again as soon as it is answered, until time or supply is over."""
    pairs = iter([(event, item) for event in events for item in event.items])
    meter = CpuMeter({"redis": stage.redis_pid})
    done = refused = 0
    stop_s = time.perf_counter() + seconds

    async def caller() -> None:
        nonlocal done, refused
        for event, item in pairs:
            answer = await one(event, item)
            done += 1
            refused += answer[:1] != PLACED
            if time.perf_counter() > stop_s:
                return

    own_s = time.process_time()
    meter.start()
    began_s = time.perf_counter()
    await asyncio.gather(*[caller() for _ in range(width)])
    elapsed_s = time.perf_counter() - began_s
    headroom = elapsed_s / max(time.process_time() - own_s, 1e-6)
    return Run(done, elapsed_s, refused, meter.stop(done), headroom)
