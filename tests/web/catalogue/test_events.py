"""Drafts, publication and the public listing, over HTTP and real stores."""

from __future__ import annotations

from datetime import datetime

import asyncpg
import pytest

from engine.foundation.connections import HotRedis
from engine.foundation.ids import new_id
from engine.foundation.shelf import PUBLIC
from engine.stores import keys
from tests.web.organizer import CHART, at, order


async def test_the_whole_way_from_registration_to_a_published_event(register, guest, pool: asyncpg.Pool):
    organizer = await register()
    organization_id = await organizer.organization()
    venue_id = await organizer.venue(organization_id)
    event = await organizer.event(
        organization_id,
        venue_id,
        title="Montréal — Jazz!",
        taxes=[{"name": "GST", "rate_bp": 500}],
        fee={"rate_bp": 600, "fixed_cents": 100, "paid_by": "buyer"},
    )
    assert (event["slug"], event["status"], event["timezone"]) == ("montreal-jazz", "draft", "America/Vancouver")
    await guest.refused("event_unknown", "GET", f"/v1/events/{event['id']}")

    kind = await organizer.ticket_type(event["id"])
    assert kind["all_in_cents"] == 5114  # 45.00 + 6 % + 1.00 = 48.70, and 5 % of that = 2.44 half-up
    on_sale = await organizer.ok(
        "PUT", f"/v1/events/{event['id']}/on-sale", {"opens_at": at(-1), "room": {"enabled": True, "capacity": 50}}
    )
    assert (on_sale["live"], on_sale["room"]["capacity"]) == (False, 50)

    published = await organizer.ok("POST", f"/v1/events/{event['id']}/publish")
    assert (published["status"], published["units"], published["price_from_cents"]) == ("published", 100, 5114)
    by_slug = await guest.ok("GET", "/v1/events/montreal-jazz")
    assert by_slug["on_sale"]["room_enabled"] is True
    row = await pool.fetchrow("SELECT live, card, room FROM on_sales")
    assert row["live"] is True
    assert row["card"]["shop_url"].endswith("/e/montreal-jazz/shop")
    assert "enabled" not in row["room"]
    listed = await guest.ok("GET", "/v1/events")
    assert [each["id"] for each in listed["data"]] == [event["id"]]


async def test_a_draft_is_refused_with_every_fault_at_once(register):
    organizer = await register()
    organization_id = await organizer.organization()
    given = {"organization_id": organization_id, "venue_id": "ven_x", "title": "", "hold_ttl_s": 10,
             "starts_at": "yesterday", "fee": {"rate_bp": -1}, "orphan_policy": "maybe"}  # fmt: skip
    document = await organizer.refused("invalid", "POST", "/v1/events", given)
    assert {fault["pointer"] for fault in document["errors"]} == {
        "/venue_id", "/title", "/hold_ttl_s", "/starts_at", "/ends_at", "/currency", "/fee/rate_bp", "/orphan_policy",
    }  # fmt: skip
    given = {"organization_id": organization_id, "venue_id": new_id("ven"), "title": "A", "currency": "XXZ",
             "starts_at": at(3), "ends_at": at(2), "timezone": "Nowhere",
             "taxes": [{"name": "A", "rate_bp": 1}, {"name": "A", "rate_bp": 2}]}  # fmt: skip
    document = await organizer.refused("invalid", "POST", "/v1/events", given)
    assert {fault["pointer"] for fault in document["errors"]} == {"/ends_at", "/timezone", "/currency", "/taxes"}


async def test_a_moment_without_a_zone_is_refused(register):
    organizer = await register()
    organization_id = await organizer.organization()
    venue_id = await organizer.venue(organization_id)
    given = {"organization_id": organization_id, "venue_id": venue_id, "title": "A", "currency": "CAD",
             "starts_at": "2027-01-01T20:00:00", "ends_at": "9999-12-31T23:59:59-12:00"}  # fmt: skip
    document = await organizer.refused("invalid", "POST", "/v1/events", given)
    assert [fault["pointer"] for fault in document["errors"]] == ["/starts_at"]
    given["starts_at"] += "Z"
    document = await organizer.refused("invalid", "POST", "/v1/events", given)
    assert [fault["pointer"] for fault in document["errors"]] == ["/ends_at"]


