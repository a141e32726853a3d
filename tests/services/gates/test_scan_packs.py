"""What is uploaded and not yet a row a scan: nothing of it is lost, told twice or unseen, whatever dies when."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from engine.domain.catalogue.entry_rules import EntryRules
from engine.domain.gates.attempts import Scanner, Shown
from engine.foundation import pieces
from engine.foundation.connections import HotRedis, RedisClient
from engine.services.gates import scan_packs, uploads
from engine.services.gates.attendance import Attendance
from engine.services.gates.scan_packs import ScanPacks
from engine.services.gates.scans import Scans
from engine.settings import Settings
from engine.stores.gates import gate_bundles
from engine.stores.gates import scan_packs as store
from tests.conftest import TEST_MASTER_KEYS
from tests.gate_world import ADMIN, World, open_world, sell


@pytest.fixture
async def world(pool: asyncpg.Pool, hot: HotRedis, settings: Settings) -> AsyncIterator[World]:
    world = await open_world(pool, hot, settings, tickets=1200)
    yield world
    await world.close()


def shown(world: World, units: range, prefix: str = "n") -> list[Shown | None]:
    return [Shown(code=world.code(unit), nonce=f"{prefix}{unit}") for unit in units]


def results(verdicts: list[dict[str, Any]]) -> list[str]:
    return [verdict["result"] for verdict in verdicts]


async def rows(world: World) -> int:
    """Scans that are rows."""
    count: int = await world.pool.fetchval("SELECT count(*) FROM scans WHERE event_id = $1", world.event_id)
    return count


async def packed(world: World) -> int:
    """Scans that wait to become rows."""
    return await world.pool.fetchval("SELECT coalesce(sum(lines - unpacked), 0) FROM scan_packs")


async def test_an_answered_upload_is_one_packed_row_a_chunk_and_its_tickets_have_moved(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "CHUNK_SCANS", 400)
    gate = await world.scanner("North")
    await world.batch(gate, shown(world, range(1000)))
    assert await rows(world) == 0
    assert await world.pool.fetchval("SELECT array_agg(lines ORDER BY id) FROM scan_packs") == [400, 400, 200]
    assert await world.pool.fetchval("SELECT count(*) FROM tickets WHERE inside AND checked_in_gate = 'North'") == 1000


async def test_the_orders_whose_tickets_moved_are_told(world: World, hot: HotRedis, settings: Settings) -> None:
    told: list[str] = []
    scans = Scans(
        pool=world.pool, hot=hot, keyring=settings.keyring, gate_events=world.gate_events, tell_orders=told.extend
    )
    gate = await world.scanner("North")
    other = await sell(world.pool, world.event_id, world.ticket_type_id, [1202], world.paid_at)
    await world.batch(gate, shown(world, range(2)), by=scans)
    assert told == world.order_ids
    await world.batch(gate, [*shown(world, range(1202, 1203)), *shown(world, range(2), "again")], by=scans)
    assert told == [*world.order_ids, other]
    await scans.close()


async def test_the_job_makes_scans_of_it_a_bounded_number_at_a_time_and_in_order(world: World) -> None:
    gate = await world.scanner("North")
    told = await world.batch(gate, shown(world, range(1200)))
    reached = []
    while await world.packs.step():
        reached.append(await rows(world))
    assert reached == [500, 1000, 1200]
    assert await packed(world) == 0
    log = await world.log()
    assert [row["verdict"] for row in log] == told
    assert [row["unit"] for row in log] == list(range(1200))
    assert {row["gate"] for row in log} == {"North"}
    assert {row["received_at"] - row["counted_at"] for row in log} == {timedelta()}


async def test_a_repeated_upload_is_answered_the_same_packed_half_packed_and_unpacked(world: World) -> None:
    gate = await world.scanner("North")
    first = await world.batch(gate, shown(world, range(1200)))
    assert await world.batch(gate, shown(world, range(1200))) == first
    await world.packs.step()
    assert 0 < await rows(world) < 1200
    assert await world.batch(gate, shown(world, range(1200))) == first
    await world.packs.unpack(world.event_id)
    assert await packed(world) == 0
    assert await world.batch(gate, shown(world, range(1200))) == first
    assert len(await world.log()) == 1200


async def test_an_upload_that_is_half_a_repeat_is_answered_from_both(world: World) -> None:
    gate = await world.scanner("North")
    first = await world.batch(gate, shown(world, range(300)))
    await world.packs.unpack(world.event_id)
    second = await world.batch(gate, shown(world, range(300, 600)))
    mixed = await world.batch(gate, shown(world, range(900)))
    assert mixed[:600] == first + second
    assert results(mixed[600:]) == ["admit"] * 300
    assert len(await world.log()) == 900


async def test_a_nonce_repeats_its_verdict_whatever_code_comes_with_it_and_by_whichever_way(world: World) -> None:
    gate, other = await world.scanner("North"), await world.scanner("South")
    [first] = await world.batch(gate, [Shown(code=world.code(1), nonce="n")])
    assert await world.scans.validate(gate, Shown(code=world.code(2), nonce="n")) == first
    assert await world.batch(gate, [Shown(code=world.code(3), nonce="n")]) == [first]
    assert (await world.scans.validate(other, Shown(code=world.code(2), nonce="n")))["result"] == "admit"
    single = await world.scans.validate(gate, Shown(code=world.code(4), nonce="m"))
    assert await world.batch(gate, [Shown(code=world.code(5), nonce="m")]) == [single]
    assert Counter(row["result"] for row in await world.log()) == {"admit": 3}


async def test_single_scans_and_uploads_at_once_admit_each_ticket_once(world: World, settings: Settings) -> None:
    connection = await HotRedis(settings.redis_url).open()
    other = await world.second_process(connection)
    north, south = await world.scanner("North"), await world.scanner("South")
    told = await asyncio.gather(
        world.batch(north, shown(world, range(1000))),
        world.batch(south, shown(world, range(1000)), by=other),
        *(
            (world.scans, other)[unit % 2].validate(north, Shown(code=world.code(unit), nonce=f"s{unit}"))
            for unit in range(0, 1000, 7)
        ),
    )
    verdicts = [*told[0], *told[1], *told[2:]]
    admitted = Counter(verdict["ticketId"] for verdict in verdicts if verdict["result"] == "admit")
    assert len(admitted) == 1000
    assert set(admitted.values()) == {1}
    assert Counter(row["result"] for row in await world.log()) == Counter(results(verdicts))
    assert await world.pool.fetchval("SELECT max(entries) FROM tickets") == 1
    await connection.close()


async def test_one_upload_sent_to_two_processes_at_once_has_one_answer(world: World, settings: Settings) -> None:
    connection = await HotRedis(settings.redis_url).open()
    other = await world.second_process(connection)
    gate = await world.scanner("North")
    scans = [*shown(world, range(800)), *shown(world, range(800), "again")]
    one, two = await asyncio.gather(world.batch(gate, scans), world.batch(gate, scans, by=other))
    assert one == two
    assert Counter(results(one)) == {"admit": 800, "duplicate": 800}
    assert len(await world.log()) == 1600
    await connection.close()


async def test_every_reader_sees_what_is_packed(world: World) -> None:
    await world.gate_events.set_rules(ADMIN, world.event_id, EntryRules(allow_reentry=True))
    north, south = await world.scanner("North"), await world.scanner("South")
    then = datetime.now(UTC) - timedelta(minutes=5)
    for scanner, minutes in ((north, 0), (south, 1)):
        at = then + timedelta(minutes=minutes)
        await world.batch(scanner, [Shown(code=world.code(1), nonce="a", scanned_at=at, offline=True)])
    attendance = Attendance(pool=world.pool, access=world.access, gate_events=world.gate_events, packs=world.packs)
    assert await packed(world) == 2
    counts = await attendance.read(ADMIN, world.event_id)
    assert (counts["attempts"], counts["checked_in"], counts["conflicts"], counts["inside"]) == (2, 1, 1, 2)
    await world.batch(north, [Shown(code=world.code(2), nonce="b")])
    [newest, *_] = await attendance.log(ADMIN, world.event_id, 0, None, None, 10)
    assert (newest["unit"], newest["nonce"]) == (2, "b")
    await world.batch(north, [Shown(code=world.code(2), nonce="c")])
    [pair] = await attendance.conflicts(ADMIN, world.event_id, 0, 10)
    assert (pair["canonical"]["gate"], pair["conflict"]["gate"], pair["gap_s"]) == ("North", "South", 60.0)
    assert await packed(world) == 0
    _, entered = await gate_bundles.entries(world.pool, world.event_id, 0, 100)
    assert sorted(ticket.unit for ticket in entered) == [1, 2]


async def test_redis_lost_before_it_is_unpacked_admits_nobody_again(world: World, redis_client: RedisClient) -> None:
    gate = await world.scanner("North")
    await world.batch(gate, shown(world, range(50)))
    await redis_client.flushall()
    assert (await world.scan(gate, 7))["result"] == "duplicate"
    assert (await world.scan(gate, 70))["result"] == "admit"
    again = await world.batch(gate, shown(world, range(100), "late"))
    assert Counter(results(again)) == {"duplicate": 51, "admit": 49}


@pytest.mark.parametrize("redis", ["there", "away"])
async def test_uploads_go_on_without_the_check_in_map(world: World, settings: Settings, redis: str) -> None:
    connection = HotRedis(settings.redis_url)  # not open: away
    if redis == "there":
        await connection.open()
    scans = await world.second_process(connection)
    gate = await world.scanner("North")
    assert results(await world.batch(gate, shown(world, range(20)), by=scans)) == ["admit"] * 20
    assert (await world.scan(gate, 3))["result"] == "duplicate"
    if redis == "there":
        await connection.close()


async def test_a_guest_who_leaves_in_an_upload_may_come_back_by_a_single_scan(world: World) -> None:
    await world.gate_events.set_rules(ADMIN, world.event_id, EntryRules(allow_reentry=True))
    gate = await world.scanner("North")
    assert (await world.scan(gate, 1))["result"] == "admit"
    told = await world.batch(gate, [Shown(code=world.code(1), direction=step) for step in ("entry", "exit")])
    assert results(told) == ["duplicate", "exit_ok"]
    assert (await world.scan(gate, 1))["result"] == "admit"


@pytest.mark.parametrize(("moment", "waiting"), [("before_commit", 0), ("answered", 600), ("unpacking", 600)])
async def test_a_process_killed_at_any_moment_loses_nothing_and_counts_nothing_twice(
    world: World, settings: Settings, moment: str, waiting: int
) -> None:
    gate = await world.scanner("North")
    codes = [world.code(unit) for unit in range(600)]
    first = await world.batch(gate, shown(world, range(600))) if moment == "unpacking" else None
    await _killed(settings, moment, gate, codes)
    assert await rows(world) == 0
    assert await packed(world) == waiting
    assert await world.pool.fetchval("SELECT count(*) FROM tickets WHERE entries > 0") == waiting
    again = await world.batch(gate, [Shown(code=code, nonce=f"n{unit}") for unit, code in enumerate(codes)])
    assert results(again) == ["admit"] * 600
    assert first in (None, again)
    while await world.packs.step():
        pass
    log = await world.log()
    assert [row["unit"] for row in log] == list(range(600))
    assert [row["verdict"] for row in log] == again


async def test_a_nonce_that_a_single_scan_took_meanwhile_leaves_both_lines_in_the_log(world: World) -> None:
    gate = await world.scanner("North")
    await world.batch(gate, shown(world, range(3)))
    await world.pool.execute(
        """INSERT INTO scans (event_id, device_id, nonce, result, reason, scanned_at, counted_at)
           VALUES ($1, $2, 'n1', 'reject', 'malformed', now(), now())""",
        world.event_id, gate.device_id,
    )  # fmt: skip
    assert [(row["unit"], row["nonce"]) for row in await world.log()] == [
        (None, "n1"), (0, "n0"), (1, None), (2, "n2"),
    ]  # fmt: skip


async def test_a_packed_row_that_is_unpacked_while_it_is_looked_for_is_found_in_the_log(world: World) -> None:
    gate = await world.scanner("North")
    [told] = await world.batch(gate, shown(world, range(1)))
    packs = ScanPacks(pool=world.pool)
    [number] = [row["id"] for row in await world.pool.fetch("SELECT id FROM scan_packs")]
    await world.packs.unpack(world.event_id)
    assert await packs.given([number], [(gate.device_id, "n0")]) is None
    assert await world.scans.validate(gate, Shown(code=world.code(9), nonce="n0")) == told


async def test_a_packed_row_stays_for_as_long_as_its_answer_may_be_asked_for_again(world: World) -> None:
    gate = await world.scanner("North")
    received_at = datetime.now(UTC)
    answered = await world.scans.upload(gate, uploads.batch_of(shown(world, range(600)), received_at), received_at)
    await world.packs.unpack(world.event_id)
    await world.pool.execute("UPDATE scan_packs SET unpacked_at = now() - interval '24 hours 1 minute'")
    await world.batch(gate, shown(world, range(600, 601)))
    assert await world.packs.sweep() == 0
    assert pieces.whole(await world.packs.answer(answered.recipe)) == pieces.whole(answered.body)
    await world.pool.execute("UPDATE scan_packs SET unpacked_at = unpacked_at - interval '1 hour'")
    assert await world.packs.sweep() == 1
    assert await packed(world) == 1


async def test_tickets_that_nobody_wrote_since_are_not_read_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = await world.scanner("North")
    for prefix in ("first", "second"):
        await world.batch(gate, shown(world, range(600), prefix))

    async def refused(*_: Any, **__: Any) -> None:
        raise AssertionError("they were read")

    monkeypatch.setattr(store, "tickets", refused)
    told = await world.batch(await world.scanner("South"), shown(world, range(600)))
    assert results(told) == ["duplicate"] * 600
    assert {verdict["previous"]["gate"] for verdict in told} == {"North"}


@pytest.mark.parametrize(
    ("written", "reasons"),
    [
        ("UPDATE tickets SET status = 'refunded' WHERE unit = 7", {"already_used": 49, "refunded": 1}),
        ("UPDATE tickets SET version = 2 WHERE unit = 7", {"already_used": 49, "stale_version": 1}),
        ("UPDATE tickets SET inside = false WHERE unit = 7", {"already_used": 49, "ok": 1}),
        ("UPDATE orders SET status = 'refunded'", {"refunded": 50}),
        ("UPDATE events SET status = 'cancelled'", {"cancelled": 50}),
        ("VACUUM FULL tickets", {"already_used": 50}),
        ("VACUUM FULL orders", {"already_used": 50}),
    ],
)
async def test_what_was_written_since_a_ticket_was_read_counts(
    world: World, written: str, reasons: dict[str, int]
) -> None:
    await world.gate_events.set_rules(ADMIN, world.event_id, EntryRules(allow_reentry=True))
    gate = await world.scanner("North")
    for prefix in ("first", "second"):
        await world.batch(gate, shown(world, range(50), prefix))
    await world.pool.execute(written)
    world.gate_events._known.clear()
    told = await world.batch(gate, shown(world, range(50), "third"))
    assert Counter(verdict["reason"] for verdict in told) == reasons


async def test_an_upload_of_a_device_that_logged_much_finds_what_it_repeats(world: World) -> None:
    gate = await world.scanner("North")
    first = await world.batch(gate, shown(world, range(600)))
    await world.packs.unpack(world.event_id)
    few = [*shown(world, range(590, 600)), *shown(world, range(600, 605))]
    told = await world.batch(gate, few)
    assert told[:10] == first[590:]
    assert results(told[10:]) == ["admit"] * 5


async def test_open_packs_are_few(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_packs, "PACKS_OPEN_MAX", 2)
    gate = await world.scanner("North")
    for unit in range(4):
        await world.batch(gate, shown(world, range(unit, unit + 1)))
    packs = ScanPacks(pool=world.pool)
    ids = [row["id"] for row in await world.pool.fetch("SELECT id FROM scan_packs ORDER BY id")]
    found = await packs.given(ids, [(gate.device_id, f"n{unit}") for unit in range(4)])
    assert found is not None
    assert len(found) == 4
    assert len(packs._open) == 2


async def _killed(settings: Settings, moment: str, gate: Scanner, codes: list[str]) -> None:
    """Another process does it, up to this moment, and is killed there."""
    environment = {
        **os.environ,
        "ONSALE_REDIS_URL": settings.redis_url,
        "ONSALE_DATABASE_URL": settings.database_url,
        "ONSALE_MASTER_KEYS": TEST_MASTER_KEYS,
        "ONSALE_JWT_KEY": "test-jwt-key-" + "x" * 32,
        "ONSALE_STRIPE_SECRET_KEY": "sk_test_onsale",
        "ONSALE_STRIPE_WEBHOOK_SECRET": "whsec_test_onsale",
        "ONSALE_STRIPE_URL": "http://127.0.0.1:9",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.services.gates.dying_gate", moment, gate.event_id, gate.device_id, *codes,
        stdout=asyncio.subprocess.PIPE, env=environment,
    )  # fmt: skip
    assert process.stdout is not None
    assert await process.stdout.readline() == b"here\n"
    process.kill()
    await process.wait()
