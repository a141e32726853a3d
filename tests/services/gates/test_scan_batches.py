"""Batches of scans: order, duplicates inside, junk, repeats, offline conflicts, and neighbours who must not wait."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from engine.domain.catalogue.entry_rules import EntryRules
from engine.domain.gates.attempts import Shown
from engine.foundation.connections import HotRedis
from engine.settings import Settings
from tests.gate_world import ADMIN, World, open_world


@pytest.fixture
async def world(pool: asyncpg.Pool, hot: HotRedis, settings: Settings) -> AsyncIterator[World]:
    world = await open_world(pool, hot, settings, tickets=1200)
    yield world
    await world.close()


def results(verdicts: list[dict]) -> list[str]:
    return [verdict["result"] for verdict in verdicts]


async def test_a_batch_is_answered_in_order_with_its_duplicates_found_and_junk_alone_refused(world: World) -> None:
    gate = await world.scanner("North")
    codes = [world.code(1), "junk", world.code(2), world.code(1), world.code(1100), world.code(2)]
    shown: list[Shown | None] = [Shown(code=code, nonce=f"n{n}") for n, code in enumerate(codes)]
    shown.insert(2, None)
    verdicts = await world.batch(gate, shown)
    assert results(verdicts) == ["admit", "reject", "reject", "admit", "duplicate", "admit", "duplicate"]
    assert verdicts[4]["previous"]["gate"] == "North"
    assert len(await world.log()) == 7


async def test_a_batch_sent_again_answers_the_same_and_writes_nothing(world: World) -> None:
    gate = await world.scanner()
    shown = [Shown(code=world.code(n % 700), nonce=f"n{n}") for n in range(900)]
    first = await world.batch(gate, shown)
    assert Counter(results(first)) == {"admit": 700, "duplicate": 200}
    assert await world.batch(gate, shown) == first
    assert len(await world.log()) == 900


async def test_the_same_batch_from_four_devices_admits_each_ticket_once(world: World, settings: Settings) -> None:
    connection = await HotRedis(settings.redis_url).open()
    other = await world.second_process(connection)
    gates = [await world.scanner(f"G{n}") for n in range(4)]
    shown = [Shown(code=world.code(n)) for n in range(1000)]
    told = await asyncio.gather(*(world.batch(gates[n], shown, by=(world.scans, other)[n % 2]) for n in range(4)))
    admitted = Counter(v["ticketId"] for verdicts in told for v in verdicts if v["result"] == "admit")
    assert len(admitted) == 1000
    assert set(admitted.values()) == {1}
    assert sum(len(verdicts) for verdicts in told) == 4000
    await connection.close()


async def test_a_batch_and_single_scans_share_one_truth(world: World) -> None:
    gate = await world.scanner()
    await world.scan(gate, 5)
    verdicts, single = await asyncio.gather(
        world.batch(gate, [Shown(code=world.code(n)) for n in range(10)]), world.scan(gate, 900)
    )
    assert results(verdicts) == ["admit"] * 5 + ["duplicate"] + ["admit"] * 4
    assert single["result"] == "admit"
    assert (await world.scan(gate, 3))["result"] == "duplicate"


async def test_comings_and_goings_in_one_batch_are_judged_in_order(world: World) -> None:
    await world.gate_events.set_rules(ADMIN, world.event_id, EntryRules(allow_reentry=True))
    gate = await world.scanner()
    steps = ["entry", "exit", "entry", "entry", "exit", "exit"]
    verdicts = await world.batch(gate, [Shown(code=world.code(1), direction=step) for step in steps])
    assert [v["reason"] for v in verdicts] == ["ok", "ok", "ok", "already_used", "ok", "not_inside"]


@pytest.mark.parametrize("earlier_first", [True, False])
async def test_two_offline_admissions_of_one_ticket_are_a_conflict_and_the_earlier_is_canonical(
    world: World, earlier_first: bool
) -> None:
    now = datetime.now(UTC)
    north, south = await world.scanner("North"), await world.scanner("South")
    early = (north, Shown(code=world.code(1), nonce="a", scanned_at=now - timedelta(minutes=10), offline=True))
    late = (south, Shown(code=world.code(1), nonce="b", scanned_at=now - timedelta(minutes=5), offline=True))
    order = [early, late] if earlier_first else [late, early]
    told = [(await world.batch(scanner, [shown]))[0] for scanner, shown in order]
    expected = [("admit", "ok"), ("duplicate", "duplicate_offline_conflict")]
    if not earlier_first:
        expected = [("admit", "ok"), ("admit", "offline_earlier")]
    assert [(v["result"], v["reason"]) for v in told] == expected
    row = await world.pool.fetchrow("SELECT * FROM tickets WHERE id = $1", world.ticket_ids[1])
    assert row["checked_in_gate"] == "North"
    assert abs((row["checked_in_at"] - (now - timedelta(minutes=10))).total_seconds()) < 0.01
    assert [row["result"] for row in await world.log()] == [result for result, _ in expected]


async def test_a_device_repeating_its_own_offline_scan_is_no_conflict(world: World) -> None:
    gate = await world.scanner()
    then = datetime.now(UTC) - timedelta(minutes=5)
    shown = [Shown(code=world.code(1), nonce=f"n{n}", scanned_at=then, offline=True) for n in range(2)]
    assert [v["reason"] for v in await world.batch(gate, shown)] == ["ok", "already_used"]


async def test_an_impossible_clock_is_clamped_and_flagged(world: World) -> None:
    gate = await world.scanner()
    ahead = datetime.now(UTC) + timedelta(minutes=30)
    [verdict] = await world.batch(gate, [Shown(code=world.code(1), nonce="n", scanned_at=ahead, offline=True)])
    assert verdict["clock_flagged"] is True
    [row] = await world.log()
    assert row["counted_at"] <= row["received_at"] + timedelta(milliseconds=1)


async def test_a_revocation_the_device_had_not_heard_of_is_admitted_on_a_stale_bundle(world: World) -> None:
    gate = await world.scanner()
    await world.pool.execute("UPDATE tickets SET status = 'refunded' WHERE id = $1", world.ticket_ids[1])
    seq = await world.pool.fetchval("SELECT max(seq) FROM ticket_changes")
    then = datetime.now(UTC) - timedelta(minutes=1)
    stale = Shown(code=world.code(1), nonce="a", scanned_at=then, offline=True, cursor_seq=seq - 1)
    told = Shown(code=world.code(1), nonce="b", scanned_at=then, offline=True, cursor_seq=seq)
    live = Shown(code=world.code(1), nonce="c")
    verdicts = [(await world.batch(gate, [shown]))[0]["reason"] for shown in (live, told, stale)]
    assert verdicts == ["refunded", "refunded", "admitted_on_stale_bundle"]


async def test_single_scans_go_through_beside_a_large_batch(world: World) -> None:
    gate = await world.scanner()
    shown = [Shown(code=world.code(n % 1000)) for n in range(10_000)]
    batch = asyncio.create_task(world.batch(gate, shown))
    waits = []
    unit = 1000
    while not batch.done() and unit < 1200:
        started = time.perf_counter()
        assert (await world.scan(gate, unit))["result"] == "admit"
        waits.append(time.perf_counter() - started)
        unit += 1
    assert Counter(results(await batch)) == {"admit": 1000, "duplicate": 9000}
    waits.sort()
    assert waits[int(len(waits) * 0.95)] < 0.5
