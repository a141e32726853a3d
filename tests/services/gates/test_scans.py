"""Single scans over real stores: who is admitted, who is not and why, and what the log keeps."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from engine.domain.catalogue.entry_rules import EntryRules, GateRule
from engine.domain.errors import SwitchedOff
from engine.domain.gates.attempts import Shown
from engine.foundation.connections import HotRedis, RedisClient
from engine.services.accounts.flags import Switches
from engine.services.gates.scans import Scans
from engine.settings import Settings
from tests.gate_world import ADMIN, World, open_world, sell


@pytest.fixture
async def world(pool: asyncpg.Pool, hot: HotRedis, settings: Settings) -> AsyncIterator[World]:
    world = await open_world(pool, hot, settings)
    yield world
    await world.close()


async def test_a_good_code_admits_once_and_is_written_before_the_answer(world: World) -> None:
    gate = await world.scanner("North door")
    first = await world.scan(gate, 3)
    assert (first["result"], first["reason"], first["status"]) == ("admit", "ok", "VALID")
    assert first["ticketId"] == world.ticket_ids[3]
    assert first["attendee"] == "Ada Lovelace"
    row = await world.pool.fetchrow("SELECT * FROM tickets WHERE id = $1", first["ticketId"])
    assert row["checked_in_at"] is not None
    assert row["checked_in_gate"] == "North door"
    second = await world.scan(gate, 3)
    assert (second["result"], second["reason"], second["status"]) == ("duplicate", "already_used", "ALREADY_CHECKED_IN")
    assert second["previous"] == {"at": first["checkedInAt"], "gate": "North door"}
    assert second["checkedInAt"] == first["checkedInAt"]
    assert [row["result"] for row in await world.log()] == ["admit", "duplicate"]


async def test_fifty_scans_of_one_code_from_ten_devices_admit_exactly_one(
    world: World, hot: HotRedis, valkey: object, settings: Settings
) -> None:
    connection = await HotRedis(settings.redis_url).open()
    other = await world.second_process(connection)
    gates = [await world.scanner(f"Gate {n}") for n in range(10)]
    shown = [Shown(code=world.code(7), nonce=f"n{n}") for n in range(50)]
    verdicts = await asyncio.gather(
        *((world.scans, other)[n % 2].validate(gates[n % 10], one) for n, one in enumerate(shown))
    )
    assert Counter(v["result"] for v in verdicts) == {"admit": 1, "duplicate": 49}
    admitted = next(v for v in verdicts if v["result"] == "admit")
    for verdict in verdicts:
        if verdict is not admitted:
            assert verdict["previous"] == {"at": admitted["checkedInAt"], "gate": admitted["gate"]}
    log = await world.log()
    assert len(log) == 50
    assert Counter(row["result"] for row in log) == {"admit": 1, "duplicate": 49}
    await connection.close()


async def test_many_codes_at_once_from_two_processes_are_each_admitted_once(world: World, settings: Settings) -> None:
    connection = await HotRedis(settings.redis_url).open()
    other = await world.second_process(connection)
    gate = await world.scanner()
    verdicts = await asyncio.gather(
        *((world.scans, other)[n % 2].validate(gate, Shown(code=world.code(n % 10))) for n in range(200))
    )
    admitted = Counter(v["ticketId"] for v in verdicts if v["result"] == "admit")
    assert set(admitted.values()) == {1}
    assert len(admitted) == 10
    assert len(await world.log()) == 200
    await connection.close()


async def test_a_lost_redis_admits_nobody_twice(world: World, redis_client: RedisClient) -> None:
    gate = await world.scanner()
    assert (await world.scan(gate, 1))["result"] == "admit"
    await redis_client.flushall()
    assert (await world.scan(gate, 1))["result"] == "duplicate"
    assert (await world.scan(gate, 2))["result"] == "admit"


async def test_gates_go_on_without_redis(world: World, settings: Settings) -> None:
    closed = HotRedis(settings.redis_url)
    scans = await world.second_process(closed)
    gate = await world.scanner()
    verdicts = await asyncio.gather(*(scans.validate(gate, Shown(code=world.code(5))) for _ in range(20)))
    assert Counter(v["result"] for v in verdicts) == {"admit": 1, "duplicate": 19}


async def test_a_bit_without_a_row_is_mended_by_the_ledger(world: World, redis_client: RedisClient) -> None:
    gate = await world.scanner()
    await world.scan(gate, 0)
    await redis_client.setbit(f"scan:{{{world.event_id}}}:in", 4, 1)
    assert (await world.scan(gate, 4))["result"] == "admit"
    assert (await world.scan(gate, 4))["result"] == "duplicate"


async def test_a_claim_of_a_dead_worker_is_waited_out(world: World, redis_client: RedisClient) -> None:
    gate = await world.scanner()
    await world.scan(gate, 0)
    await redis_client.set(f"scan:{{{world.event_id}}}:mark:4", "dead", px=300)
    assert (await world.scan(gate, 4))["result"] == "admit"


async def test_a_nonce_repeats_the_first_verdict(world: World) -> None:
    gate = await world.scanner()
    first = await world.scan(gate, 2, nonce="abc")
    assert await world.scan(gate, 2, nonce="abc") == first
    assert await world.scan(gate, 9, nonce="abc") == first
    assert len(await world.log()) == 1
    other = await world.scanner("Other")
    assert (await world.scan(other, 2, nonce="abc"))["result"] == "duplicate"


async def test_a_nonce_sent_many_times_at_once_has_one_verdict(world: World, settings: Settings) -> None:
    connection = await HotRedis(settings.redis_url).open()
    other = await world.second_process(connection)
    gate = await world.scanner()
    shown = Shown(code=world.code(6), nonce="same")
    verdicts = await asyncio.gather(*((world.scans, other)[n % 2].validate(gate, shown) for n in range(30)))
    assert {v["result"] for v in verdicts} == {"admit"}
    assert len(await world.log()) == 1
    await connection.close()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("", "malformed"),
        ("junk", "malformed"),
        ("ticket:0b0e7a3c-0000-4000-8000-000000000000:v1:abcdef0123456789", "malformed"),
        ("x" * 4000, "malformed"),
        ("Zürich ☃ \n", "malformed"),
    ],
)
async def test_junk_is_rejected_as_malformed_and_logged(world: World, code: str, reason: str) -> None:
    gate = await world.scanner()
    verdict = await world.scans.validate(gate, Shown(code=code))
    assert (verdict["result"], verdict["reason"], verdict["status"]) == ("reject", reason, "INVALID")
    assert verdict["ticketId"] is None
    assert [row["reason"] for row in await world.log()] == [reason]


async def test_a_changed_letter_a_foreign_event_and_an_unsold_unit_are_told_apart(world: World) -> None:
    gate = await world.scanner()
    code = world.code(1)
    forged = code[:-3] + ("A" if code[-3] != "A" else "B") + code[-2:]
    assert (await world.scans.validate(gate, Shown(code=forged)))["reason"] == "bad_signature"
    foreign = world.code(1, event_id="evt_01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert (await world.scans.validate(gate, Shown(code=foreign)))["reason"] == "wrong_event"
    assert (await world.scan(gate, 12))["reason"] == "not_found"


@pytest.mark.parametrize("status", ["refunded", "cancelled", "blocked", "transfer_pending"])
async def test_a_ticket_out_of_standing_admits_nobody_from_the_next_scan_on(world: World, status: str) -> None:
    gate = await world.scanner()
    await world.pool.execute("UPDATE tickets SET status = $2 WHERE id = $1", world.ticket_ids[1], status)
    assert (await world.scan(gate, 1))["reason"] == status
    await world.pool.execute("UPDATE tickets SET status = 'valid' WHERE id = $1", world.ticket_ids[1])
    assert (await world.scan(gate, 1))["result"] == "admit"


async def test_only_the_newest_version_admits(world: World) -> None:
    gate = await world.scanner()
    await world.pool.execute("UPDATE tickets SET version = 2 WHERE id = $1", world.ticket_ids[1])
    assert (await world.scan(gate, 1))["reason"] == "stale_version"
    assert (await world.scans.validate(gate, Shown(code=world.code(1, 2))))["result"] == "admit"


async def test_the_code_of_a_refunded_ticket_stays_dead_after_its_unit_is_sold_again(world: World) -> None:
    gate = await world.scanner()
    await world.scan(gate, 1)
    await world.pool.execute("UPDATE tickets SET status = 'refunded' WHERE id = $1", world.ticket_ids[1])
    await world.pool.execute("UPDATE order_units SET live = false WHERE unit = 1")
    await sell(world.pool, world.event_id, world.ticket_type_id, [1], world.paid_at)
    await world.scans.ticket_changed(world.event_id, 1)
    assert (await world.scan(gate, 1))["reason"] == "stale_version"
    assert (await world.scans.validate(gate, Shown(code=world.code(1, 2))))["result"] == "admit"


async def test_an_unpaid_order_and_a_cancelled_event_admit_nobody(world: World) -> None:
    gate = await world.scanner()
    await world.pool.execute("UPDATE orders SET status = 'processing'")
    assert (await world.scan(gate, 1))["reason"] == "unpaid"
    await world.pool.execute("UPDATE orders SET status = 'paid'")
    await world.pool.execute("UPDATE events SET status = 'cancelled'")
    await asyncio.sleep(1.05)
    assert (await world.scan(gate, 1))["reason"] == "cancelled"


async def test_codes_outside_their_times_say_which(world: World) -> None:
    gate = await world.scanner()
    keys = world.settings.keyring.event(world.event_id)
    now_s = int(datetime.now(UTC).timestamp())
    early = keys.mint_ticket_code(1, 1, now_s + 120, now_s + 240)
    late = keys.mint_ticket_code(2, 1, now_s - 240, now_s - 120)
    barely = keys.mint_ticket_code(1, 1, now_s + 20, now_s + 240)
    assert (await world.scans.validate(gate, Shown(code=early)))["reason"] == "not_yet_valid"
    assert (await world.scans.validate(gate, Shown(code=late)))["reason"] == "ok"  # a hint: the event goes on
    assert (await world.scans.validate(gate, Shown(code=barely)))["result"] == "admit"


async def test_the_wrong_gate_says_the_right_one(world: World) -> None:
    south = await world.scanner("S1", ["South"])
    verdict = await world.scan(south, 1, gate="North")
    assert (verdict["reason"], verdict["right_gates"]) == ("wrong_gate", ["South"])
    await world.gate_events.set_rules(ADMIN, world.event_id, EntryRules(gates={"East": GateRule(sections=["Floor"])}))
    anywhere = await world.scanner("S2")
    verdict = await world.scan(anywhere, 1, gate="North")
    assert (verdict["reason"], verdict["right_gates"]) == ("wrong_gate", ["East"])
    assert (await world.scan(anywhere, 1, gate="East"))["result"] == "admit"


async def test_with_reentry_people_come_and_go_and_inside_is_a_duplicate(world: World) -> None:
    await world.gate_events.set_rules(ADMIN, world.event_id, EntryRules(allow_reentry=True, max_entries=2))
    gate = await world.scanner()
    steps = ["exit", "entry", "entry", "exit", "entry", "exit", "entry"]
    told = [await world.scan(gate, 1, direction=step) for step in steps]
    assert [v["reason"] for v in told] == [
        "not_inside", "ok", "already_used", "ok", "ok", "ok", "already_used",
    ]  # fmt: skip
    assert [v["result"] for v in told] == [
        "reject", "admit", "duplicate", "exit_ok", "admit", "exit_ok", "duplicate",
    ]  # fmt: skip


async def test_after_the_daily_emptying_everybody_counts_as_gone(world: World) -> None:
    rules = EntryRules(allow_reentry=True, exit_all_at=(datetime.now(UTC) + timedelta(seconds=1)).isoformat())
    await world.gate_events.set_rules(ADMIN, world.event_id, rules)
    gate = await world.scanner()
    assert (await world.scan(gate, 1))["result"] == "admit"
    assert (await world.scan(gate, 1))["result"] == "duplicate"
    await asyncio.sleep(1.1)
    assert (await world.scan(gate, 1))["result"] == "admit"


async def test_a_ticket_found_by_name_is_checked_in_by_hand_and_logged_so(world: World) -> None:
    gate = await world.scanner()
    verdict = await world.scans.validate(gate, Shown(code=None, ticket_id=world.ticket_ids[2]))
    assert verdict["result"] == "admit"
    assert [row["manual"] for row in await world.log()] == [True]
    assert (await world.scan(gate, 2))["result"] == "duplicate"


async def test_scanning_can_be_switched_off(world: World, hot: HotRedis) -> None:
    gate = await world.scanner()
    off = Scans(
        pool=world.pool,
        hot=hot,
        keyring=world.settings.keyring,
        gate_events=world.gate_events,
        switches=Switches(scanning=False),
    )
    with pytest.raises(SwitchedOff):
        await off.validate(gate, Shown(code=world.code(1)))
    assert await world.log() == []
