"""Promo codes: the organizer's terms, their uses, and the buyer's question."""

from __future__ import annotations

import asyncpg

from tests.web.organizer import at, order

TEN = {"code": "early10", "kind": "percent", "value": 1000}


async def test_a_code_is_kept_in_capitals_once_an_event(register):
    organizer = await register()
    event = await organizer.published()
    path = f"/v1/events/{event['id']}/promo-codes"
    made = await organizer.ok("POST", path, TEN, 201)
    assert (made["code"], made["used_count"], made["status"]) == ("EARLY10", 0, "active")
    document = await organizer.refused("promo_code_taken", "POST", path, {**TEN, "code": "EARLY10"})
    assert document["status"] == 409
    other = await organizer.published()
    await organizer.ok("POST", f"/v1/events/{other['id']}/promo-codes", TEN, 201)


async def test_every_broken_term_is_named(register):
    organizer = await register()
    path = f"/v1/events/{(await organizer.published())['id']}/promo-codes"
    document = await organizer.refused(
        "invalid", "POST", path, {"code": "a b", "kind": "half", "value": -1, "max_uses": 0}
    )
    assert [fault["pointer"] for fault in document["errors"]] == ["/code", "/kind", "/value", "/max_uses"]
    given = {**TEN, "value": 10_001, "valid_from": at(2), "valid_until": at(1)}
    document = await organizer.refused("invalid", "POST", path, given)
    assert [fault["pointer"] for fault in document["errors"]] == ["/value", "/valid_until"]


async def test_uses_are_the_orders_that_still_stand(register, pool: asyncpg.Pool):
    organizer = await register()
    event = await organizer.published()
    made = await organizer.ok("POST", f"/v1/events/{event['id']}/promo-codes", {**TEN, "max_uses": 2}, 201)
    for unit, status in enumerate(("paid", "expired", "pending", "cancelled")):
        await order(pool, event["id"], unit=unit, status=status, promo=made["id"])
    found = await organizer.ok("GET", f"/v1/promo-codes/{made['id']}")
    assert (found["used_count"], found["discount_given_cents"]) == (2, 1000)


async def test_the_buyer_learns_what_a_code_takes_off_and_why_it_does_not(register, guest, pool: asyncpg.Pool):
    organizer = await register()
    event = await organizer.published()
    path = f"/v1/events/{event['id']}/promo-codes"
    made = await organizer.ok("POST", path, {**TEN, "max_uses": 1}, 201)
    await organizer.ok("POST", path, {**TEN, "code": "LATER", "valid_from": at(1)}, 201)
    await organizer.ok("POST", path, {**TEN, "code": "OVER", "valid_until": at(-1)}, 201)
    ask = f"/v1/events/{event['slug']}/promo-codes/validate"
    answer = await guest.ok("POST", ask, {"code": " Early10 "}, 200)
    assert (answer["code"], answer["kind"], answer["value"]) == ("EARLY10", "percent", 1000)
    await guest.refused("promo_invalid", "POST", ask, {"code": "NOPE"})
    await guest.refused("promo_expired", "POST", ask, {"code": "LATER"})
    await guest.refused("promo_expired", "POST", ask, {"code": "OVER"})
    await order(pool, event["id"], promo=made["id"])
    await guest.refused("promo_used_up", "POST", ask, {"code": "EARLY10"})
    path = f"/v1/promo-codes/{made['id']}"
    await organizer.refused("precondition_required", "PATCH", path, {"status": "disabled"})
    await organizer.ok("PATCH", path, {"status": "disabled"}, headers={"If-Match": '"1"'})
    await guest.refused("promo_invalid", "POST", ask, {"code": "EARLY10"})


async def test_a_code_is_deleted_only_before_its_event_was_published(register):
    organizer = await register()
    organization_id = await organizer.organization()
    event = await organizer.event(organization_id, await organizer.venue(organization_id))
    made = await organizer.ok("POST", f"/v1/events/{event['id']}/promo-codes", TEN, 201)
    await organizer.ok("DELETE", f"/v1/promo-codes/{made['id']}", status=204, headers={"If-Match": "*"})
    await organizer.refused("promo_code_unknown", "GET", f"/v1/promo-codes/{made['id']}")
    public = await organizer.published()
    made = await organizer.ok("POST", f"/v1/events/{public['id']}/promo-codes", TEN, 201)
    await organizer.refused("promo_code_used", "DELETE", f"/v1/promo-codes/{made['id']}", headers={"If-Match": "*"})
