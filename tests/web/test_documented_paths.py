"""What the requirement documents call the product's functions, and what those that they name alone do."""

from __future__ import annotations

from typing import Any

from tests import factories
from tests.shop import Answer, Shop
from tests.web.organizer import CHART, at, join, order


async def test_one_ticket_of_a_hold_is_given_back_and_the_last_one_ends_it(shop: Shop):
    await shop.open_event(types=[{"categories": ["Floor"], "price_cents": 1000}, {"categories": ["Floor"]}])
    held = await shop.hold(3)
    token, path = held["hold_token"], f"/v1/holds/{held['id']}/items"
    units = [item["unit"] for item in held["items"]]
    left = await shop.ask("DELETE", f"{path}/{units[1]}", X_Order_Token=token)
    assert left.status == 200, left.body
    assert [item["unit"] for item in left["items"]] == [units[0], units[2]]
    assert (left["id"], left["price"]["total_cents"]) == (held["id"], 2000)
    again = await shop.ask("DELETE", f"{path}/{units[1]}", X_Order_Token=token)
    assert (again.status, again["code"]) == (404, "not_found")
    for other in ("999", "x", "tt_00000000000000000000000000", "-1"):
        assert (await shop.ask("DELETE", f"{path}/{other}", X_Order_Token=token)).status == 404
    assert (await shop.ask("DELETE", f"{path}/{units[0]}")).status == 403
    assert (await shop.pulse())["held"] == 2
    assert (await shop.ask("DELETE", f"{path}/{shop.types[0]}", X_Order_Token=token)).status == 204
    assert (await shop.pulse())["held"] == 0
    gone = await shop.ask("DELETE", f"{path}/{units[2]}", X_Order_Token=token)
    assert (gone.status, gone["code"]) == (410, "hold_expired")


async def test_a_hold_that_is_being_paid_keeps_its_tickets(shop: Shop):
    await shop.open_event()
    held = await shop.hold(2)
    assert (await shop.order(held)).status == 201
    path = f"/v1/holds/{held['id']}/items/{held['items'][0]['unit']}"
    refused = await shop.ask("DELETE", path, X_Order_Token=held["hold_token"])
    assert (refused.status, refused["code"]) == (409, "hold_ordered")


async def test_the_cart_is_the_hold_whose_token_is_shown(shop: Shop):
    await shop.open_event()
    body = {"event_id": shop.event_id, "items": [{"ticket_type_id": shop.types[0], "quantity": 2}]}
    for door in ("/api/v1/cart/items", "/api/v1/cart/lock-seats"):
        held = await shop.ask("POST", door, body, Idempotency_Key=shop.key())
        assert held.status == 201, held.body
    assert (await shop.ask("POST", "/api/v1/cart/items", body)).status == 400, "a key is asked for as at holds"
    token = held["hold_token"]
    seen = await shop.ask("GET", "/api/v1/cart", X_Order_Token=token)
    assert (seen.status, seen["id"], len(seen["items"])) == (200, held["id"], 2)
    longer = await shop.ask("POST", "/api/v1/cart/extend-lock", X_Order_Token=token)
    assert longer["expires_at_ms"] > held["expires_at_ms"]
    unit = held["items"][0]["unit"]
    smaller = await shop.ask("DELETE", f"/api/v1/cart/items/{unit}", X_Order_Token=token)
    assert len(smaller["items"]) == 1
    assert (await shop.ask("DELETE", "/api/v1/cart", X_Order_Token=token)).status == 204
    assert (await shop.ask("GET", "/api/v1/cart", X_Order_Token=token))["code"] == "hold_expired"
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/extend-lock"), ("DELETE", f"/items/{unit}")):
        for shown in ("", "nonsense", token[:-1]):
            refused = await shop.ask(method, f"/api/v1/cart{path}", X_Order_Token=shown)
            assert (refused.status, refused["code"]) == (403, "capability_wrong"), (method, path, shown)


