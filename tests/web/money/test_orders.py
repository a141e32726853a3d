"""From a hold to paid tickets over HTTP, with the payment sandbox at the other end."""

from __future__ import annotations

import asyncio

import pytest

from engine.foundation import leases
from engine.foundation.clock import now_ms
from tests import factories
from tests.shop import Shop


async def test_a_hold_becomes_an_order_becomes_tickets(shop: Shop):
    await shop.open_event(taxes=[{"name": "GST", "rate_bp": 500}])
    order = await shop.ordered(3)
    assert order["status"] == "pending"
    assert order["amount_cents"] == 3150
    assert len(order["order_number"]) == 10
    assert order["publishable_key"] == "pk_test_onsale"
    assert await shop.tickets(order) == []
    assert await shop.pulse() == {"free": 97, "held": 0, "ordered": 3, "sold": 0}
    status, intent = await shop.pay(order)
    assert (status, intent["status"]) == (200, "succeeded")
    answer = await shop.until(order, "paid")
    assert answer["payment"]["state"] == "succeeded"
    assert answer["hold"]["state"] == "sold"
    assert answer["tickets"]["issued"] == 3
    tickets = await shop.tickets(order)
    assert [ticket["status"] for ticket in tickets] == ["valid"] * 3
    assert all(ticket["code"] for ticket in tickets)
    assert await shop.settled_errands() == 0
    assert await shop.pulse() == {"free": 97, "held": 0, "ordered": 0, "sold": 3}


async def test_the_same_key_repeats_the_same_answer_and_another_body_is_refused(shop: Shop):
    await shop.open_event()
    hold = await shop.hold()
    first = await shop.order(hold, key="one")
    again = await shop.order(hold, key="one")
    assert again.body == first.body
    assert again.headers["Idempotent-Replayed"] == "true"
    other = await shop.order(hold, key="one", payment_method_id="pm_card_visa")
    assert (other.status, other["code"]) == (422, "idempotency_key_reused")


async def test_one_hold_is_one_order_whatever_the_key(shop: Shop):
    await shop.open_event()
    hold = await shop.hold()
    answers = await asyncio.gather(*(shop.order(hold) for _ in range(8)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer["order_id"] for answer in answers}) == 1
    assert len({answer["client_secret"] for answer in answers}) == 1
    assert (await shop.provider())["intents"]["total"] == 1 if "intents" in await shop.provider() else True
    assert await shop.services.common.pool.fetchval("SELECT count(*) FROM order_units") == 1


async def test_an_order_needs_the_capability_of_its_hold(shop: Shop):
    await shop.open_event()
    hold, other = await shop.hold(), await shop.hold()
    hold.body["hold_token"] = other["hold_token"]
    answer = await shop.order(hold)
    assert (answer.status, answer["code"]) == (403, "capability_wrong")
    assert await shop.services.common.pool.fetchval("SELECT count(*) FROM orders") == 0


async def test_a_hold_is_extended_by_another_life_until_it_has_lasted_the_longest_one(shop: Shop):
    await shop.open_event(hold_ttl_s=600)
    hold = await shop.hold()
    path = f"/v1/holds/{hold['id']}/extend"
    longer = await shop.ask("POST", path, X_Order_Token=hold["hold_token"])
    assert (longer.status, longer["expires_at_ms"] - hold["expires_at_ms"]) == (200, 300_000)
    refused = await shop.ask("POST", path, X_Order_Token=hold["hold_token"])
    assert (refused.status, refused["code"]) == (409, "hold_lifetime_exceeded")
    assert (await shop.ask("GET", path.removesuffix("/extend"), X_Order_Token=hold["hold_token"]))[
        "expires_at_ms"
    ] == longer["expires_at_ms"]


async def test_what_may_be_left_out_of_a_hold_or_an_order_may_be_null(shop: Shop):
    await shop.open_event()
    hold = await shop.hold(2, seats=None, section=None, accessible=None, split=None, promo_code=None)
    assert hold.status == 201
    order = await shop.order(hold, consents=None, payment_method_id=None)
    assert order.status == 201


