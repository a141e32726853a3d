"""Drafts, publication and the public listing, over HTTP and real stores."""

from __future__ import annotations

import asyncpg

from tests.web.catalogue import at


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