async def test_one_ticket_type_tells_how_many_of_it_are_free(shop: Shop):
    await shop.open_event(
        types=[{"categories": ["Floor"], "capacity": 5}, {"categories": ["Floor"], "visibility": "hidden"}]
    )
    path = f"/api/v1/events/{shop.event_id}/ticket-types"
    await shop.hold(2)

    async def free(kind: str, **headers: str) -> Answer:
        answer = await shop.ask("GET", f"{path}/{kind}/availability", **headers)
        assert answer.status == 200, answer.body
        return answer

    for _ in range(100):
        if (await free(shop.types[0]))["free"] == 3:
            break
    first = await free(shop.types[0])
    assert (first["id"], first["free"], "sold" in first.body) == (shop.types[0], 3, False)
    assert (await free(shop.types[1]))["level"] == "plenty", "who knows a hidden type may buy it"
    own = await free(shop.types[0], Authorization=await shop.organizer())
    assert (own["held"], own["taken_of_type"]) == (2, 2)
    for other in ("tt_00000000000000000000000000", "x"):
        assert (await shop.ask("GET", f"{path}/{other}/availability"))["code"] == "ticket_type_unknown"
    assert (await shop.ask("GET", f"/v1/events/evt_x/ticket-types/{shop.types[0]}/availability")).status == 404


async def test_a_payment_is_made_and_read_by_those_who_may_read_its_order(shop: Shop):
    await shop.open_event(fee={"rate_bp": 1000, "fixed_cents": 0, "paid_by": "buyer"})
    made = await shop.ordered(2)
    token = made["order_token"]
    for named in ({"order_id": made["order_id"]}, {"orderId": made["order_id"]}):
        for path in ("/v1/payments/create-intent", "/api/v1/payments/create-intent"):
            intent = await shop.ask("POST", path, named, X_Order_Token=token)
            assert intent.status == 201, intent.body
            assert intent["clientSecret"] == intent["client_secret"] == made["client_secret"]
            assert intent["paymentIntentId"] == made["payment_intent_id"]
    assert (await shop.ask("POST", "/v1/payments/create-intent", named)).status == 401
    assert (await shop.ask("POST", "/v1/payments/create-intent", {}, X_Order_Token=token)).status == 422
    stranger = await shop.ordered()
    wrong = await shop.ask("POST", "/v1/payments/create-intent", named, X_Order_Token=stranger["order_token"])
    assert (wrong.status, wrong["code"]) == (403, "capability_wrong")

    path = f"/api/v1/payments/{made['payment_intent_id']}"
    before = await shop.ask("GET", path, X_Order_Token=token)
    assert (before["order_id"], before["status"], before["type"]) == (made["order_id"], "awaiting_payment", "purchase")
    assert (before["amount_cents"], before["fee_cents"]) == (made["amount_cents"], 200)
    await shop.pay(made)
    await shop.until(made, "paid")
    assert (await shop.ask("GET", path, X_Order_Token=token))["status"] == "succeeded"
    assert (await shop.ask("GET", path, Authorization=await shop.organizer())).status == 200
    assert (await shop.ask("GET", path)).status == 401
    assert (await shop.ask("GET", path, X_Order_Token=stranger["order_token"])).status == 403
    assert (await shop.ask("GET", "/v1/payments/pi_nobody", X_Order_Token=token)).status == 404
    paid = await shop.ask("POST", "/v1/payments/create-intent", named, X_Order_Token=token)
    assert (paid.status, paid["status"], paid["client_secret"]) == (201, "paid", None)


