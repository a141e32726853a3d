"""Price steps, group discounts and taxes inside of prices, as an organizer sets them and a buyer meets them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.shop import Shop
from tests.web.organizer import Someone, at

EARLY = {"name": "Early", "price_cents": 3000, "until_sold": 50}
LATER = {"name": "Later", "price_cents": 4000, "until_sold": 80}


@pytest.fixture
async def organizer(register) -> Someone:
    return await register()


async def draft(organizer: Someone, **more) -> dict:
    organization_id = await organizer.organization()
    return await organizer.event(organization_id, await organizer.venue(organization_id), **more)


async def test_price_steps_are_kept_changed_and_copied_and_a_step_keeps_its_number_by_its_name(organizer):
    event = await draft(organizer)
    ends = at(20)
    made = await organizer.ticket_type(event["id"], price_steps=[{**EARLY, "until": ends}, LATER])
    assert [(step["name"], step["number"]) for step in made["price_steps"]] == [("Early", 1), ("Later", 2)]
    path = f"/v1/ticket-types/{made['id']}"
    given = {"price_steps": [LATER, {"name": "Last", "price_cents": 4400}]}
    changed = await organizer.ok("PATCH", path, given, headers={"If-Match": await organizer.etag(path)})
    assert [(step["name"], step["number"]) for step in changed["price_steps"]] == [("Later", 2), ("Last", 3)]
    assert changed["all_in_cents"] == 4400, "what is asked once all steps that end have ended"
    other = await organizer.ticket_type(event["id"], name="Other", price_steps=[{**EARLY, "until": ends}])
    assert other["number"] == 4
    starts = datetime.fromisoformat(event["starts_at"]) + timedelta(days=7)
    copy = await organizer.ok("POST", f"/v1/events/{event['id']}/copy", {"starts_at": starts.isoformat()}, 201)
    kinds = (await organizer.ok("GET", f"/v1/events/{copy['id']}/ticket-types"))["data"]
    assert [step["name"] for step in kinds[0]["price_steps"]] == ["Later", "Last"]
    moved = datetime.fromisoformat(kinds[1]["price_steps"][0]["until"]) - datetime.fromisoformat(ends)
    assert abs(moved - timedelta(days=7)) <= timedelta(hours=1), "by the clocks of the place"


@pytest.mark.parametrize(
    ("steps", "code", "pointer"),
    [
        ([LATER, EARLY], "price_steps_overlap", "/price_steps/1/until_sold"),
        ([{"name": "A", "price_cents": 1}, EARLY], "price_steps_overlap", "/price_steps/0"),
        ([EARLY, {**LATER, "name": "Early"}], "invalid", "/price_steps/1/name"),
        ([{**EARLY, "price_cents": 10}], "invalid", "/price_steps/0/price_cents"),
        ([{**EARLY, "until_sold": 0}], "invalid", "/price_steps/0/until_sold"),
    ],
)
async def test_steps_that_nobody_could_follow_are_refused_and_nothing_is_kept(organizer, steps, code, pointer):
    event = await draft(organizer)
    path = f"/v1/events/{event['id']}/ticket-types"
    given = {"name": "A", "price_cents": 5000, "categories": ["Stalls"], "price_steps": steps}
    refused = await organizer.refused(code, "POST", path, given)
    assert [fault["pointer"] for fault in refused["errors"]] == [pointer]
    assert (await organizer.ok("GET", path))["data"] == []


async def test_group_discounts_name_a_percentage_or_an_amount_and_types_of_their_event(organizer):
    event = await draft(organizer)
    kind = await organizer.ticket_type(event["id"])
    path = f"/v1/events/{event['id']}"

    async def change(rules: list, code: str = "") -> dict:
        headers = {"If-Match": await organizer.etag(path)}
        if code:
            return await organizer.refused(code, "PATCH", path, {"discount_rules": rules}, headers=headers)
        return await organizer.ok("PATCH", path, {"discount_rules": rules}, headers=headers)

    both = {"quantity_min": 5, "percent_bp": 1000, "fixed_cents": 100}
    assert (await change([both], "invalid"))["errors"][0]["pointer"] == "/discount_rules/0"
    stranger = {"quantity_min": 5, "percent_bp": 1000, "ticket_type_ids": ["tt_01JAAAAAAAAAAAAAAAAAAAAAAA"]}
    refused = await change([stranger], "invalid")
    assert refused["errors"][0]["pointer"] == "/discount_rules/0/ticket_type_ids/0"
    rule = {"quantity_min": 5, "percent_bp": 1000, "ticket_type_ids": [kind["id"]]}
    assert (await change([rule]))["discount_rules"] == [rule]


async def test_a_tax_of_two_decimals_is_charged_to_the_cent_and_a_finer_one_refused(organizer):
    taxes = [{"name": "GST", "rate_bp": 500}, {"name": "QST", "rate_bp": 997.5, "registration": "1234567890 TQ0001"}]
    event = await draft(organizer, taxes=taxes)
    assert event["taxes"] == taxes
    assert (await organizer.ticket_type(event["id"], price_cents=100_000))["all_in_cents"] == 114_975
    path = f"/v1/events/{event['id']}"
    given = {"taxes": [{"name": "A", "rate_bp": 997.123}]}
    refused = await organizer.refused("invalid", "PATCH", path, given, headers={"If-Match": await organizer.etag(path)})
    assert refused["errors"][0]["pointer"] == "/taxes/0/rate_bp"


async def test_a_price_that_includes_its_tax_is_what_the_buyer_pays(shop: Shop):
    taxes = [{"name": "VAT", "rate_bp": 2000, "registration": "GB 123"}]
    await shop.open_event(types=[{"categories": ["Floor"], "price_cents": 1999}], taxes=taxes, tax_mode="inclusive")
    order = await shop.paid(3)
    assert order["amount_cents"] == 5997
    token = order["order_token"]
    receipt = await shop.ask("GET", f"/v1/orders/{order['order_id']}/receipt", X_Order_Token=token)
    assert (receipt["paid_cents"], receipt["tax_cents"], receipt["tax_included"]) == (5997, 1000, True)
    assert receipt["taxes"] == [{"name": "VAT", "cents": 1000, "returned_cents": 0, "registration": "GB 123"}]


async def test_the_best_group_discount_comes_off_a_hold_and_goes_when_it_shrinks(shop: Shop):
    rules = [{"quantity_min": 4, "percent_bp": 1000}, {"quantity_min": 5, "fixed_cents": 700}]
    await shop.open_event(discount_rules=rules)
    hold = await shop.hold(5)
    assert (hold["price"]["discount_cents"], hold["price"]["group_discount_cents"]) == (700, 700)
    path = f"/v1/holds/{hold['id']}/items/{hold['items'][0]['unit']}"
    left = await shop.ask("DELETE", path, X_Order_Token=hold["hold_token"])
    assert left["price"]["discount_cents"] == 400
    assert (await shop.order(hold))["amount_cents"] == 3600
    assert "group_discount_cents" not in (await shop.hold(1))["price"]


async def test_event_page_and_shop_say_which_step_it_is_what_comes_next_and_what_is_less_for_many(shop: Shop):
    steps = [{"name": "Early bird", "price_cents": 500, "until": None, "until_sold": 5, "number": 1}]
    kind = {"categories": ["Floor"], "price_steps": steps, "step_numbers": [1]}
    await shop.open_event(types=[kind], discount_rules=[{"quantity_min": 4, "percent_bp": 1250}])
    await shop.hold(2)
    slug = (await shop.services.sale.selling.get(shop.event_id)).slug
    for path in (f"/e/{slug}", f"/e/{slug}/shop"):
        page = (await shop.ask("GET", path)).body.decode()
        assert "Early bird · 3 tickets left at this price · then CA$10.00" in page.replace("\N{NO-BREAK SPACE}", " "), (
            path
        )
    assert "From 4 tickets on: 12.5 % off." in (await shop.ask("GET", f"/e/{slug}")).body.decode()
    free = await shop.ask("GET", f"/v1/events/{shop.event_id}/availability")
    assert free["ticket_types"][0]["price_step"] == {
        "name": "Early bird", "price_cents": 500, "all_in_cents": 500, "left": 3,
        "next": {"name": None, "price_cents": 1000, "all_in_cents": 1000},
    }  # fmt: skip
    quote = {"event_id": shop.event_id, "items": [{"ticket_type_id": shop.types[0], "quantity": 4}]}
    price = (await shop.ask("POST", "/v1/orders/quote", quote)).body
    assert [line["face_cents"] for line in price["lines"]] == [500, 500, 500, 1000]
    assert price["group_discount_cents"] == 313
