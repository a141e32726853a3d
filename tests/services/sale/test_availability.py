"""What is free, as readers see it: ready answers that follow the map, and streams that can be dropped and taken up."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import random

from engine.domain.sale.holds import HoldItem, HoldRequest
from engine.domain.sale.inventory import FREE
from engine.stores import keys
from tests import factories as make
from tests.takers import taker

SETTLE_TRIES = 100


def picture(taken: str, units: int) -> list[int]:
    raw = int.from_bytes(base64.b64decode(taken), "little")
    return [raw >> unit & 1 for unit in range(units)]


async def truth(core, hot, event_id: str) -> list[int]:
    raw = await hot.command(b"GET", keys.unit_map(event_id))
    return [int(byte not in {FREE, FREE + 1}) for byte in raw]


async def busy(core, event_id: str, kind: str, rounds: int, seed: int) -> None:
    """Buyers who come and go."""
    dice, held = random.Random(seed), []
    for number in range(rounds):
        if held and dice.random() < 0.4:
            hold, token = held.pop(dice.randrange(len(held)))
            await core.holds.release(hold, token)
        else:
            with contextlib.suppress(Exception):
                placed = await core.holds.place(
                    HoldRequest(event_id, (HoldItem(kind, dice.randint(1, 4)),)),
                    admission=None,
                    principal="t",
                    key=f"{seed}-{number}",
                    body=b"",
                    taker=taker(),
                )
                held.append((placed.hold.id, placed.token))
        if number % 10 == 0:
            await asyncio.sleep(0.01)


async def test_a_stream_that_drops_and_resumes_ends_identical_to_the_truth(core, pool, hot):
    event_id, (kind,) = await make.event(
        pool, make.chart(make.seated("S", 10, 20)), [{"categories": ["S"]}], orphan_policy="lenient"
    )
    await core.inventory.load(event_id)
    seen: list[int] = []
    last = None
    buyers = asyncio.create_task(busy(core, event_id, kind, 400, 7))
    kinds = set()
    for _ in range(60):
        stream = core.availability.stream(event_id, last)
        for _ in range(2):
            try:
                chunk = await asyncio.wait_for(anext(stream), 1.0)
            except TimeoutError:
                break
            fields = dict(line.split(": ", 1) for line in chunk.decode().splitlines() if ": " in line)
            if "data" not in fields:
                continue
            body = json.loads(fields["data"])
            last = int(fields["id"])
            kinds.add(fields["event"])
            if isinstance(body["taken"], str):
                seen = picture(body["taken"], body["units"])
            for unit, taken in body.get("changes", ()):
                seen[unit] = taken
        await stream.aclose()
        if buyers.done():
            break
        await asyncio.sleep(random.random() * 0.05)
    await buyers
    for _ in range(SETTLE_TRIES):
        status = json.loads(await core.availability.status(event_id, last))
        last = status["version"]
        if isinstance(status["taken"], str):
            seen = picture(status["taken"], status["units"])
        for unit, taken in status.get("changes", ()):
            seen[unit] = taken
        if seen == await truth(core, hot, event_id):
            break
        await asyncio.sleep(0.02)
    assert seen == await truth(core, hot, event_id)
    assert kinds - {"beat"} == {"snapshot", "changes"}


async def test_what_is_taken_is_a_bitmap_or_since_a_version_its_deltas(core, pool):
    event_id, (kind,) = await make.event(pool, make.chart(make.general("F", 50)), [{"categories": ["F"]}])
    await core.inventory.load(event_id)
    before = json.loads(await core.availability.status(event_id, None))
    assert picture(before["taken"], 50) == [0] * 50
    assert json.loads(await core.availability.status(event_id, before["version"]))["taken"] == []
    request = HoldRequest(event_id, (HoldItem(kind, 1),))
    await core.holds.place(request, admission=None, principal="t", key="k", body=b"", taker=taker())
    async with asyncio.timeout(5):
        while not (after := json.loads(await core.availability.status(event_id, before["version"])))["taken"]:
            await asyncio.sleep(0.01)
    assert after["taken"] == after["changes"] == [[0, 1]]


async def test_readers_cost_redis_no_command(core, pool, hot, redis_client):
    event_id, _ = await make.event(pool, make.chart(make.general("F", 50)), [{"categories": ["F"]}])
    await core.inventory.load(event_id)
    await core.availability.document(event_id)
    await core.availability.status(event_id, None)
    before = (await redis_client.info("stats"))["total_commands_processed"]
    for _ in range(500):
        await core.availability.document(event_id)
        await core.availability.status(event_id, None)
    after = (await redis_client.info("stats"))["total_commands_processed"]
    assert after - before <= 1  # the INFO itself


async def test_a_capped_type_shows_what_its_cap_leaves(core, pool):
    event_id, (early, regular) = await make.event(
        pool,
        make.chart(make.general("F", 50)),
        [{"categories": ["F"], "capacity": 3}, {"categories": ["F"]}],
    )
    await core.inventory.load(event_id)
    await core.holds.place(
        HoldRequest(event_id, (HoldItem(early, 2),)), admission=None, principal="t", key="a", body=b"", taker=taker()
    )
    for _ in range(SETTLE_TRIES):
        rows = {row["id"]: row for row in json.loads(await core.availability.document(event_id))["ticket_types"]}
        if rows[early]["free"] == 1:
            break
        await asyncio.sleep(0.02)
    assert (rows[early]["free"], rows[regular]["free"]) == (1, 48)


async def test_a_lost_last_change_is_found_out(core, pool, monkeypatch):
    event_id, (kind,) = await make.event(pool, make.chart(make.seated("S", 1, 4)), [{"categories": ["S"]}])
    await core.inventory.load(event_id)
    monkeypatch.setattr("engine.services.sale.availability.RECHECK_S", 0.0)
    assert (await core.availability.exact(event_id)).ticket_types[0].free == 4
    monkeypatch.setattr(core.availability, "_hear", lambda _channel, _data: None)
    request = HoldRequest(event_id, (HoldItem(kind, 4),))
    await core.holds.place(request, admission=None, principal="t", key="k", body=b"", taker=taker())
    free = [(await core.availability.exact(event_id)).ticket_types[0].free for _ in range(3)]
    assert free[-1] == 0, "the first look may wait for the change, the second knows that it was lost"
