"""Allotments: disjoint sets of free units, closed to everybody not named."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from engine.domain.sale.inventory import HELD
from engine.foundation.connections import HotRedis
from engine.stores import keys
from tests.web.organizer import Someone, order


@pytest.fixture
async def organizer(register) -> Someone:
    return await register()


async def units(pool: asyncpg.Pool, allotment: dict) -> list[int]:
    return await pool.fetchval("SELECT units FROM allotments WHERE id = $1", allotment["id"])


async def test_named_seats_are_set_apart_in_the_running_inventory(organizer, pool: asyncpg.Pool, hot: HotRedis):
    event = await organizer.published()
    path = f"/v1/events/{event['id']}/allotments"
    given = {"name": "Comps", "seats": ["Stalls/B/1", "Stalls/A/1"], "open_to": ["comps"]}
    made = await organizer.ok("POST", path, given, 201)
    assert (made["units"], made["seats"], made["open_to"]) == (2, ["Stalls/A/1", "Stalls/B/1"], ["comps"])
    unit_map = await hot.command(b"GET", keys.unit_map(event["id"]))
    assert unit_map[0] == unit_map[10] == 0x42
    assert unit_map[1] == 0x40
    assert (await organizer.ok("GET", path))["data"] == [made]


async def test_a_section_and_a_quantity_take_its_last_free_places(organizer, pool: asyncpg.Pool):
    event = await organizer.published()
    path = f"/v1/events/{event['id']}/allotments"
    await order(pool, event["id"], unit=98)
    first = await organizer.ok("POST", path, {"name": "A", "section": "Floor", "quantity": 3}, 201)
    second = await organizer.ok("POST", path, {"name": "B", "section": "Floor", "quantity": 2}, 201)
    assert await units(pool, first) == [96, 97, 99]
    assert await units(pool, second) == [94, 95]
    assert (first["number"], second["number"], first["seats"]) == (1, 2, [])
    document = await organizer.refused("units_taken", "POST", path, {"name": "C", "section": "Floor", "quantity": 55})
    assert document["free"] == 54


async def test_what_is_sold_held_or_set_apart_already_is_refused_by_name(organizer, pool: asyncpg.Pool, hot: HotRedis):
    event = await organizer.published()
    path = f"/v1/events/{event['id']}/allotments"
    await order(pool, event["id"], unit=0)
    await hot.command(b"SETRANGE", keys.unit_map(event["id"]), 1, bytes([HELD]))
    await organizer.ok("POST", path, {"name": "A", "seats": ["Stalls/A/3"]}, 201)
    given = {"name": "B", "seats": [f"Stalls/A/{seat}" for seat in range(1, 6)]}
    document = await organizer.refused("units_taken", "POST", path, given)
    assert (document["status"], document["seats"]) == (409, ["Stalls/A/1", "Stalls/A/2", "Stalls/A/3"])


async def test_seats_that_do_not_exist_are_named(organizer):
    event = await organizer.published()
    path = f"/v1/events/{event['id']}/allotments"
    given = {"name": "A", "seats": ["Stalls/A/1", "Stalls/Z/1", "nonsense", "Stalls/A/1"]}
    document = await organizer.refused("invalid", "POST", path, given)
    assert [(fault["pointer"], fault["code"]) for fault in document["errors"]] == [
        ("/seats/1", "unknown_seat"), ("/seats/2", "unknown_seat"), ("/seats/3", "duplicate"),
    ]  # fmt: skip
    for given, pointer in (
        ({"name": "A"}, "/seats"),
        ({"name": "A", "section": "Floor"}, "/seats"),
        ({"name": "A", "section": "Floor", "quantity": 1, "seats": ["Stalls/A/1"]}, "/seats"),
        ({"name": "A", "section": "Roof", "quantity": 1}, "/section"),
        ({"name": "A", "section": "Floor", "quantity": 0}, "/quantity"),
    ):
        document = await organizer.refused("invalid", "POST", path, given)
        assert [fault["pointer"] for fault in document["errors"]] == [pointer]


async def test_two_asked_at_once_for_the_same_seats_never_share_them(organizer, pool: asyncpg.Pool):
    event = await organizer.published()
    path = f"/v1/events/{event['id']}/allotments"
    answers = await asyncio.gather(
        *[organizer.ask("POST", path, {"name": f"{n}", "seats": ["Stalls/A/1", "Stalls/A/2"]}) for n in range(4)]
    )
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]
    assert await pool.fetchval("SELECT count(*) FROM allotments") == 1


async def test_released_units_are_everybodys_again_and_sold_ones_stay_sold(organizer, pool, hot: HotRedis):
    event = await organizer.published()
    made = await organizer.ok(
        "POST", f"/v1/events/{event['id']}/allotments", {"name": "A", "seats": ["Stalls/A/1", "Stalls/A/2"]}, 201
    )
    await hot.command(b"SETRANGE", keys.unit_map(event["id"]), 1, bytes([HELD]))
    path = f"/v1/allotments/{made['id']}"
    await organizer.refused("precondition_required", "DELETE", path)
    await organizer.refused("precondition_failed", "DELETE", path, headers={"If-Match": '"9"'})
    await organizer.ok("DELETE", path, status=204, headers={"If-Match": '"1"'})
    unit_map = await hot.command(b"GET", keys.unit_map(event["id"]))
    assert (unit_map[0], unit_map[1]) == (0x40, HELD)
    await organizer.refused("allotment_unknown", "DELETE", path, headers={"If-Match": "*"})


async def test_an_allotment_is_opened_to_others_with_its_version(organizer):
    event = await organizer.published()
    made = await organizer.ok(
        "POST", f"/v1/events/{event['id']}/allotments", {"name": "A", "section": "Floor", "quantity": 1}, 201
    )
    path = f"/v1/allotments/{made['id']}"
    changed = await organizer.ok("PATCH", path, {"open_to": ["PRESALE"]}, headers={"If-Match": '"1"'})
    assert (changed["open_to"], changed["version"]) == (["PRESALE"], 2)
    await organizer.refused("precondition_failed", "PATCH", path, {"open_to": []}, headers={"If-Match": '"1"'})


async def test_a_draft_may_be_divided_before_it_is_published(organizer):
    organization_id = await organizer.organization()
    bare = await organizer.event(organization_id, await organizer.venue(organization_id, chart=None))
    await organizer.refused(
        "chart_missing", "POST", f"/v1/events/{bare['id']}/allotments", {"name": "A", "section": "Floor", "quantity": 1}
    )
    event = await organizer.event(organization_id, await organizer.venue(organization_id))
    path = f"/v1/events/{event['id']}/allotments"
    await organizer.ok("POST", path, {"name": "A", "section": "Floor", "quantity": 5}, 201)
    assert len((await organizer.ok("GET", path))["data"]) == 1