async def test_a_fault_deep_in_a_body_is_pointed_at(shop: Shop):
    await shop.open_event()
    body = {"event_id": shop.event_id, "items": [{"ticket_type_id": shop.types[0]}]}
    refused = await shop.ask("POST", "/v1/holds", body, Idempotency_Key=shop.key())
    assert refused["errors"] == [{"pointer": "/items/0/quantity", "code": "missing", "message": "Required"}]
    refused = await shop.ask("POST", "/v1/holds", {"event_id": shop.event_id}, Idempotency_Key=shop.key())
    assert refused["errors"][0]["pointer"] == "/items"


async def test_an_order_is_opened_by_its_own_capability_only(shop: Shop):
    await shop.open_event()
    mine, theirs = await shop.ordered(), await shop.ordered()
    path = f"/v1/orders/{mine['order_id']}"
    assert (await shop.ask("GET", path)).status == 401
    assert (await shop.ask("GET", path, X_Order_Token=theirs["order_token"]))["code"] == "capability_wrong"
    assert (await shop.ask("GET", path, Authorization=await shop.organizer("finance")))["client_secret"] is None
    owned = await shop.ask("GET", path, X_Order_Token=mine["order_token"])
    assert owned["client_secret"] == mine["client_secret"]


async def test_a_missing_key_is_refused_and_a_key_in_the_body_will_do(shop: Shop):
    await shop.open_event()
    hold = await shop.hold()
    body = {"hold_id": hold["id"], "user_info": {"name": "Ada", "email": "ada@example.test"}}
    refused = await shop.ask("POST", "/v1/orders", body, X_Order_Token=hold["hold_token"])
    assert (refused.status, refused["code"]) == (400, "idempotency_key_required")
    taken = await shop.ask("POST", "/v1/orders", body | {"idempotencyKey": "k"}, X_Order_Token=hold["hold_token"])
    assert taken.status == 201


async def test_a_free_order_is_settled_at_once_without_the_provider(shop: Shop):
    await shop.open_event(types=[{"categories": ["Floor"], "price_cents": 0}])
    order = await shop.ordered(2)
    assert (order["status"], order["amount_cents"], order["client_secret"]) == ("paid", 0, None)
    assert len(await shop.tickets(order)) == 2
    assert (await shop.status(order))["payment"]["state"] == "not_needed"


async def test_a_declined_card_leaves_the_order_payable(shop: Shop):
    await shop.open_event()
    order = await shop.ordered()
    status, _ = await shop.pay(order, "pm_card_chargeDeclined")
    assert status == 402
    async with asyncio.timeout(5):
        while (await shop.status(order))["payment"]["state"] != "failed":
            await asyncio.sleep(0.02)
    assert (await shop.status(order))["payment"]["error"]
    assert (await shop.pay(order))[0] == 200
    assert (await shop.until(order, "paid"))["payment"]["error"] is None


async def test_the_status_has_a_version_and_is_not_sent_twice(shop: Shop):
    await shop.open_event()
    order = await shop.ordered()
    first = await shop.status(order)
    path, token = f"/v1/orders/{order['order_id']}/status", order["order_token"]
    assert (await shop.ask("GET", path, X_Order_Token=token, If_None_Match=first.headers["ETag"])).status == 304
    await shop.pay(order)
    await shop.until(order, "paid")
    assert (await shop.ask("GET", path, X_Order_Token=token, If_None_Match=first.headers["ETag"])).status == 200


async def test_the_clients_word_settles_only_what_the_provider_confirms(shop: Shop):
    await shop.open_event()
    await shop.switch(webhook_enabled=False)
    order, other = await shop.ordered(), await shop.ordered()
    intent_id = order["client_secret"].partition("_secret_")[0]
    body = {"order_id": order["order_id"], "payment_intent_id": intent_id}
    own, others = {"X_Order_Token": order["order_token"]}, {"X_Order_Token": other["order_token"]}
    assert (await shop.ask("POST", "/v1/payments/confirm", body, **own))["status"] == "pending"
    await shop.pay(order)
    stolen = await shop.ask("POST", "/v1/payments/confirm", {**body, "order_id": other["order_id"]}, **others)
    assert (stolen.status, stolen["code"]) == (409, "payment_mismatch")
    assert (await shop.ask("POST", "/v1/payments/confirm", body, **own))["status"] == "paid"
    camel = {"orderId": order["order_id"], "paymentIntentId": intent_id}
    assert (await shop.ask("POST", "/api/v1/payments/confirm", camel, **own))["status"] == "paid"
    assert (await shop.status(other))["status"] == "pending"


