"""Holds over real Valkey and Postgres: what is taken is taken once, and a "no" changes nothing."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import asyncpg
import pytest
from aiohttp.test_utils import TestClient, TestServer

from engine.app import create_app
from engine.domain import errors
from engine.domain.sale.holds import HoldItem, HoldRequest
from engine.foundation import http
from engine.foundation.connections import HotRedis
from engine.foundation.errors import IdempotencyKeyReused
from engine.services import appkeys
from engine.settings import Settings
from engine.web.sale.holds_shapes import hold_document
from tests import factories as make
from tests.takers import taker

CASES = json.loads(
    (Path(__file__).parents[3] / "hotpath_rs" / "tests" / "vectors" / "allocation_cases.json").read_text()
)


def ask(event_id: str, kind: str, quantity: int, **more: object) -> HoldRequest:
    return HoldRequest(event_id, (HoldItem(kind, quantity, **more),))


async def place(core, request: HoldRequest, key: str, body: bytes = b"{}"):
    return await core.holds.place(request, admission=None, principal="t", key=key, body=body, taker=taker())


async def test_a_thousand_callers_for_the_last_unit_get_one_hold(core, pool):
    event_id, (kind,) = await make.event(pool, make.chart(make.general("Floor", 1)), [{"categories": ["Floor"]}])
    await core.inventory.load(event_id)
    answers = await asyncio.gather(
        *(place(core, ask(event_id, kind, 1), f"k{i}") for i in range(1000)), return_exceptions=True
    )
    assert sum(not isinstance(a, BaseException) for a in answers) == 1
    assert sum(isinstance(a, errors.SoldOut) for a in answers) == 999


async def test_a_herd_for_pairs_on_two_thousand_seats_loses_nobody(core, pool):
    event_id, (kind,) = await make.event(pool, make.chart(make.seated("S", 40, 50)), [{"categories": ["S"]}])
    await core.inventory.load(event_id)
    answers = await asyncio.gather(
        *(place(core, ask(event_id, kind, 2), f"k{i}") for i in range(1000)), return_exceptions=True
    )
    failed = [a for a in answers if isinstance(a, BaseException)]
    assert not failed, failed[:3]
    units = [line.unit for a in answers for line in a.hold.lines]
    assert len(units) == len(set(units)) == 2000


async def test_a_replayed_hold_keeps_its_first_expiry(core, pool):
    event_id, (kind,) = await make.event(pool, make.chart(make.seated("S", 2, 10)), [{"categories": ["S"]}])
    await core.inventory.load(event_id)
    first = await place(core, ask(event_id, kind, 2), "same")
    again = await place(core, ask(event_id, kind, 2), "same")
    assert again.replayed
    assert again.hold == first.hold
    with pytest.raises(IdempotencyKeyReused):
        await place(core, ask(event_id, kind, 3), "same", b"other")


async def test_a_released_hold_is_sold_to_the_next_caller_at_once(core, pool):
    event_id, (kind,) = await make.event(pool, make.chart(make.general("Floor", 2)), [{"categories": ["Floor"]}])
    await core.inventory.load(event_id)
    first = await place(core, ask(event_id, kind, 2), "a")
    with pytest.raises(errors.SoldOut):
        await place(core, ask(event_id, kind, 1), "b")
    await core.holds.release(first.hold.id, first.token)
    assert (await place(core, ask(event_id, kind, 2), "c")).hold.lines
    with pytest.raises(errors.HoldExpired):
        await core.holds.of_token(first.hold.id, first.token)


async def test_a_foreign_token_opens_no_hold(core, pool):
    event_id, (kind,) = await make.event(pool, make.chart(make.general("Floor", 5)), [{"categories": ["Floor"]}])
    await core.inventory.load(event_id)
    one, two = await place(core, ask(event_id, kind, 1), "a"), await place(core, ask(event_id, kind, 1), "b")
    with pytest.raises(errors.CapabilityWrong):
        await core.holds.of_token(one.hold.id, two.token)


async def asked(core, pool, case) -> HoldRequest:
    """What the case asks for, with the case's house as it stands: what is sold and what is set apart."""
    wanted = dict(case["ask"])
    policy = wanted.pop("orphan_policy", "auto")
    categories = sorted({section.get("category", section["name"]) for section in case["chart"]["sections"]})
    types = [{"categories": categories, "max_per_order": 50}]
    event_id, (kind,) = await make.event(pool, case["chart"], types, orphan_policy=policy)
    if case["closed_allotment"]:
        await make.allotment(pool, event_id, case["closed_allotment"])
    if case["taken"]:
        await make.taken(pool, event_id, kind, case["taken"])
    await core.inventory.load(event_id)
    return ask(event_id, kind, **wanted)


@pytest.mark.parametrize("case", [case for case in CASES if "seats" in case["expect"]], ids=lambda case: case["name"])
async def test_the_seats_of_the_allocation_cases_come_through_the_script(core, pool, case):
    hold = (await place(core, await asked(core, pool, case), "k")).hold
    found = {"seats": [line.seat for line in hold.lines], "step": hold.step, "adjacent": hold.adjacent}
    assert found == case["expect"]


@pytest.mark.parametrize("case", [case for case in CASES if "error" in case["expect"]], ids=lambda case: case["name"])
async def test_the_refusals_of_the_allocation_cases_come_through_the_script(core, pool, case):
    request = await asked(core, pool, case)
    with pytest.raises((errors.BestAvailableNotFound, errors.SoldOut)) as refusal:
        await place(core, request, "k")
    assert refusal.value.code == case["expect"]["error"]


