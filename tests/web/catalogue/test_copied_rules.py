"""Entry rules name the event's own places, in a copy too; times in a copy move by the clocks of its place."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine.domain.catalogue.entry_rules import EntryRules, GateRule
from engine.foundation.ids import new_id

VANCOUVER = ZoneInfo("America/Vancouver")


def local(text: str, zone: ZoneInfo = VANCOUVER) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def face(text: str, zone: ZoneInfo = VANCOUVER) -> str:
    return datetime.fromisoformat(text).astimezone(zone).strftime("%Y-%m-%dT%H:%M")


async def show(organizer: Any, **more: Any) -> tuple[str, list[str]]:
    """A draft at 20:00 to 02:00 local, in the week before the clocks go back, with two types: (id, type ids)."""
    organization_id = await organizer.organization()
    event = await organizer.event(
        organization_id,
        await organizer.venue(organization_id),
        starts_at=local("2027-10-30T20:00").isoformat(),
        ends_at=local("2027-10-31T02:00").isoformat(),
        allow_refunds_until=local("2027-10-29T12:00").isoformat(),
        **more,
    )
    window = {
        "sales_start_at": local("2027-09-20T10:00").isoformat(),
        "sales_end_at": local("2027-10-30T19:30").isoformat(),
    }
    kinds = [(await organizer.ticket_type(event["id"], name=name, **window))["id"] for name in ("Regular", "Crew")]
    return event["id"], kinds


async def test_a_copys_rules_name_its_own_types_and_its_times_keep_their_local_hour(register):
    organizer = await register()
    event_id, (regular, crew) = await show(organizer)
    rules = {
        "allow_reentry": True,
        "exit_all_at": local("2027-10-31T04:00").isoformat(),
        "gates": {
            "North": {"sections": ["Stalls"], "ticket_type_ids": [crew]},
            "Crew": {"ticket_type_ids": [crew, regular]},
            "Any": {},
        },
    }
    await organizer.ok("PATCH", f"/v1/events/{event_id}", {"entry_rules": rules}, headers={"If-Match": "*"})
    later = {"starts_at": local("2027-11-13T20:00").isoformat()}
    copy = await organizer.ok("POST", f"/v1/events/{event_id}/copy", later, 201)
    kinds = (await organizer.ok("GET", f"/v1/events/{copy['id']}/ticket-types"))["data"]
    own = {kind["name"]: kind["id"] for kind in kinds}
    assert not {regular, crew} & set(own.values())
    gates = copy["entry_rules"]["gates"]
    assert gates["North"] == {"sections": ["Stalls"], "ticket_type_ids": [own["Crew"]]}
    assert gates["Crew"] == {"ticket_type_ids": [own["Crew"], own["Regular"]]}
    assert gates["Any"] == {}
    assert face(copy["entry_rules"]["exit_all_at"]) == "2027-11-14T04:00"
    assert (face(copy["ends_at"]), face(copy["allow_refunds_until"])) == ("2027-11-14T02:00", "2027-11-12T12:00")
    for kind in kinds:
        assert (face(kind["sales_start_at"]), face(kind["sales_end_at"])) == ("2027-10-04T10:00", "2027-11-13T19:30")


@pytest.mark.parametrize("start", ["2027-11-13T15:00", "2028-04-01T23:00"])
async def test_a_copy_at_another_hour_opens_its_sale_at_the_same_hour_and_ends_it_as_long_before_the_start(
    register, start: str
):
    organizer = await register()
    event_id, _ = await show(organizer)
    copy = await organizer.ok("POST", f"/v1/events/{event_id}/copy", {"starts_at": local(start).isoformat()}, 201)
    [kind, _] = (await organizer.ok("GET", f"/v1/events/{copy['id']}/ticket-types"))["data"]
    assert face(kind["sales_start_at"])[11:] == "10:00"
    begins = datetime.fromisoformat(start)
    assert datetime.fromisoformat(face(kind["sales_end_at"])) == begins - timedelta(minutes=30)
    assert datetime.fromisoformat(face(copy["ends_at"])) == begins + timedelta(hours=6)


async def test_a_copy_ends_after_it_starts_in_a_night_whose_hour_comes_twice(register):
    organizer = await register()
    organization_id = await organizer.organization()
    event = await organizer.event(
        organization_id,
        await organizer.venue(organization_id),
        starts_at=local("2027-10-24T01:30").isoformat(),
        ends_at=local("2027-10-24T01:50").isoformat(),
    )
    second = local("2027-11-07T01:40").replace(fold=1)
    copy = await organizer.ok("POST", f"/v1/events/{event['id']}/copy", {"starts_at": second.isoformat()}, 201)
    lasts = datetime.fromisoformat(copy["ends_at"]) - datetime.fromisoformat(copy["starts_at"])
    assert lasts == timedelta(minutes=20)


async def test_rules_that_name_what_the_event_does_not_have_are_refused_with_a_pointer_each(register):
    organizer = await register()
    event_id, (regular, _) = await show(organizer)
    _, (foreign, _) = await show(organizer)
    _, (strangers, _) = await show(await register())
    given = {
        "gates": {
            "A/B": {"sections": ["Stalls", "Balcony"], "ticket_type_ids": [regular, foreign]},
            "C~D": {"ticket_type_ids": [strangers, new_id("tt"), "x"], "sections": ["stalls"]},
        }
    }
    pointers = [
        "/gates/A~1B/sections/1", "/gates/A~1B/ticket_type_ids/1", "/gates/C~0D/sections/0",
        "/gates/C~0D/ticket_type_ids/0", "/gates/C~0D/ticket_type_ids/1", "/gates/C~0D/ticket_type_ids/2",
    ]  # fmt: skip
    path, match = f"/v1/events/{event_id}", {"If-Match": "*"}
    document = await organizer.refused("invalid", "PATCH", path, {"entry_rules": given}, headers=match)
    assert [each["pointer"] for each in document["errors"]] == [f"/entry_rules{each}" for each in pointers]
    assert (await organizer.ok("GET", path))["entry_rules"] == {}
    event = await organizer.ok("GET", path)
    new = {name: event[name] for name in ("organization_id", "venue_id", "title", "starts_at", "ends_at", "currency")}
    rules = {"gates": {"North": {"sections": ["Balcony"], "ticket_type_ids": [regular]}}}
    document = await organizer.refused("invalid", "POST", "/v1/events", {**new, "entry_rules": rules})
    assert [each["pointer"] for each in document["errors"]] == [
        "/entry_rules/gates/North/sections/0", "/entry_rules/gates/North/ticket_type_ids/0",
    ]  # fmt: skip
    fitting = {"gates": {"North": {"sections": ["Stalls"]}}}
    assert (await organizer.ok("POST", "/v1/events", {**new, "entry_rules": fitting}, 201))["entry_rules"] == fitting


@pytest.mark.parametrize(
    "names", [["North", "north"], ["North", "Ｎorth"], ["  "], ["North "], ["No\u200brth", "North"]]
)
async def test_gates_that_read_the_same_or_as_nothing_are_refused(register, names: list[str]):
    organizer = await register()
    event_id, _ = await show(organizer)
    rules = {"gates": {name: {} for name in names}}
    await organizer.refused(
        "invalid", "PATCH", f"/v1/events/{event_id}", {"entry_rules": rules}, headers={"If-Match": "*"}
    )


async def test_a_deleted_ticket_type_leaves_the_rules_and_never_opens_its_gate_to_everybody(register):
    organizer = await register()
    event_id, (regular, crew) = await show(organizer)
    gates = {"Crew": {"ticket_type_ids": [crew]}, "Both": {"ticket_type_ids": [crew, regular]},
             "Stalls": {"sections": ["Stalls"], "ticket_type_ids": [crew]}, "Any": {}}  # fmt: skip
    path, match = f"/v1/events/{event_id}", {"If-Match": "*"}
    await organizer.ok("PATCH", path, {"entry_rules": {"gates": gates}}, headers=match)
    await organizer.ok("DELETE", f"/v1/ticket-types/{crew}", status=204, headers=match)
    assert (await organizer.ok("GET", path))["entry_rules"]["gates"] == {
        "Both": {"ticket_type_ids": [regular]}, "Stalls": {"sections": ["Stalls"]}, "Any": {},
    }  # fmt: skip


def test_types_that_are_not_there_leave_the_rules():
    rules = EntryRules(gates={"A": GateRule(ticket_type_ids=["old"]), "B": GateRule(ticket_type_ids=["a", "old"])})
    assert rules.with_types({"a": "b"}).gates == {"B": GateRule(ticket_type_ids=["b"])}