async def test_an_event_takes_place_at_a_venue_of_its_own_organization(register):
    organizer, other = await register(), await register()
    foreign = await other.venue(await other.organization())
    organization_id = await organizer.organization()
    given = {"organization_id": organization_id, "venue_id": foreign, "title": "A", "currency": "CAD",
             "starts_at": at(1), "ends_at": at(2)}  # fmt: skip
    document = await organizer.refused("invalid", "POST", "/v1/events", given)
    assert document["errors"][0]["code"] == "unknown_venue"


async def test_two_events_of_one_title_have_two_slugs(register):
    organizer = await register()
    organization_id = await organizer.organization()
    venue_id = await organizer.venue(organization_id)
    slugs = {(await organizer.event(organization_id, venue_id, title="Same Night"))["slug"] for _ in range(3)}
    assert len(slugs) == 3
    assert all(slug.startswith("same-night") for slug in slugs)


async def test_a_draft_may_change_in_everything_with_its_version(register):
    organizer = await register()
    organization_id = await organizer.organization()
    first, second = await organizer.venue(organization_id), await organizer.venue(organization_id, name="Other")
    event = await organizer.event(organization_id, first)
    path = f"/v1/events/{event['id']}"
    await organizer.refused("precondition_required", "PATCH", path, {"title": "B"})
    etag = await organizer.etag(path)
    change = {"title": "B", "venue_id": second, "currency": "USD", "tags": ["late"], "allow_refunds_until": at(20)}
    changed = await organizer.ok("PATCH", path, change, headers={"If-Match": etag})
    assert (changed["title"], changed["venue"]["name"], changed["currency"]) == ("B", "Other", "USD")
    assert changed["slug"] == event["slug"], "an address that was given away stays"
    document = await organizer.refused("precondition_failed", "PATCH", path, {"title": "C"}, headers={"If-Match": etag})
    assert document["version"] == 2
    await organizer.refused("invalid", "PATCH", path, {"ends_at": at(1)}, headers={"If-Match": '"2"'})
    await organizer.ok("PATCH", path, {"allow_refunds_until": None}, headers={"If-Match": '"2"'})


async def test_publication_says_all_that_is_missing(register, pool: asyncpg.Pool):
    organizer = await register()
    organization_id = await organizer.organization()
    venue_id = await organizer.venue(organization_id, chart=None)
    event = await organizer.event(organization_id, venue_id)
    publish = f"/v1/events/{event['id']}/publish"
    document = await organizer.refused("event_incomplete", "POST", publish)
    assert (document["status"], document["missing"]) == (409, ["seating_chart", "ticket_types", "on_sale"])
    await organizer.ok("PUT", f"/v1/venues/{venue_id}/seating-chart", CHART)
    await organizer.ticket_type(event["id"])
    await organizer.ok("PUT", f"/v1/events/{event['id']}/on-sale", {"opens_at": at(1)})
    await organizer.ok("PUT", f"/v1/venues/{venue_id}/seating-chart", {**CHART, "sections": CHART["sections"][1:]})
    await pool.execute("UPDATE organizations SET status = 'suspended'")
    document = await organizer.refused("event_incomplete", "POST", publish)
    assert document["missing"] == ["ticket_type_categories", "organization_active"]
    assert await pool.fetchval("SELECT status FROM events") == "draft"


