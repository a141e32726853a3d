"""A promo code's terms: from how much on, for which tickets, how often for one buyer, and what it shows."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.shop import Shop
from tests.web.organizer import Someone, at


@pytest.fixture
async def organizer(register) -> Someone:
    return await register()


async def draft(organizer: Someone) -> dict:
    organization_id = await organizer.organization()
    return await organizer.event(organization_id, await organizer.venue(organization_id))


async def code(shop: Shop, **terms: Any) -> dict[str, Any]:
    """A code of the shop's event, as its organizer makes it; the engine under test knows it."""
    owner = await shop.organizer()
    given = {"code": "GOOD", "kind": "percent", "value": 1000, **terms}
    made = await shop.ask("POST", f"/v1/events/{shop.event_id}/promo-codes", given, Authorization=owner)
    assert made.status == 201, made.body
    return dict(made.body)


async def test_a_code_for_more_tickets_or_others_says_so_and_nothing_is_held(shop: Shop):
    kinds = [{"categories": ["Floor"]}, {"categories": ["Floor"], "price_cents": 3000}]
    await shop.open_event(types=kinds)
    cheap, dear = shop.types
    await code(shop, min_quantity=2, min_amount_cents=6000, ticket_type_ids=[dear])
    for quantity, kind in ((5, cheap), (1, dear)):
        refused = await shop.hold(quantity, type=kind, promo_code="GOOD")
        assert (refused.status, refused["code"], refused["min_quantity"]) == (422, "promo_not_met", 2)
    assert (await shop.pulse())["held"] == 0
    items = [{"ticket_type_id": cheap, "quantity": 1}, {"ticket_type_id": dear, "quantity": 2}]
    body = {"event_id": shop.event_id, "items": items, "promo_code": "good"}
    hold = await shop.ask("POST", "/v1/holds", body, Idempotency_Key=shop.key())
    assert hold["price"]["discount_cents"] == 600, "a tenth of the dear ones"


async def test_one_buyer_uses_a_code_so_often_however_the_address_is_written_and_however_many_try(shop: Shop):
    await shop.open_event()
    promo = await code(shop, per_buyer_max=2)
    holds = [await shop.hold(promo_code="GOOD") for _ in range(5)]
    names = ["Ada@Example.test", "ada@example.test", "ADA@EXAMPLE.TEST", "ada@Example.Test", "Ada@example.TEST"]
    orders = await asyncio.gather(
        *(shop.order(hold, user_info={"name": "Ada", "email": email}) for hold, email in zip(holds, names, strict=True))
    )
    assert sorted(order.status for order in orders) == [201, 201, 409, 409, 409]
    assert {order["code"] for order in orders if order.status == 409} == {"promo_per_buyer"}
    refused = [hold for hold, order in zip(holds, orders, strict=True) if order.status == 409]
    other = await shop.order(refused[0], user_info={"name": "Bob", "email": "bob@example.test"})
    assert other.status == 201, "what was refused is held still, and is another buyer's to order"
    usage = await shop.ask("GET", f"/v1/promo-codes/{promo['id']}/usage", Authorization=await shop.organizer())
    assert len(usage["data"]) == 3


async def test_a_code_reserved_by_many_at_once_is_used_as_often_as_it_may_be(shop: Shop):
    await shop.open_event()
    await code(shop, max_uses=7)
    holds = await asyncio.gather(*(shop.hold(promo_code="GOOD") for _ in range(20)))
    assert sorted(hold.status for hold in holds) == [201] * 7 + [409] * 13
    assert {hold["code"] for hold in holds if hold.status == 409} == {"promo_exhausted"}


async def test_a_code_worth_nothing_must_unlock_hidden_types_of_its_own_event(organizer, guest):
    event = await draft(organizer)
    shown = await organizer.ticket_type(event["id"])
    hidden = await organizer.ticket_type(event["id"], name="Friends", visibility="hidden")
    path = f"/v1/events/{event['id']}/promo-codes"
    nothing = {"code": "FRIENDS", "kind": "percent", "value": 0}
    assert (await organizer.refused("invalid", "POST", path, nothing))["errors"][0]["pointer"] == "/value"
    refused = await organizer.refused("invalid", "POST", path, nothing | {"unlocks": [shown["id"]]})
    assert refused["errors"][0]["pointer"] == "/unlocks/0"
    refused = await organizer.refused("invalid", "POST", path, nothing | {"unlocks": ["tt_01JAAAAAAAAAAAAAAAAAAAAAAA"]})
    assert refused["errors"][0]["code"] == "unknown_ticket_type"
    made = await organizer.ok("POST", path, nothing | {"unlocks": [hidden["id"]]}, 201)
    assert (made["unlocks"], made["state"]) == ([hidden["id"]], "active")
    at_one = f"/v1/promo-codes/{made['id']}"
    given = {"unlocks": [], "min_quantity": 3}
    headers = {"If-Match": await organizer.etag(at_one)}
    assert (await organizer.refused("invalid", "PATCH", at_one, given, headers=headers))["errors"][0][
        "pointer"
    ] == "/value"
    changed = await organizer.ok("PATCH", at_one, {"min_quantity": 3, "valid_until": at(-1)}, headers=headers)
    assert (changed["min_quantity"], changed["state"]) == (3, "expired")