@pytest.mark.parametrize("seating", [make.chart(make.general("S", 50)), make.chart(make.seated("S", 5, 10))])
async def test_the_desk_answers_what_the_long_way_answers(core, pool, seating):
    event_id, (kind,) = await make.event(
        pool, seating, [{"categories": ["S"]}], taxes=[{"name": "GST", "rate_bp": 500}], orphan_policy="strict"
    )
    await core.inventory.load(event_id)
    body = json.dumps({"event_id": event_id, "items": [{"ticket_type_id": kind, "quantity": 2}]}).encode()
    long_way = await core.holds.place(
        HoldRequest(event_id, (HoldItem(kind, 2),)), admission=None, principal="t", key="k", body=body, taker=taker()
    )
    usual = await core.holds.usual.place(body, admission=None, principal="t", key="k", taker=taker())
    assert usual is not None
    document, replayed = usual
    assert replayed
    assert document == http.dumps(hold_document(long_way.hold, long_way.token, long_way.server_now_ms))
    fresh = await core.holds.usual.place(body, admission=None, principal="t", key="k2", taker=taker())
    assert fresh is not None
    assert not fresh[1]


@pytest.mark.parametrize("change", [{"promo_code": "X"}, {"quantity": 0}, {"quantity": 2.5}, {"seats": ["S/1/1"]}])
async def test_the_desk_leaves_what_is_not_usual_to_the_long_way(core, pool, change):
    event_id, (kind,) = await make.event(pool, make.chart(make.seated("S", 5, 10)), [{"categories": ["S"]}])
    await core.inventory.load(event_id)
    await place(core, ask(event_id, kind, 1), "warm")
    item = {"ticket_type_id": kind, "quantity": 1}
    top = {"event_id": event_id, "items": [item]}
    (top if "promo_code" in change else item).update(change)
    assert (
        await core.holds.usual.place(json.dumps(top).encode(), admission=None, principal="t", key="z", taker=taker())
        is None
    )


async def test_a_growing_hold_stays_together(core, pool):
    event_id, (kind,) = await make.event(
        pool, make.chart(make.seated("S", 3, 11)), [{"categories": ["S"], "max_per_order": 4}], orphan_policy="lenient"
    )
    await core.inventory.load(event_id)
    first = await place(core, ask(event_id, kind, 2), "a")
    before = [line.seat for line in first.hold.lines]
    grown = await core.holds.grow(first.hold.id, first.token, (HoldItem(kind, 1),), taker=taker())
    assert set(before) < {line.seat for line in grown.lines}
    units = sorted(line.unit for line in grown.lines)
    assert units[-1] - units[0] == 2
    assert grown.expires_at_ms == first.hold.expires_at_ms
    assert grown.price.total_cents == 3000
    with pytest.raises(errors.MaxPerOrder):
        await core.holds.grow(first.hold.id, first.token, (HoldItem(kind, 2),), taker=taker())
    pulse = await core.availability.exact(event_id)
    assert pulse.ticket_types[0].taken_of_type == 3


async def test_growing_without_room_beside_changes_nothing(core, pool):
    event_id, (kind,) = await make.event(pool, make.chart(make.general("F", 2)), [{"categories": ["F"], "capacity": 2}])
    await core.inventory.load(event_id)
    first = await place(core, ask(event_id, kind, 2), "a")
    with pytest.raises(errors.SoldOut):
        await core.holds.grow(first.hold.id, first.token, (HoldItem(kind, 1),), taker=taker())
    assert (await core.holds.of_token(first.hold.id, first.token)).lines == first.hold.lines


async def test_one_admission_holds_no_more_than_one_buyer_may(core, pool):
    event_id, (kind,) = await make.event(
        pool, make.chart(make.general("F", 20)), [{"categories": ["F"]}], max_tickets_per_buyer=3
    )
    await pool.execute("UPDATE on_sales SET room_enabled = true WHERE event_id = $1", event_id)
    await core.inventory.load(event_id)
    event = await core.selling.get(event_id)
    token = event.keys.mint_admission(
        lease_id=b"L" * 16, device_key_hash=b"", not_before_ms=0, expires_at_ms=2_000_000_000_000
    )

    async def take(quantity: int, key: str):
        return await core.holds.place(
            ask(event_id, kind, quantity), admission=token, principal="t", key=key, body=key.encode(), taker=taker()
        )

    first = await take(2, "a")
    with pytest.raises(errors.BuyerLimit):
        await take(2, "b")
    await take(1, "c")
    await core.holds.release(first.hold.id, first.token)
    await take(2, "d")


@pytest.mark.parametrize("switch", ["ticketing_enabled", "checkout_enabled"])
async def test_a_switched_off_shop_takes_no_new_holds_and_keeps_old_ones(
    settings: Settings, pool: asyncpg.Pool, hot: HotRedis, switch: str
):
    event_id, (kind,) = await make.event(pool, make.chart(make.general("Floor", 10)), [{"categories": ["Floor"]}])
    body = json.dumps({"event_id": event_id, "items": [{"ticket_type_id": kind, "quantity": 1}]}).encode()
    async with TestClient(TestServer(create_app(settings))) as open_shop:
        await open_shop.app[appkeys.INVENTORY].load(event_id)
        placed = await open_shop.post("/v1/holds", data=body, headers={"Idempotency-Key": "open"})
        assert placed.status == 201
        hold = await placed.json()
    async with TestClient(TestServer(create_app(settings.model_copy(update={switch: False})))) as shut_shop:
        await shut_shop.app[appkeys.INVENTORY].load(event_id)
        for key in ("shut", "shut again"):
            refused = await shut_shop.post("/v1/holds", data=body, headers={"Idempotency-Key": key})
            assert (refused.status, (await refused.json())["code"]) == (503, "switched_off")
            assert refused.headers["Retry-After"]
        kept = await shut_shop.get(f"/v1/holds/{hold['id']}", headers={"X-Order-Token": hold["hold_token"]})
        assert kept.status == 200