async def test_a_buyer_who_gives_up_gets_the_units_back_at_once(shop: Shop):
    await shop.open_event()
    order = await shop.ordered(2)
    answer = await shop.ask("POST", f"/v1/orders/{order['order_id']}/cancel", X_Order_Token=order["order_token"])
    assert (answer.status, answer["status"], answer["hold"]["state"]) == (200, "cancelled", "released")
    assert await shop.pulse() == {"free": 100, "held": 0, "ordered": 0, "sold": 0}
    status, _ = await shop.pay(order)
    assert status == 400
    paid = await shop.paid()
    late = await shop.ask("POST", f"/v1/orders/{paid['order_id']}/cancel", X_Order_Token=paid["order_token"])
    assert (late.status, late["code"]) == (409, "order_not_payable")


async def test_the_organizer_finds_orders_by_name_address_and_number(shop: Shop):
    await shop.open_event()
    orders = [await shop.ordered() for _ in range(3)]
    head = await shop.organizer("box_office")
    path = f"/v1/events/{shop.event_id}/orders"
    page = await shop.ask("GET", path + "?limit=2", Authorization=head)
    assert [row["id"] for row in page["data"]] == [order["order_id"] for order in reversed(orders)][:2]
    rest = await shop.ask("GET", f"{path}?limit=2&cursor={page['next_cursor']}", Authorization=head)
    assert [row["id"] for row in rest["data"]] == [orders[0]["order_id"]]
    assert rest["has_more"] is False
    found = await shop.ask("GET", f"{path}?q={orders[1]['order_number'].lower()}", Authorization=head)
    assert [row["id"] for row in found["data"]] == [orders[1]["order_id"]]
    assert len((await shop.ask("GET", path + "?q=ada@", Authorization=head))["data"]) == 3
    assert (await shop.ask("GET", path + "?q=%25", Authorization=head))["data"] == []
    pool = shop.services.common.pool
    await pool.execute("UPDATE orders SET buyer_name = 'Łukasz O’Müller' WHERE id = $1", orders[0]["order_id"])
    await pool.execute("UPDATE orders SET order_number = '0K1M9Q2X0B' WHERE id = $1", orders[0]["order_id"])
    for text in ("lukasz", "O'MULLER", "omüller lukasz", "muller  lukasz", "ok1m%209q2x%20ob", "OKIM-9Q2X"):
        found = await shop.ask("GET", f"{path}?q={text}", Authorization=head)
        assert [row["id"] for row in found["data"]] == [orders[0]["order_id"]], text
    assert (await shop.ask("GET", path)).status == 401


async def test_the_requirement_documents_order_in_one_call(shop: Shop):
    await shop.open_event()
    body = {
        "items": [{"ticketTypeId": shop.types[0], "quantity": 2}],
        "userInfo": {"name": "Ada", "email": "ada@example.test"},
        "idempotencyKey": "s0-1",
    }
    answer = await shop.ask("POST", "/api/v1/orders", body)
    assert answer.status == 201, answer.body
    assert (answer["status"], answer["amountCents"]) == ("pending", 2000)
    assert answer["clientSecret"]
    again = await shop.ask("POST", "/api/v1/orders", body)
    assert again["orderId"] == answer["orderId"]
    too_many = body | {"items": [{"ticketTypeId": shop.types[0], "quantity": 50}], "idempotencyKey": "s0-2"}
    assert (await shop.ask("POST", "/api/v1/orders", too_many)).status in {409, 422}