async def test_money_goes_back_at_each_address_that_the_documents_give_refunds(shop: Shop):
    await shop.open_event()
    head = await shop.organizer()
    for named in ("order_id", "orderId"):
        paid = await shop.paid()
        body = {named: paid["order_id"], "reason": "asked for"}
        key = shop.key()
        back = await shop.ask("POST", "/api/v1/payments/refund", body, Authorization=head, Idempotency_Key=key)
        assert (back.status, back["order_id"]) == (201, paid["order_id"]), back.body
        again = await shop.ask("POST", "/api/v1/payments/refund", body, Authorization=head, Idempotency_Key=key)
        assert (again.body, again.headers["Idempotent-Replayed"]) == (back.body, "true")
    unnamed = await shop.ask(
        "POST", "/api/v1/payments/refund", {"reason": "x"}, Authorization=head, Idempotency_Key=shop.key()
    )
    assert (unnamed.status, unnamed["errors"][0]["pointer"]) == (422, "/order_id")
    for prefix in ("/api/v1", "/api/tickets"):
        paid = await shop.paid()
        back = await shop.ask(
            "POST",
            f"{prefix}/orders/{paid['order_id']}/refund",
            {"reason": "asked for"},
            Authorization=head,
            Idempotency_Key=shop.key(),
        )
        assert back.status == 201, back.body


async def test_a_buyer_reads_bookings_with_their_tickets_and_nobody_elses(shop: Shop):
    await shop.open_event()
    paid, opened = await shop.paid(2), await shop.ordered()
    head, other = await shop.organizer("box_office"), await shop.organizer("box_office")
    user_id = shop.bearers.verify(head.removeprefix("Bearer ")).user_id
    await shop.services.common.pool.execute(
        "UPDATE orders SET user_id = $1 WHERE id = ANY($2)", user_id, [paid["order_id"], opened["order_id"]]
    )
    for who in ("me", user_id):
        found = await shop.ask("GET", f"/v1/users/{who}/bookings", Authorization=head)
        assert found.status == 200, found.body
        assert [row["orderId"] for row in found["data"]] == [opened["order_id"], paid["order_id"]]
        assert [len(row["tickets"]) for row in found["data"]] == [0, 2]
        assert found["data"][1]["tickets"][0]["qrSecret"]
    page = await shop.ask("GET", "/v1/users/me/bookings?limit=1", Authorization=head)
    assert (len(page["data"]), page["has_more"]) == (1, True)
    assert (await shop.ask("GET", f"/v1/users/{user_id}/bookings", Authorization=other)).status == 403
    assert (await shop.ask("GET", f"/v1/users/{user_id}/bookings")).status == 401
    listed = await shop.ask("GET", "/api/v1/orders", Authorization=head)
    assert [row["id"] for row in listed["data"]] == [opened["order_id"], paid["order_id"]]


async def test_a_ticket_is_shown_and_validated_under_its_own_address(shop: Shop):
    await shop.open_event()
    paid = await shop.paid(2)
    one, other = await shop.tickets(paid)
    for name in ("qrcode", "qr-code"):
        image = await shop.ask("GET", f"/api/tickets/tickets/{one['id']}/{name}", X_Order_Token=paid["order_token"])
        assert (image.status, image.headers["Content-Type"]) == (200, "image/png")
    device = await shop.ask(
        "POST", f"/v1/events/{shop.event_id}/devices", {"name": "Door"}, Authorization=await shop.organizer()
    )
    head = f"Device {device['device_id']}.{device['secret']}"

    async def scan(path: str, **body: Any) -> Answer:
        return await shop.ask("POST", path, body, Authorization=head)

    at_one = f"/api/v1/tickets/{one['id']}/validate"
    crossed = await scan(at_one, code=other["code"])
    assert (crossed["result"], crossed["reason"]) == ("reject", "not_found")
    assert (await scan(at_one, ticketId=other["id"])).status == 422
    assert (await scan(at_one, qrSecret=one["code"]))["result"] == "admit"
    by_hand = await scan(f"/api/v1/tickets/{other['id']}/validate")
    assert (by_hand["result"], by_hand["ticketId"]) == ("admit", other["id"])
    assert (await scan("/api/checkin", qrSecret=one["code"], scannerId="door"))["status"] == "ALREADY_CHECKED_IN"
    assert (await scan("/api/v1/tickets/nothing/validate"))["result"] == "reject"
    assert (await shop.ask("POST", at_one, {"code": one["code"]})).status == 401


