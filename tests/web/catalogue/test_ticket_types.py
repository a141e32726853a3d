"""Ticket types: categories, prices, and what publication fixes."""

from __future__ import annotations

import asyncpg
import pytest

from tests.web.organizer import Someone, at, order


@pytest.fixture
async def organizer(register) -> Someone:
    return await register()


async def draft(organizer: Someone, **more) -> dict:
    organization_id = await organizer.organization()
    return await organizer.event(organization_id, await organizer.venue(organization_id), **more)


async def test_a_type_shows_what_its_buyer_pays_whoever_pays_the_fee(organizer, guest):
    tax = [{"name": "GST", "rate_bp": 500}, {"name": "PST", "rate_bp": 700}]
    on_top = await draft(organizer, taxes=tax, fee={"rate_bp": 600, "paid_by": "buyer"})
    inside = await draft(organizer, taxes=tax, fee={"rate_bp": 600, "paid_by": "organizer"})
    assert (await organizer.ticket_type(on_top["id"], price_cents=10_000))["all_in_cents"] == 11_872
    assert (await organizer.ticket_type(inside["id"], price_cents=10_000))["all_in_cents"] == 11_200
    assert (await organizer.ticket_type(inside["id"], price_cents=10_000, taxable=False))["all_in_cents"] == 10_000
    assert (await organizer.ticket_type(inside["id"], price_cents=0))["all_in_cents"] == 0


async def test_every_broken_field_and_unknown_category_is_named(organizer):
    path = f"/v1/events/{(await draft(organizer))['id']}/ticket-types"
    given = {"name": "", "price_cents": -1, "categories": [], "max_per_order": 0, "visibility": "secret"}
    document = await organizer.refused("invalid", "POST", path, given)
    assert [fault["pointer"] for fault in document["errors"]] == [
        "/name", "/price_cents", "/categories", "/max_per_order", "/visibility",
    ]  # fmt: skip
    given = {"name": "A", "price_cents": 1, "categories": ["Stalls", "Balcony", "Stalls"],
             "sales_start_at": at(2), "sales_end_at": at(1)}  # fmt: skip
    document = await organizer.refused("invalid", "POST", path, given)
    assert [(fault["pointer"], fault["code"]) for fault in document["errors"]] == [
        ("/categories/1", "unknown_category"), ("/categories/2", "duplicate"), ("/sales_end_at", "out_of_order"),
    ]  # fmt: skip
    assert (await organizer.ok("GET", path))["data"] == []


async def test_hidden_types_are_listed_to_the_organizer_only_and_make_no_listed_price(organizer, guest):
    event = await organizer.published()
    hidden = await organizer.ticket_type(event["id"], name="Friends", price_cents=100, visibility="hidden", sort=-1)
    path = f"/v1/events/{event['id']}/ticket-types"
    assert [each["name"] for each in (await organizer.ok("GET", path))["data"]] == ["Friends", "Regular"]
    assert [each["name"] for each in (await guest.ok("GET", path))["data"]] == ["Regular"]
    assert (await guest.ok("GET", f"/v1/ticket-types/{hidden['id']}"))["name"] == "Friends"
    assert (await guest.ok("GET", f"/v1/events/{event['slug']}"))["price_from_cents"] == 4500


async def test_a_number_is_never_given_twice_even_after_its_type_is_gone(organizer):
    event = await draft(organizer)
    first, second = await organizer.ticket_type(event["id"]), await organizer.ticket_type(event["id"])
    await organizer.ok("DELETE", f"/v1/ticket-types/{second['id']}", status=204, headers={"If-Match": "*"})
    third = await organizer.ticket_type(event["id"])
    assert [first["number"], second["number"], third["number"]] == [0, 1, 2]


async def test_a_change_needs_the_version_that_was_read(organizer):
    kind = await organizer.ticket_type((await draft(organizer))["id"])
    path = f"/v1/ticket-types/{kind['id']}"
    await organizer.refused("precondition_required", "PATCH", path, {"price_cents": 1})
    await organizer.refused("precondition_required", "DELETE", path)
    etag = await organizer.etag(path)
    changed = await organizer.ok("PATCH", path, {"price_cents": 5000, "capacity": 5}, headers={"If-Match": etag})
    assert (changed["price_cents"], changed["capacity"], changed["version"]) == (5000, 5, 2)
    await organizer.refused("precondition_failed", "PATCH", path, {"price_cents": 1}, headers={"If-Match": etag})
    await organizer.refused("precondition_failed", "DELETE", path, headers={"If-Match": etag})
    nested = f"/v1/events/{kind['event_id']}/ticket-types/{kind['id']}"
    changed = await organizer.ok("PATCH", nested, {"capacity": None}, headers={"If-Match": '"2"'})
    assert changed["capacity"] is None
    fresh = await organizer.ask("GET", path, headers={"If-None-Match": await organizer.etag(path)})
    assert fresh.status == 304


async def test_publication_fixes_the_categories_and_keeps_the_type(organizer, pool: asyncpg.Pool):
    event = await organizer.published()
    kind = (await organizer.ok("GET", f"/v1/events/{event['id']}/ticket-types"))["data"][0]
    path, headers = f"/v1/ticket-types/{kind['id']}", {"If-Match": "*"}
    document = await organizer.refused("event_frozen", "PATCH", path, {"categories": ["Floor"]}, headers=headers)
    assert document["fields"] == ["categories"]
    await organizer.ok("PATCH", path, {"categories": ["Stalls"], "price_cents": 4000}, headers=headers)
    await organizer.refused("event_not_draft", "DELETE", path, headers=headers)
    await order(pool, event["id"], unit=1)
    await order(pool, event["id"], unit=2)
    document = await organizer.refused("capacity_below_sold", "PATCH", path, {"capacity": 1}, headers=headers)
    assert document["sold"] == 2
    await organizer.ok("PATCH", path, {"capacity": 2}, headers=headers)


async def test_a_price_that_changes_reaches_the_selling_snapshot_and_the_listing(organizer, guest):
    event = await organizer.published()
    kind = (await organizer.ok("GET", f"/v1/events/{event['id']}/ticket-types"))["data"][0]
    await organizer.ok("PATCH", f"/v1/ticket-types/{kind['id']}", {"price_cents": 100}, headers={"If-Match": '"1"'})
    assert (await guest.ok("GET", "/v1/events?price_max=100"))["data"][0]["price_from_cents"] == 100