async def test_the_requirement_documents_name_a_seat_as_tickets_show_it_or_by_its_parts(shop: Shop):
    await shop.open_event(factories.seated("Stalls", 2, 10), types=[{"categories": ["Stalls"]}])
    user = {"name": "Ada", "email": "ada@example.test"}
    for number, info in enumerate(["Stalls/1/1", {"section": "Stalls", "row": "1", "seat": "2"}]):
        items = [{"ticketTypeId": shop.types[0], "quantity": 1, "seatInfo": info}]
        body = {"items": items, "userInfo": user, "idempotencyKey": f"seat-{number}"}
        assert (await shop.ask("POST", "/api/v1/orders", body)).status == 201
    taken = await shop.services.common.pool.fetch("SELECT seat FROM order_units ORDER BY unit")
    assert [row["seat"] for row in taken] == ["Stalls/1/1", "Stalls/1/2"]


async def test_a_receipt_names_each_tax_and_sums_to_what_was_paid(shop: Shop):
    await shop.open_event(taxes=[{"name": "GST", "rate_bp": 500}, {"name": "PST", "rate_bp": 700}])
    order = await shop.ordered(3)
    path = f"/v1/orders/{order['order_id']}/receipt"
    assert (await shop.ask("GET", path, X_Order_Token=order["order_token"]))["code"] == "order_unpaid"
    await shop.pay(order)
    await shop.until(order, "paid")
    receipt = await shop.ask("GET", path, X_Order_Token=order["order_token"])
    assert [(tax["name"], tax["cents"]) for tax in receipt["taxes"]] == [("GST", 150), ("PST", 210)]
    assert sum(line["total_cents"] for line in receipt["lines"]) == receipt["paid_cents"] == 3360
    assert receipt["seller"]["legal_name"] == "House"


async def test_amounts_no_provider_takes_are_refused_before_anything_is_written(shop: Shop):
    await shop.open_event(types=[{"categories": ["Floor"], "price_cents": 20}])
    hold = await shop.hold()
    assert (hold.status, hold["code"], hold["min_cents"]) == (422, "amount_too_small", 50)
    assert (await shop.pulse())["free"] == 100
    assert await shop.services.common.pool.fetchval("SELECT count(*) FROM orders") == 0


async def test_the_room_gets_its_seat_back_when_the_order_is_paid(shop: Shop):
    await shop.open_event()
    pool, redis = shop.services.common.pool, shop.services.common.redis
    await pool.execute("UPDATE on_sales SET room_enabled = true WHERE event_id = $1", shop.event_id)
    await shop.services.sale.inventory.changed(shop.event_id)
    await asyncio.sleep(0.1)
    lease_id, soon_ms = b"L" * 16, now_ms() + 600_000
    await redis.zadd(leases.lease_key(shop.event_id), {lease_id: soon_ms})
    keys = shop.services.common.settings.keyring.event(shop.event_id)
    token = keys.mint_admission(lease_id=lease_id, device_key_hash=b"", not_before_ms=0, expires_at_ms=soon_ms)
    item = {"ticket_type_id": shop.types[0], "quantity": 1}
    body = {"event_id": shop.event_id, "items": [item]}
    hold = await shop.ask("POST", "/v1/holds", body, Authorization=f"Admission {token}", Idempotency_Key="h")
    assert hold.status == 201, hold.body
    order = await shop.order(hold)
    assert await redis.zcard(leases.lease_key(shop.event_id)) == 1
    await shop.pay(order)
    await shop.until(order, "paid")
    for _ in range(100):
        left = await redis.zcard(leases.lease_key(shop.event_id))
        if left == 0:
            break
        await asyncio.sleep(0.02)  # the lease goes back right after the commit that the buyer saw
    assert left == 0


async def test_a_signed_in_buyer_finds_the_order_again_without_its_token(shop: Shop):
    await shop.open_event()
    me = await shop.organizer()
    shop.organization_id = await factories.organization(shop.services.common.pool)
    stranger = await shop.organizer()
    hold = await shop.hold()
    body = {"hold_id": hold["id"], "hold_token": hold["hold_token"], "user_info": {"name": "Me", "email": "me@x.test"}}
    order = await shop.ask("POST", "/v1/orders", body, Authorization=me, Idempotency_Key="o")
    assert order.status == 201, order.body
    path = f"/v1/orders/{order['order_id']}"
    assert (await shop.ask("GET", path, Authorization=me))["client_secret"] == order["client_secret"]
    mine = await shop.ask("GET", "/v1/users/me/orders", Authorization=me)
    assert [row["id"] for row in mine["data"]] == [order["order_id"]]
    assert (await shop.ask("GET", path, Authorization=stranger)).status == 403
    assert (await shop.ask("GET", "/v1/users/me/orders", Authorization=stranger))["data"] == []