async def test_publication_freezes_the_chart_and_loads_the_inventory(register, pool: asyncpg.Pool, hot: HotRedis):
    organizer = await register()
    event = await organizer.published()
    unit_map = await hot.command(b"GET", keys.unit_map(event["id"]))
    assert len(unit_map) == event["units"] == 100
    await organizer.ok(
        "PUT", f"/v1/venues/{event['venue_id']}/seating-chart", {**CHART, "sections": CHART["sections"][1:]}
    )
    assert await pool.fetchval("SELECT chart_categories FROM events") == ["Stalls", "Floor"]
    again = await organizer.ok("POST", f"/v1/events/{event['id']}/publish")
    assert (again["version"], again["units"]) == (event["version"], 100), "publishing twice changes nothing"


async def test_what_was_published_keeps_its_currency_and_its_seats_wherever_it_moves(register, pool: asyncpg.Pool):
    organizer = await register()
    event = await organizer.published()
    path = f"/v1/events/{event['id']}"
    headers = {"If-Match": "*"}
    for change in ({"currency": "USD"}, {"currency": "USD", "title": "X"}):
        document = await organizer.refused("event_frozen", "PATCH", path, change, headers=headers)
        assert document["fields"] == [next(iter(change))]
    smaller = {**CHART, "sections": CHART["sections"][1:]}
    other = await organizer.venue(event["organization_id"], smaller, name="Orpheum")
    moved = await organizer.ok("PATCH", path, {"venue_id": other}, headers=headers)
    assert (moved["venue"]["name"], moved["units"]) == ("Orpheum", event["units"])
    assert (await pool.fetchval("SELECT card FROM on_sales"))["venue"] == "Orpheum"
    change = {"currency": "CAD", "title": "X", "taxes": [{"name": "GST", "rate_bp": 500}]}
    changed = await organizer.ok("PATCH", path, change, headers=headers)
    assert (changed["title"], changed["price_from_cents"]) == ("X", 4725), "the listing's price follows the tax"
    assert (await pool.fetchval("SELECT card FROM on_sales"))["title"] == "X"


async def test_a_published_event_goes_back_to_draft_only_while_nobody_ordered(register, guest, pool: asyncpg.Pool):
    organizer = await register()
    event = await organizer.published()
    path = f"/v1/events/{event['id']}"
    draft = await organizer.ok("POST", f"{path}/unpublish")
    assert draft["status"] == "draft"
    assert await pool.fetchval("SELECT live FROM on_sales") is False
    await guest.refused("event_unknown", "GET", path)
    assert (await organizer.ok("POST", f"{path}/unpublish"))["version"] == draft["version"]
    await organizer.ok("POST", f"{path}/publish")
    await order(pool, event["id"])
    document = await organizer.refused("event_has_orders", "POST", f"{path}/unpublish")
    assert document["status"] == 409
    await organizer.refused("event_not_draft", "DELETE", path, headers={"If-Match": "*"})


async def test_a_cancelled_event_stops_selling_and_its_refunds_are_queued_once(register, guest, pool: asyncpg.Pool):
    organizer = await register()
    event = await organizer.published()
    path = f"/v1/events/{event['id']}"
    for _ in range(2):
        assert (await organizer.ok("POST", f"{path}/cancel"))["status"] == "cancelled"
    rows = await pool.fetch("SELECT payload FROM outbox WHERE topic = 'event.cancelled'")
    assert [row["payload"] for row in rows] == [{"event_id": event["id"]}]
    assert await pool.fetchval("SELECT live FROM on_sales") is False
    assert (await guest.ok("GET", path))["status"] == "cancelled", "people holding its address learn what happened"
    assert (await guest.ok("GET", "/v1/events"))["data"] == []
    await organizer.refused("event_not_draft", "POST", f"{path}/publish")
    await organizer.refused("event_not_published", "POST", f"{path}/unpublish")
    await organizer.refused("event_frozen", "PATCH", path, {"title": "Y"}, headers={"If-Match": "*"})
    await organizer.refused("event_frozen", "PUT", f"{path}/on-sale", {"opens_at": at(1)})