async def test_a_code_of_several_events_is_made_at_all_of_them_or_at_none(organizer, register):
    organization_id = await organizer.organization()
    venue_id = await organizer.venue(organization_id)
    events = [(await organizer.event(organization_id, venue_id))["id"] for _ in range(3)]
    strange = (await draft(await register()))["id"]
    path = f"/v1/events/{events[0]}/promo-codes"
    given = {"code": "ALL", "kind": "fixed", "value": 500}
    assert (await organizer.ask("POST", path, given | {"event_ids": [events[1], strange]})).status == 404
    assert (await organizer.ok("GET", path))["data"] == []
    await organizer.ok("POST", path, given | {"event_ids": events[1:]}, 201)
    for event_id in events:
        rows = (await organizer.ok("GET", f"/v1/events/{event_id}/promo-codes"))["data"]
        assert [row["code"] for row in rows] == ["ALL"]
    await organizer.refused("promo_code_taken", "POST", path, given | {"event_ids": [events[2]]})


async def test_what_a_code_unlocks_is_shown_to_those_who_type_it_and_bought_by_it(shop: Shop):
    kinds = [{"categories": ["Floor"]}, {"categories": ["Floor"], "name": "Friends only", "visibility": "hidden"}]
    await shop.open_event(types=kinds)
    await code(shop, value=0, unlocks=[shop.types[1]])
    asked = await shop.ask("POST", f"/v1/events/{shop.event_id}/promo-codes/validate", {"code": "good"})
    assert [kind["name"] for kind in asked["unlocks"]] == ["Friends only"]
    slug = (await shop.services.sale.selling.get(shop.event_id)).slug
    pages = {
        "": False,
        "?code=GOOD": True,
        "?code=WRONG": False,
        f"?type={shop.types[1]}": True,
    }
    for query, shows in pages.items():
        page = await shop.ask("GET", f"/e/{slug}/shop{query}")
        assert ("Friends only" in page.body.decode()) is shows, query
    hold = await shop.hold(type=shop.types[1], promo_code="GOOD")
    assert (hold.status, hold["price"]["discount_cents"]) == (201, 0)


async def test_ten_thousand_codes_are_handed_out_and_each_is_good_for_one_order(shop: Shop):
    await shop.open_event()
    promo = await code(shop, code="FANS", count=10_000)
    owner = await shop.organizer()
    table = await shop.ask("GET", f"/v1/promo-codes/{promo['id']}/codes.csv", Authorization=owner)
    rows = table.body.decode("utf-8-sig").splitlines()
    codes = [row.partition(",")[0] for row in rows[1:]]
    assert len(set(codes)) == 10_000
    for wrong in ("FANS", codes[0][:-1] + ("0" if codes[0][-1] != "0" else "1")):
        refused = await shop.hold(promo_code=wrong)
        assert (refused.status, refused["code"]) == (422, "promo_invalid")
    holds = await asyncio.gather(*(shop.hold(promo_code=codes[7].lower()) for _ in range(3)))
    emails = ("a@example.test", "b@example.test", "c@example.test")
    orders = await asyncio.gather(
        *(
            shop.order(hold, user_info={"name": "Ada", "email": email})
            for hold, email in zip(holds, emails, strict=True)
        )
    )
    assert sorted(order.status for order in orders) == [201, 409, 409]
    assert (await shop.hold(promo_code=codes[7]))["code"] == "promo_exhausted"
    path = f"/v1/events/{shop.event_id}/promo-codes/validate"
    assert (await shop.ask("POST", path, {"code": codes[7]}))["code"] == "promo_used_up"
    assert (await shop.ask("POST", path, {"code": codes[8]}))["value"] == 1000
    (won,) = [order for order in orders if order.status == 201]
    assert won["amount_cents"] == 900
    table = await shop.ask("GET", f"/v1/promo-codes/{promo['id']}/codes.csv", Authorization=owner)
    assert f"{codes[7]},1" in table.body.decode()