async def test_a_switched_off_checkout_still_lets_opened_orders_be_paid(shop: Shop):
    await shop.open_event()
    hold, started = await shop.hold(), await shop.hold()
    assert (await shop.order(started)).status == 201
    shop.orders._switches.selling = False
    refused = await shop.order(hold)
    assert (refused.status, refused["code"]) == (503, "switched_off")
    assert refused.headers["Retry-After"]
    order = await shop.order(started)
    assert order.status == 201
    assert (await shop.pay(order))[0] == 200
    await shop.until(order, "paid")


async def test_a_connected_organizer_is_paid_and_the_platform_keeps_its_fee(shop: Shop):
    async with shop.http.post(
        f"{shop.stripe_url}/v1/accounts",
        data={"type": "express", "country": "CA"},
        headers={"Authorization": "Bearer sk_test_onsale"},
    ) as response:
        account = (await response.json())["id"]
    await shop.sandbox(f"accounts/{account}/onboard")
    await shop.open_event(fee={"rate_bp": 600, "fixed_cents": 0, "paid_by": "buyer"})
    await shop.services.common.pool.execute(
        "UPDATE organizations SET stripe_account_id = $2 WHERE id = $1", shop.organization_id, account
    )
    order = await shop.ordered(2)
    assert order["amount_cents"] == 2120
    intent_id = order["payment_intent_id"]
    async with shop.http.get(
        f"{shop.stripe_url}/v1/payment_intents/{intent_id}", headers={"Authorization": "Bearer sk_test_onsale"}
    ) as response:
        intent = await response.json()
    assert (intent["application_fee_amount"], intent["transfer_data"]) == (120, {"destination": account})
    assert intent["metadata"]["orderId"] == order["order_id"]
    await shop.pay(order)
    await shop.until(order, "paid")
    refund = await shop.ask(
        "POST", f"/v1/orders/{order['order_id']}/refunds", {"reason": "x", "amount_cents": 1060},
        Authorization=await shop.organizer(), Idempotency_Key="r",
    )  # fmt: skip
    assert (refund.status, refund["status"]) == (201, "succeeded")


async def test_an_order_the_provider_refuses_gives_its_units_back_at_once(shop: Shop):
    await shop.open_event()
    await shop.services.common.pool.execute(
        "UPDATE organizations SET stripe_account_id = 'acct_nobody' WHERE id = $1", shop.organization_id
    )
    refused = await shop.order(await shop.hold())
    assert (refused.status, refused["code"]) == (409, "payment_refused")
    assert await shop.services.common.pool.fetchval("SELECT status FROM orders") == "cancelled"
    assert await shop.settled_errands() == 0
    assert await shop.pulse() == {"free": 100, "held": 0, "ordered": 0, "sold": 0}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"user_info": {"name": "A\nBcc: x@y.test", "email": "a@b.test"}}, "/user_info/name"),
        ({"user_info": {"name": "Ada", "email": "nobody"}}, "/user_info/email"),
        ({"user_info": {"name": "", "email": "a@b.test"}}, "/user_info/name"),
        ({"hold_id": 7}, "/hold_id"),
    ],
)
async def test_what_cannot_be_a_buyer_is_refused_with_a_pointer(shop: Shop, change, pointer):
    await shop.open_event()
    answer = await shop.order(await shop.hold(), **change)
    assert answer.status == 422
    assert [error["pointer"] for error in answer["errors"]] == [pointer]
    assert await shop.services.common.pool.fetchval("SELECT count(*) FROM orders") == 0


