"""Events without seats: a number of places is enough, on the event or on its ticket types."""

from __future__ import annotations

import asyncpg

from tests.shop import Shop
from tests.web.organizer import Someone, at


async def draft(organizer: Someone, *, chart: bool = False, **more: object) -> str:
    organization_id = await organizer.organization()
    venue_id = await organizer.venue(organization_id, **({} if chart else {"chart": None}))
    event = await organizer.event(organization_id, venue_id, **more)
    await organizer.ok("PUT", f"/v1/events/{event['id']}/on-sale", {"opens_at": at(-1)})
    return str(event["id"])


async def standing_type(organizer: Someone, event_id: str, **more: object) -> str:
    given = {"name": "Standing", "price_cents": 2000, **more}
    return str((await organizer.ok("POST", f"/v1/events/{event_id}/ticket-types", given, 201))["id"])


async def test_a_capacity_is_enough_to_publish_and_no_place_more_is_sold(register, shop: Shop):
    organizer = await register()
    event_id = await draft(organizer, capacity=3)
    kind = await standing_type(organizer, event_id)
    event = await organizer.ok("POST", f"/v1/events/{event_id}/publish")
    assert (event["units"], event["capacity"], event["status"]) == (3, 3, "published")
    shop.event_id, shop.types = event_id, [kind]
    held = await shop.hold(2)
    assert held.status == 201, held.body
    assert {item["section"] for item in held["items"]} == {"General admission"}
    refused = await shop.hold(2)
    assert (refused.status, refused["code"], refused["free"]) == (409, "sold_out", 1)
    assert (await shop.hold(1)).status == 201


async def test_the_limits_of_the_ticket_types_are_a_capacity_too(register, shop: Shop):
    organizer = await register()
    event_id = await draft(organizer)
    early, late = [await standing_type(organizer, event_id, name=name, capacity=2) for name in ("Early", "Late")]
    event = await organizer.ok("POST", f"/v1/events/{event_id}/publish")
    assert event["units"] == 4
    shop.event_id, shop.types = event_id, [early, late]
    assert (await shop.hold(2)).status == 201
    assert (await shop.hold(1)).status == 409
    assert (await shop.hold(2, type=late)).status == 201


async def test_nobody_said_how_many_is_told_as_a_missing_chart(register, pool: asyncpg.Pool):
    organizer = await register()
    event_id = await draft(organizer)
    await standing_type(organizer, event_id, capacity=5)
    await standing_type(organizer, event_id, name="As many as there are")
    document = await organizer.refused("event_incomplete", "POST", f"/v1/events/{event_id}/publish")
    assert document["missing"] == ["seating_chart"]
    assert await pool.fetchval("SELECT chart IS NULL FROM events WHERE id = $1", event_id)


async def test_a_standing_night_in_a_seated_hall_sells_its_places_and_no_seat(register, shop: Shop):
    organizer = await register()
    event_id = await draft(organizer, chart=True, capacity=50)
    path = f"/v1/events/{event_id}/ticket-types"
    given = {"name": "Seat", "price_cents": 1000, "categories": ["Stalls"]}
    document = await organizer.refused("invalid", "POST", path, given)
    assert document["errors"][0]["pointer"] == "/categories/0"
    await standing_type(organizer, event_id, categories=["General admission"])
    allotment = {"name": "Guests", "section": "General admission", "quantity": 5}
    await organizer.ok("POST", f"/v1/events/{event_id}/allotments", allotment, 201)
    await organizer.ok("POST", f"/v1/events/{event_id}/publish")
    shown = await shop.ask("GET", f"/v1/events/{event_id}/seatmap")
    assert [(section["kind"], section["units"]) for section in shown["sections"]] == [("general", 50)]


async def test_a_ticket_type_without_categories_sells_every_part_of_a_seated_event(register, shop: Shop):
    organizer = await register()
    event_id = await draft(organizer, chart=True)
    kind = await standing_type(organizer, event_id, name="Anywhere", max_per_order=10)
    event = await organizer.ok("POST", f"/v1/events/{event_id}/publish")
    (sold,) = (await organizer.ok("GET", f"/v1/events/{event_id}/ticket-types"))["data"]
    assert sold["categories"] == []
    (free,) = (await shop.ask("GET", f"/v1/events/{event_id}/availability"))["ticket_types"]
    assert free["free"] == event["units"]
    shop.event_id, shop.types = event_id, [kind]
    sections = (await shop.ask("GET", f"/v1/events/{event_id}/seatmap"))["sections"]
    assert len(sections) > 1
    for section in sections:
        held = await shop.hold(1, section=section["name"])
        assert held.status == 201, held.body
        assert held["items"][0]["section"] == section["name"]


async def test_a_capacity_is_fixed_by_publication_and_copied_with_the_event(register):
    organizer = await register()
    event_id = await draft(organizer, capacity=3)
    await standing_type(organizer, event_id)
    await organizer.ok("PATCH", f"/v1/events/{event_id}", {"capacity": 8}, headers={"If-Match": "*"})
    await organizer.ok("POST", f"/v1/events/{event_id}/publish")
    change = {"capacity": 9}
    document = await organizer.refused(
        "event_frozen", "PATCH", f"/v1/events/{event_id}", change, headers={"If-Match": "*"}
    )
    assert document["fields"] == ["capacity"]
    copy = await organizer.ok("POST", f"/v1/events/{event_id}/copy", {"starts_at": at(60)}, 201)
    assert copy["capacity"] == 8
    for capacity in (0, -1, 200_001, "many"):
        wrong = await organizer.refused(
            "invalid", "PATCH", f"/v1/events/{copy['id']}", {"capacity": capacity}, headers={"If-Match": "*"}
        )
        assert wrong["errors"][0]["pointer"] == "/capacity"
