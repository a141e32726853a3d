"""Blocked places: kept from sale under a running sale, never under what somebody has."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engine.domain.sale.inventory import BLOCKED, FREE
from tests import factories
from tests.shop import Answer, Shop


@pytest.fixture
async def house(shop: Shop) -> Shop:
    """Twenty seats and ten standing places on sale."""
    await shop.open_event(
        factories.seated("Hall", 2, 10), factories.general("Floor", 10),
        types=[{"categories": ["Hall"]}, {"categories": ["Floor"]}],
    )  # fmt: skip
    return shop


async def turn(shop: Shop, owner: str, verb: str, **body: Any) -> Answer:
    given = {"reason": "Camera", **body} if verb == "block" else body
    return await shop.ask("POST", f"/v1/events/{shop.event_id}/units/{verb}", given, Authorization=owner)


async def states(shop: Shop) -> bytes:
    found = await shop.services.sale.inventory.unit_map(shop.event_id)
    assert found is not None
    return found


async def audited(shop: Shop) -> list[str]:
    (report,) = await shop.services.insight.audit.check(shop.event_id)
    return list(report["problems"])


async def test_a_blocked_place_is_sold_to_nobody_until_it_is_freed(house: Shop):
    owner = await house.organizer()
    done = await turn(house, owner, "block", seats=["Hall/1/5", "Hall/1/4"])
    assert (done.status, done["units"], done["seats"], done["blocked"]) == (200, 2, ["Hall/1/4", "Hall/1/5"], 2)
    assert (await house.pulse())["free"] == 28
    refused = await house.hold(1, seats=["Hall/1/4"])
    assert (refused.status, refused["code"]) == (409, "seat_taken")
    assert await audited(house) == []
    listed = await house.ask("GET", f"/v1/events/{house.event_id}/units/blocked", Authorization=owner)
    assert [(each["seat"], each["reason"]) for each in listed["data"]] == [
        ("Hall/1/4", "Camera"), ("Hall/1/5", "Camera"),
    ]  # fmt: skip
    freed = await turn(house, owner, "unblock", seats=["Hall/1/4"])
    assert (freed["units"], freed["blocked"]) == (1, 1)
    assert (await house.hold(1, seats=["Hall/1/4"])).status == 201
    assert await audited(house) == []


async def test_what_is_sold_held_or_blocked_is_never_blocked_and_nothing_else_either(house: Shop):
    owner = await house.organizer()
    await house.paid(1, seats=["Hall/1/1"])
    await house.hold(1, seats=["Hall/1/2"])
    await turn(house, owner, "block", seats=["Hall/1/3"])
    for taken in ("Hall/1/1", "Hall/1/2", "Hall/1/3"):
        refused = await turn(house, owner, "block", seats=["Hall/2/1", taken])
        assert (refused.status, refused["code"], refused["seats"]) == (409, "units_taken", [taken])
    unknown = await turn(house, owner, "block", seats=["Hall/9/9"])
    assert (unknown.status, unknown["errors"][0]["pointer"]) == (422, "/seats/0")
    assert (await turn(house, owner, "block", seats=["Hall/2/1"], reason="")).status == 422
    others = await turn(house, owner, "unblock", seats=["Hall/2/1"])
    assert (others["code"], others["seats"]) == ("units_not_blocked", ["Hall/2/1"])
    assert (await states(house)).count(BLOCKED) == 1
    assert await audited(house) == []


async def test_a_number_of_a_section_is_taken_from_its_free_end(house: Shop):
    owner = await house.organizer()
    assert (await turn(house, owner, "block", section="Floor", quantity=4))["units"] == 4
    assert [unit for unit, state in enumerate(await states(house)) if state == BLOCKED] == [26, 27, 28, 29]
    assert (await turn(house, owner, "block", section="Floor", quantity=7))["code"] == "units_taken"
    assert (await turn(house, owner, "unblock", section="Floor", quantity=5))["code"] == "units_not_blocked"
    assert (await turn(house, owner, "unblock", section="Floor", quantity=4))["blocked"] == 0
    assert set(await states(house)) == {FREE}
    assert await audited(house) == []


async def test_a_rebuilt_map_keeps_its_blocks_and_an_allotment_keeps_its_places_through_one(house: Shop):
    owner = await house.organizer()
    given = {"name": "Guests", "seats": ["Hall/1/1", "Hall/1/2"], "open_to": ["VIP"]}
    await house.ask("POST", f"/v1/events/{house.event_id}/allotments", given, Authorization=owner)
    await turn(house, owner, "block", seats=["Hall/1/1"])
    before = await states(house)
    await house.services.sale.inventory.rebuild(house.event_id)
    assert await states(house) == before
    await turn(house, owner, "unblock", seats=["Hall/1/1"])
    after = await states(house)
    assert after[0] == after[1] != FREE, "it is the guests' again"
    assert await audited(house) == []


async def test_blocks_and_holds_that_race_share_no_place(house: Shop):
    owner = await house.organizer()
    seats = [f"Hall/{row}/{seat}" for row in (1, 2) for seat in range(1, 11)]
    blocks = [turn(house, owner, "block", seats=[seat]) for seat in seats]
    holds = [house.hold(1, seats=[seat]) for seat in seats]
    answers = await asyncio.gather(*(each for pair in zip(holds, blocks, strict=True) for each in pair))
    for hold, block in zip(answers[::2], answers[1::2], strict=True):
        assert (hold.status == 201) != (block.status == 200), (hold.body, block.body)
    assert await audited(house) == []


async def test_the_audit_knows_a_block_that_only_one_side_has(house: Shop):
    owner = await house.organizer()
    await turn(house, owner, "block", seats=["Hall/1/1"])
    await house.services.common.pool.execute("DELETE FROM blocked_units")
    assert await audited(house) == ["redis: unit 0 is blocked, the ledger does not block it"]


async def test_a_draft_has_nothing_to_block(house: Shop):
    owner = await house.organizer()
    await house.services.common.pool.execute("UPDATE events SET status = 'draft' WHERE id = $1", house.event_id)
    assert (await turn(house, owner, "block", seats=["Hall/1/1"]))["code"] == "event_not_published"
