"""What somebody else may do with a typed address, a key or a link: nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from email.message import EmailMessage

import pytest

from engine.domain.money.orders import FREE_MAILED_MAX, HOLD_LEADS_ON
from engine.services.money.order_reads import FRESH_S
from tests.shop import Answer, Shop

BAIT = "Claim your prize"


async def expired(shop: Shop, *, name: str, email: str) -> Answer:
    order = await shop.order(await shop.hold(), user_info={"name": name, "email": email})
    assert order.status == 201, order.body
    await shop.overdue(order)
    await shop.work("payment_reconciler")
    await shop.until(order, "expired")
    return order


async def mailed(shop: Shop) -> list[EmailMessage]:
    await shop.work("outbox_relay", rounds=2)
    return shop.mailbox.messages


async def test_an_address_that_never_paid_gets_one_mail_an_event_without_the_typed_name(shop: Shop):
    await shop.open_event()
    for email in ("victim@example.test", "VICTIM@example.test", "\uff56ictim@example.test"):
        await expired(shop, name=BAIT, email=email)
    (message,) = await mailed(shop)
    assert message["To"] == "victim@example.test"
    text = message.as_string() + str(message.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert BAIT not in text
    assert "Claim" not in text
    await expired(shop, name=BAIT, email="another@example.test")
    assert len(await mailed(shop)) == 2, "another address is another's"
    await shop.open_event()
    await expired(shop, name=BAIT, email="victim@example.test")
    assert len(await mailed(shop)) == 3, "another event is another's"


async def test_free_tickets_come_without_the_typed_name_in_the_mail(shop: Shop):
    await shop.open_event(types=[{"categories": ["Floor"], "price_cents": 0}])
    order = await shop.order(await shop.hold(), user_info={"name": BAIT, "email": "victim@example.test"})
    assert order["status"] == "paid"
    (message,) = await mailed(shop)
    assert message["To"] == "victim@example.test"
    for kind in ("plain", "html"):
        body = message.get_body((kind,))
        assert body is not None
        assert BAIT not in body.get_content()


async def test_a_buyer_who_paid_is_greeted_by_name(shop: Shop):
    await shop.open_event()
    await shop.paid()
    (message,) = await mailed(shop)
    assert "Hello Ada," in message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert str(message["To"]).startswith("Ada <")


@pytest.mark.parametrize("name", ["http://evil.test", "www.evil.test", "evil.com/win", "Win: evil\uff0ecom", "\u200b"])
async def test_a_name_with_a_link_is_refused_where_it_stands_and_nothing_is_written(shop: Shop, name: str):
    await shop.open_event()
    held = await shop.hold()
    refused = await shop.order(held, user_info={"name": name, "email": "ada@example.test"})
    assert (refused.status, refused["errors"][0]["pointer"]) == (422, "/user_info/name"), refused.body
    assert await shop.services.common.pool.fetchval("SELECT count(*) FROM orders") == 0
    items = [{"ticketTypeId": shop.types[0], "quantity": 1}]
    user = {"name": name, "email": "ada@example.test"}
    booked = await shop.ask("POST", "/api/v1/orders", {"items": items, "userInfo": user}, Idempotency_Key=shop.key())
    assert (booked.status, booked["errors"][0]["pointer"]) == (422, "/userInfo/name")
    assert (await shop.pulse())["held"] == 1


async def test_codes_are_shown_to_buyers_and_to_who_may_change_orders(shop: Shop):
    await shop.open_event()
    order = await shop.paid(2)
    (ticket, *_) = await shop.tickets(order)
    assert ticket["code"]
    path, one = f"/v1/orders/{order['order_id']}/tickets", f"/v1/tickets/{ticket['id']}"
    for role, shown in (("owner", True), ("manager", True), ("box_office", True), ("finance", False)):
        who = await shop.organizer(role)
        listed = await shop.ask("GET", path, Authorization=who)
        assert [bool(each["code"]) for each in listed["data"]] == [shown] * 2, role
        assert [bool(each["qrSecret"]) for each in listed["data"]] == [shown] * 2, role
        single = await shop.ask("GET", one, Authorization=who)
        assert (single.status, bool(single["code"]), bool(single["qrSecret"])) == (200, shown, shown), role
        for face in ("qr.svg", "qr.png", "qr", "pdf", "download"):
            answer = await shop.ask("GET", f"{one}/{face}", Authorization=who)
            assert answer.status == (200 if shown else 403), (role, face)
            if not shown:
                assert ticket["code"] not in str(answer.body)
                etag = (await shop.ask("GET", f"{one}/qr.svg", X_Order_Token=order["order_token"])).headers["ETag"]
                again = await shop.ask("GET", f"{one}/qr.svg", Authorization=who, If_None_Match=etag)
                assert again.status in {304, 403}
                assert not again.body or ticket["code"] not in str(again.body)


async def test_links_that_were_given_out_can_be_ended(shop: Shop):
    await shop.open_event()
    order = await shop.paid()
    (ticket,) = await shop.tickets(order)
    old = order["order_token"]
    at = f"/v1/orders/{order['order_id']}"
    assert (await shop.ask("POST", f"{at}/end-links")).status == 401
    finance = await shop.organizer("finance")
    assert (await shop.ask("POST", f"{at}/end-links", Authorization=finance)).status == 403
    ended = await shop.ask("POST", f"{at}/end-links", X_Order_Token=old)
    assert ended.status == 200
    fresh = ended["order_token"]
    for path in (at, f"{at}/status", f"{at}/tickets", f"{at}/receipt"):
        assert (await shop.ask("GET", path, X_Order_Token=old)).status == 403
        assert (await shop.ask("GET", path, X_Order_Token=fresh)).status == 200
    for path in (f"/v1/tickets/{ticket['id']}", f"/v1/tickets/{ticket['id']}/qr.svg"):
        assert (await shop.ask("GET", path, X_Order_Token=old)).status == 404
        assert (await shop.ask("GET", path, X_Order_Token=fresh)).status == 200
    confirm = {"order_id": order["order_id"], "payment_intent_id": "pi_1"}
    assert (await shop.ask("POST", "/v1/payments/confirm", confirm, X_Order_Token=old)).status == 403
    owner = await shop.organizer("box_office")
    by_staff = await shop.ask("POST", f"{at}/end-links", Authorization=owner)
    assert (by_staff.status, by_staff["order_token"]) == (200, None), "the buyer's link is the buyer's alone"
    assert (await shop.ask("GET", at, X_Order_Token=fresh)).status == 403
    links = [str(m.get_body(("plain",)).get_content()) for m in await mailed(shop)]  # type: ignore[union-attr]
    newest = links[-1].partition("#token=")[2].split()[0]
    assert (await shop.ask("GET", at, X_Order_Token=newest)).status == 200, "the newest link was mailed"


async def test_links_end_thirty_days_after_the_event(shop: Shop):
    await shop.open_event()
    order = await shop.paid()
    pool, at = shop.services.common.pool, f"/v1/orders/{order['order_id']}"
    (ticket,) = await shop.tickets(order)
    own = {"X_Order_Token": order["order_token"]}
    move = "UPDATE events SET starts_at = now() - $2::interval, ends_at = now() - $2::interval + interval '1 hour'"
    await pool.execute(move + " WHERE id = $1", shop.event_id, timedelta(days=29))
    assert (await shop.ask("GET", at, **own)).status == 200
    await pool.execute(move + " WHERE id = $1", shop.event_id, timedelta(days=31))
    await asyncio.sleep(FRESH_S)  # nobody said so
    assert (await shop.ask("GET", at, **own)).status == 403
    assert (await shop.ask("GET", f"{at}/tickets", **own)).status == 403
    assert (await shop.ask("GET", f"/v1/tickets/{ticket['id']}", **own)).status == 404
    assert (await shop.ask("GET", at, Authorization=await shop.organizer())).status == 200, "staff is not by link"


async def again_by_hold(shop: Shop, held: Answer, key: str | None = None) -> Answer:
    return await shop.order(held, key, user_info={"name": "Ada", "email": "ada@example.test"})


@pytest.mark.parametrize("price_cents", [0, 3000])
async def test_a_hold_opens_nothing_once_the_links_of_its_order_were_ended(shop: Shop, price_cents: int):
    await shop.open_event(types=[{"categories": ["Floor"], "price_cents": price_cents}])
    held, key = await shop.hold(), shop.key()
    order = await again_by_hold(shop, held, key)
    if price_cents:
        await shop.pay(order)
        await shop.until(order, "paid")
    at = f"/v1/orders/{order['order_id']}"
    ended = await shop.ask("POST", f"{at}/end-links", X_Order_Token=order["order_token"])
    assert ended.status == 200
    refused = await again_by_hold(shop, held)
    assert (refused.status, refused["code"]) == (410, "hold_expired"), refused.body
    assert "order_token" not in str(refused.body)
    repeated = await again_by_hold(shop, held, key)
    assert (repeated.status, repeated.body) == (order.status, order.body), "the same key is answered as it was"
    assert (await shop.ask("GET", f"{at}/tickets", X_Order_Token=repeated["order_token"])).status == 403
    assert (await shop.ask("GET", f"{at}/tickets", X_Order_Token=ended["order_token"])).status == 200


async def test_a_hold_leads_to_its_order_for_half_an_hour_after_it_was_paid(shop: Shop):
    await shop.open_event()
    held = await shop.hold()
    order = await again_by_hold(shop, held)
    await shop.pay(order)
    await shop.until(order, "paid")
    assert (await again_by_hold(shop, held))["order_id"] == order["order_id"], "a browser that comes back from paying"
    move = "UPDATE orders SET paid_at = paid_at - $2::interval WHERE id = $1"
    await shop.services.common.pool.execute(move, order["order_id"], HOLD_LEADS_ON + timedelta(seconds=1))
    refused = await again_by_hold(shop, held)
    assert (refused.status, refused["code"]) == (410, "hold_expired")


async def test_ending_links_mails_nobody_who_did_it_and_the_buyer_once_in_ten_minutes(shop: Shop):
    await shop.open_event(types=[{"categories": ["Floor"], "price_cents": 0}])
    order = await shop.order(await shop.hold(), user_info={"name": "Ada", "email": "victim@example.test"})
    at, token = f"/v1/orders/{order['order_id']}/end-links", order["order_token"]
    for _ in range(5):
        ended = await shop.ask("POST", at, X_Order_Token=token)
        assert ended.status == 200
        token = ended["order_token"]
    assert len(await mailed(shop)) == 1, "the tickets themselves"
    staff = await shop.organizer("box_office")
    assert (await shop.ask("POST", at, Authorization=staff)).status == 200
    refused = await shop.ask("POST", at, Authorization=staff)
    assert (refused.status, refused["code"]) == (429, "links_just_mailed"), refused.body
    assert 590 <= int(refused.headers["Retry-After"]) <= 600
    assert len(await mailed(shop)) == 2
    earlier = "UPDATE audit_log SET created_at = created_at - interval '10 minutes' WHERE action = 'order.links_ended'"
    await shop.services.common.pool.execute(earlier)
    assert (await shop.ask("POST", at, Authorization=staff)).status == 200
    assert len(await mailed(shop)) == 3


async def free_orders(shop: Shop, email: str, count: int) -> list[Answer]:
    return [await shop.order(await shop.hold(), user_info={"name": "Ada", "email": email}) for _ in range(count)]


async def test_an_address_nobody_knows_is_mailed_few_free_orders_of_an_event(shop: Shop):
    await shop.open_event(types=[{"categories": ["Floor"], "price_cents": 0}, {"categories": ["Floor"]}])
    orders = await free_orders(shop, "victim@example.test", FREE_MAILED_MAX + 2)
    assert [order["status"] for order in orders] == ["paid"] * len(orders)
    assert len(await mailed(shop)) == FREE_MAILED_MAX
    assert (await shop.tickets(orders[-1]))[0]["code"], "the order has them"
    for order, words in ((orders[0], "sent to victim@example.test as well"), (orders[-1], "were not mailed")):
        cookie = f"onsale_order={order['order_token']}"
        page = await shop.ask("GET", f"/order/{order['order_id']}", Cookie=cookie, Accept="text/html")
        assert words in page.body.decode(), words
    staff = await shop.organizer("box_office")
    asked = await shop.ask("POST", f"/v1/orders/{orders[-1]['order_id']}/end-links", Authorization=staff)
    assert asked.status == 200
    assert len(await mailed(shop)) == FREE_MAILED_MAX + 1, "what the organizer has sent is sent"
    await free_orders(shop, "another@example.test", 1)
    assert len(await mailed(shop)) == FREE_MAILED_MAX + 2, "another address is another's"


async def test_an_address_that_is_known_is_mailed_all_its_free_orders(shop: Shop):
    await shop.open_event(types=[{"categories": ["Floor"], "price_cents": 0}, {"categories": ["Floor"]}])
    paying = await shop.order(
        await shop.hold(type=shop.types[1]), user_info={"name": "Ada", "email": "paid@example.test"}
    )
    await shop.pay(paying)
    await shop.until(paying, "paid")
    await shop.services.common.pool.execute(
        "INSERT INTO users (id, email, name, password_hash, email_verified_at)"
        " VALUES ('usr_known', 'known@example.test', 'Ada', 'x', now())"
    )
    many = FREE_MAILED_MAX + 2
    for email in ("paid@example.test", "known@example.test"):
        await free_orders(shop, email, many)
    assert len(await mailed(shop)) == 1 + 2 * many