async def test_an_events_sales_are_told_to_its_organizer(shop: Shop):
    await shop.open_event(types=[{"categories": ["Floor"], "price_cents": 1500}])
    await shop.paid(2)
    for path in ("/api/tickets/events/{}/metrics", "/api/v1/events/{}/analytics", "/api/v1/analytics/events/{}"):
        told = await shop.ask("GET", path.format(shop.event_id), Authorization=await shop.organizer("finance"))
        assert told.status == 200, told.body
        assert (told["paid_cents"], told["orders"], told["ticket_types"][0]["sold"]) == (3000, {"paid": 1}, 2)
        assert sum(step["tickets"] for step in told["series"]) == 2
        assert (await shop.ask("GET", path.format(shop.event_id))).status == 401
        box = await shop.organizer("box_office")
        assert (await shop.ask("GET", path.format(shop.event_id), Authorization=box)).status == 403


async def test_an_empty_organization_is_deleted_by_its_owner_alone(register, pool):
    owner, manager, stranger = await register(), await register(), await register()
    organization_id = await owner.organization()
    path = f"/api/v1/organizations/{organization_id}"
    await join(pool, owner, organization_id, manager, "manager")
    await owner.refused("precondition_required", "DELETE", path)
    await owner.refused("precondition_failed", "DELETE", path, headers={"If-Match": '"99"'})
    everything = {"If-Match": "*"}
    await manager.refused("forbidden", "DELETE", path, headers=everything)
    await stranger.refused("organization_unknown", "DELETE", path, headers=everything)
    venue_id = await owner.venue(organization_id)
    await owner.refused("organization_in_use", "DELETE", path, headers=everything)
    await owner.ok("DELETE", f"/v1/venues/{venue_id}", status=204, headers=everything)
    changed = await owner.ok("PATCH", f"{path}/settings", {"legal_name": "Hall Ltd"}, headers=everything)
    assert changed["legal_name"] == "Hall Ltd"
    assert [each["id"] for each in (await owner.ok("GET", "/api/tickets/organizers/me"))["data"]] == [organization_id]
    await owner.ok("DELETE", path, status=204, headers={"If-Match": await owner.etag(path)})
    await owner.refused("organization_unknown", "GET", path)


async def test_an_organizers_event_is_begun_in_either_spelling(register):
    organizer, stranger = await register(), await register()
    organization_id = await organizer.organization()
    venue_id = await organizer.venue(organization_id, chart=None)
    await organizer.ok("POST", f"/api/v1/venues/{venue_id}/seating-chart", CHART, 200)
    path = f"/v1/organizers/{organization_id}/events"
    camel = {"venueId": venue_id, "title": "Camel", "startAt": at(30), "endAt": at(30, hours=2), "currency": "CAD"}
    made = await organizer.ok("POST", path, camel, 201)
    assert (made["title"], made["organization_id"], made["status"]) == ("Camel", organization_id, "draft")
    snake = {"venue_id": venue_id, "title": "Snake", "starts_at": at(30), "ends_at": at(31), "currency": "CAD"}
    await organizer.ok("POST", path, {**snake, "organization_id": "org_of_somebody_else"}, 201)
    broken = await organizer.refused("invalid", "POST", path, {**camel, "startAt": "soon", "currency": "DEM"})
    assert "/startAt" in [each["pointer"] for each in broken["errors"]]
    ends = await organizer.refused("invalid", "POST", path, {**camel, "endAt": at(29)})
    assert [each["pointer"] for each in ends["errors"]] == ["/endAt"]
    assert (await organizer.refused("invalid", "POST", path, [1]))["status"] == 422
    await stranger.refused("forbidden", "POST", path, camel)
    listed = await organizer.ok("GET", f"/api/v1/organizers/{organization_id}/events")
    assert [each["title"] for each in listed["data"]] == ["Snake", "Camel"]