@pytest.mark.parametrize("path", ["/v1/orders/%00", "/v1/orders/ord_%C3%28/status", "/v1/orders/x/receipt"])
async def test_an_address_that_is_no_order_is_not_found(shop: Shop, path: str):
    await shop.open_event()
    answer = await shop.ask("GET", path, X_Order_Token="x")
    assert answer.status in {400, 404}, answer.body
    assert answer["code"] in {"not_found", "malformed"}


async def test_headers_that_are_no_text_break_nothing(shop: Shop):
    await shop.open_event()
    hold = await shop.hold()
    body = b'{"hold_id": "%s", "user_info": {"name": "Ada", "email": "a@b.test"}}' % hold["id"].encode()
    lines = [
        b"POST /v1/orders HTTP/1.1", b"Host: x", b"Connection: close", b"User-Agent: \xff\xfe\x80",
        b"Idempotency-Key: k", b"Content-Type: application/json",
        b"X-Order-Token: " + hold["hold_token"].encode(), b"Content-Length: %d" % len(body),
    ]  # fmt: skip
    statuses = []
    for bad in (b"X-Nothing: 1", b"Idempotency-Key: \xff", b"X-Order-Token: \xff"):
        name = bad.partition(b":")[0]
        kept = [line for line in lines if not line.startswith(name)]
        host, _, port = shop.url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"\r\n".join([*kept, bad, b"", body]))
        statuses.append(int((await reader.readline()).split()[1]))
        writer.close()
    assert statuses[0] == 201
    assert all(400 <= status < 500 for status in statuses[1:]), statuses


async def test_one_address_opens_no_more_at_once_than_a_buyer_may_own(shop: Shop):
    await shop.open_event(max_tickets_per_buyer=4)
    holds = [await shop.hold(2) for _ in range(6)]
    assert [hold.status for hold in holds] == [201] * 6
    answers = await asyncio.gather(*(shop.order(hold) for hold in holds))
    assert sorted(answer.status for answer in answers) == [201] * 2 + [409] * 4
    refused = next(answer for answer in answers if answer.status == 409)
    assert (refused["code"], refused["max_tickets_per_buyer"]) == ("buyer_limit", 4)
    for hold, answer in zip(holds, answers, strict=True):
        assert (await shop.order(hold)).status == answer.status
    (report,) = await shop.services.insight.audit.check(shop.event_id)
    assert report["ok"], report["problems"]


async def test_a_key_claimed_with_its_order_is_one_answer_to_all_who_ask_at_once(shop: Shop):
    await shop.open_event()
    hold = await shop.hold()
    answers = await asyncio.gather(*(shop.order(hold, key="one") for _ in range(8)))
    told = [answer for answer in answers if answer.status == 201]
    assert told
    assert all(answer["code"] == "idempotency_in_flight" for answer in answers if answer.status != 201)
    first = await shop.order(hold, key="one")
    assert first.headers["Idempotent-Replayed"] == "true"
    assert [answer.body for answer in told] == [first.body] * len(told)
    pool = shop.services.common.pool
    assert await pool.fetchval("SELECT count(*) FROM idempotency_keys") == 1
    assert await pool.fetchval("SELECT count(*) FROM orders") == 1


async def test_a_key_is_free_again_if_the_order_it_opened_got_no_payment(shop: Shop):
    await shop.open_event()
    hold = await shop.hold()
    await shop.switch(faults=[{"kind": "outage", "endpoint": "POST /v1/payment_intents"}])
    assert (await shop.order(hold, key="one")).status == 503
    assert await shop.services.common.pool.fetchval("SELECT count(*) FROM idempotency_keys") == 0
    await shop.switch(faults=[])
    opened = await shop.order(hold, key="one")
    assert (opened.status, "Idempotent-Replayed" in opened.headers) == (201, False)
    assert (await shop.order(hold, key="one")).body == opened.body


async def test_an_order_of_nothing_keeps_its_answer_too(shop: Shop):
    await shop.open_event(types=[{"categories": ["Floor"], "price_cents": 0}])
    hold = await shop.hold()
    first = await shop.order(hold, key="one")
    assert (first.status, first["status"]) == (201, "paid")
    again = await shop.order(hold, key="one")
    assert (again.body, again.headers["Idempotent-Replayed"]) == (first.body, "true")