async def test_a_copy_is_a_draft_on_another_date_with_the_same_ticket_types(register):
    organizer = await register()
    event = await organizer.published(allow_refunds_until=at(29), taxes=[{"name": "GST", "rate_bp": 500}])
    path = f"/v1/events/{event['id']}/copy"
    await organizer.refused("invalid", "POST", path, {"starts_at": at(60), "ends_at": at(59)})
    await organizer.refused("invalid", "POST", path, {"starts_at": "9999-12-31T23:00:00Z"})
    copy = await organizer.ok("POST", path, {"starts_at": at(60), "title": "Second Night"}, 201)
    assert (copy["status"], copy["slug"], copy["price_from_cents"]) == ("draft", "second-night", 4725)
    moments = [datetime.fromisoformat(copy[name]) for name in ("allow_refunds_until", "starts_at", "ends_at")]
    assert (moments[1] - moments[0]).total_seconds() == pytest.approx(86400, abs=5)
    assert (moments[2] - moments[1]).total_seconds() == pytest.approx(10800, abs=5)
    kinds = (await organizer.ok("GET", f"/v1/events/{copy['id']}/ticket-types"))["data"]
    assert [(kind["name"], kind["number"]) for kind in kinds] == [("Regular", 0)]
    assert copy["on_sale"] is None


async def test_only_a_draft_is_deleted_with_all_that_hangs_on_it(register, pool: asyncpg.Pool):
    organizer = await register()
    organization_id = await organizer.organization()
    event = await organizer.event(organization_id, await organizer.venue(organization_id))
    await organizer.ticket_type(event["id"])
    path = f"/v1/events/{event['id']}"
    await organizer.refused("event_not_published", "POST", f"{path}/cancel")
    await organizer.refused("precondition_required", "DELETE", path)
    await organizer.ok("DELETE", path, status=204, headers={"If-Match": "*"})
    await organizer.refused("event_unknown", "GET", path)
    assert await pool.fetchval("SELECT count(*) FROM ticket_types") == 0


async def test_an_etag_changes_with_anything_the_event_shows(register, guest):
    organizer = await register()
    event = await organizer.published()
    path = f"/v1/events/{event['id']}"
    first = await guest.ask("GET", path)
    assert first.headers["Cache-Control"] == PUBLIC
    assert (await guest.ask("GET", path, headers={"If-None-Match": first.headers["ETag"]})).status == 304
    await organizer.ticket_type(event["id"], name="Cheap", price_cents=100)
    second = await guest.ask("GET", path, headers={"If-None-Match": first.headers["ETag"]})
    assert (second.status, (await second.json())["price_from_cents"]) == (200, 100)
    await organizer.ok("PATCH", path, {"title": "Z"}, headers={"If-Match": first.headers["ETag"]})


async def test_an_unknown_address_is_not_found_whatever_it_looks_like(guest):
    for name in ("evt_nothing", "no-such-slug", new_id("evt"), "%FF", "%F0%9F%8E%9F", "x" * 5000):
        document = await guest.refused("event_unknown", "GET", f"/v1/events/{name}")
        assert document["status"] == 404
    await guest.refused("not_found", "GET", "/v1/events/a%00b")


async def test_an_organization_lists_its_own_drafts_newest_first(register):
    organizer, stranger = await register(), await register()
    organization_id = await organizer.organization()
    venue_id = await organizer.venue(organization_id)
    made = [(await organizer.event(organization_id, venue_id))["id"] for _ in range(3)]
    path = f"/v1/organizations/{organization_id}/events"
    page = await organizer.ok("GET", f"{path}?limit=2")
    assert [each["id"] for each in page["data"]] == [made[2], made[1]]
    await organizer.event(organization_id, venue_id)
    rest = await organizer.ok("GET", f"{path}?limit=2&cursor={page['next_cursor']}")
    assert [each["id"] for each in rest["data"]] == [made[0]]
    await stranger.refused("forbidden", "GET", path)