async def test_promo_codes_are_made_listed_and_asked_about_without_their_event_in_the_address(register, guest, pool):
    organizer, stranger = await register(), await register()
    event = await organizer.published()
    terms = {"code": "half", "kind": "percent", "value": 5000}
    made = await organizer.ok("POST", "/api/v1/promo-codes", {**terms, "event_id": event["id"]}, 201)
    second = await organizer.ok("POST", f"/api/tickets/events/{event['id']}/discounts", {**terms, "code": "TEN"}, 201)
    for query in ("", f"?organization_id={event['organization_id']}"):
        listed = await organizer.ok("GET", f"/api/v1/promo-codes{query}")
        assert [each["id"] for each in listed["data"]] == [made["id"], second["id"]]
    first = await organizer.ok("GET", "/api/v1/promo-codes?limit=1")
    rest = await organizer.ok("GET", f"/api/v1/promo-codes?limit=1&cursor={first['next_cursor']}")
    assert [each["id"] for each in (*first["data"], *rest["data"])] == [made["id"], second["id"]]
    assert (await stranger.ok("GET", "/api/v1/promo-codes"))["data"] == []
    query = f"?organization_id={event['organization_id']}"
    await stranger.refused("forbidden", "GET", f"/api/v1/promo-codes{query}")
    await stranger.refused("forbidden", "POST", "/api/v1/promo-codes", {**terms, "event_id": event["id"]})
    assert "/event_id" in str(await organizer.refused("invalid", "POST", "/api/v1/promo-codes", terms))
    answer = await guest.ok("POST", "/api/v1/promo-codes/validate", {"event_id": event["id"], "code": "half"})
    assert (answer["code"], answer["value"]) == ("HALF", 5000)
    await guest.refused("promo_invalid", "POST", "/api/v1/promo-codes/validate", {"event_id": event["id"], "code": "x"})
    changed = await organizer.ok(
        "PATCH", f"/api/tickets/discounts/{second['id']}", {"value": 1000}, headers={"If-Match": "*"}
    )
    assert changed["value"] == 1000
    used = await order(pool, event["id"], promo=made["id"])
    await order(pool, event["id"], unit=1, status="expired", promo=made["id"])
    uses = await organizer.ok("GET", f"/api/v1/promo-codes/{made['id']}/usage")
    assert [(each["order_id"], each["discount_cents"]) for each in uses["data"]] == [(used, 500)]
    await stranger.refused("promo_code_unknown", "GET", f"/api/v1/promo-codes/{made['id']}/usage")


async def test_a_password_is_changed_by_either_method(register):
    somebody = await register()
    change = {"current_password": "correct horse battery", "new_password": "a much longer horse battery"}
    session = await somebody.ok("PATCH", "/api/v1/users/me/password", change, 200)
    somebody.token = session["access_token"]
    back = {"current_password": change["new_password"], "new_password": "correct horse battery, again"}
    await somebody.ok("PUT", "/v1/users/me/password", back, 200)


async def test_tiers_and_listings_answer_under_their_documented_names(register, guest):
    organizer = await register()
    event = await organizer.published()
    kind = await organizer.ticket_type(event["id"], name="Late", categories=["Floor"])
    tier = f"/api/tickets/tiers/{kind['id']}"
    changed = await organizer.ok("PATCH", tier, {"name": "Later"}, headers={"If-Match": await organizer.etag(tier)})
    assert changed["name"] == "Later"
    await organizer.refused("event_not_draft", "DELETE", tier, headers={"If-Match": "*"})
    one = await guest.ok("GET", f"/api/v1/events/{event['id']}/ticket-types/{kind['id']}")
    assert one["name"] == "Later"
    for path in ("/api/v1/events/featured", "/api/v1/search/events", "/api/v1/events/search", "/api/events"):
        assert [each["id"] for each in (await guest.ok("GET", path))["data"]] == [event["id"]]


async def test_the_provider_may_send_its_webhooks_to_the_documented_address(shop: Shop):
    await shop.open_event(factories.general("Floor", 10))
    await shop.switch(webhook_url=shop.url + "/api/v1/payments/webhook")
    paid = await shop.paid()
    assert len(await shop.tickets(paid)) == 1
