"""Tickets that cost nothing can be given back, and why a refund was made is the staff's own."""

from __future__ import annotations

import asyncio
from email.message import EmailMessage

import pytest

from tests.shop import Answer, Shop

SECRET = "chargeback risk, see file 7"
MESSAGE = "Sorry about the rain.\nSee you in May."
FREE = [{"categories": ["Floor"], "price_cents": 0}]
PAID_AND_FREE = [{"categories": ["Floor"], "price_cents": 1500}, {"categories": ["Floor"], "price_cents": 0}]


async def refund(shop: Shop, order: Answer, head: str, **body) -> Answer:
    path = f"/v1/orders/{order['order_id']}/refunds"
    return await shop.ask("POST", path, {"reason": SECRET, **body}, Authorization=head, Idempotency_Key=shop.key())


async def mixed(shop: Shop) -> Answer:
    """One paid order with a ticket of each type."""
    items = [{"ticket_type_id": kind, "quantity": 1} for kind in shop.types]
    hold = await shop.ask("POST", "/v1/holds", {"event_id": shop.event_id, "items": items}, Idempotency_Key=shop.key())
    order = await shop.order(hold)
    assert (await shop.pay(order))[0] == 200
    await shop.until(order, "paid")
    return order


async def statuses(shop: Shop, order: Answer) -> dict[int, str]:
    """By price."""
    return {ticket["price_cents"]: ticket["status"] for ticket in await shop.tickets(order)}


def mailed(shop: Shop) -> EmailMessage:
    """The newest mail about a refund."""
    return [mail for mail in shop.mailbox.messages if mail["Subject"].startswith("Refund")][-1]


async def audited(shop: Shop) -> None:
    await shop.work("outbox_relay")
    (report,) = await shop.services.insight.audit.check(shop.event_id, provider=True)
    assert report["problems"] == []


async def test_a_free_order_is_given_back_ticket_by_ticket_and_its_places_are_free_again(shop: Shop):
    await shop.open_event(types=FREE)
    order, head = await shop.ordered(2), await shop.organizer()
    first, second = [ticket["id"] for ticket in await shop.tickets(order)]
    part = await refund(shop, order, head, lines=[first])
    assert (part.status, part["status"], part["amount_cents"], part["lines"]) == (201, "succeeded", 0, [first])
    assert (await shop.status(order))["status"] == "partially_refunded"
    assert await shop.pulse() == {"free": 99, "held": 0, "ordered": 0, "sold": 1}
    assert (await refund(shop, order, head, lines=[first]))["code"] == "refund_exceeds_paid"
    rest = await refund(shop, order, head)
    assert (rest.status, rest["lines"]) == (201, [second])
    assert (await shop.status(order))["status"] == "refunded"
    assert {ticket["status"] for ticket in await shop.tickets(order)} == {"refunded"}
    assert await shop.pulse() == {"free": 100, "held": 0, "ordered": 0, "sold": 0}
    assert (await refund(shop, order, head))["code"] == "refund_exceeds_paid"
    assert (await refund(shop, order, head, amount_cents=1))["code"] == "refund_exceeds_paid"
    await audited(shop)
    mail = mailed(shop).get_body(("plain",)).get_content()
    assert "cost nothing" in mail
    assert "0.00" not in mail


async def test_the_free_ticket_of_a_paid_order_is_given_back_alone_and_the_paid_one_admits(shop: Shop):
    await shop.open_event(types=PAID_AND_FREE)
    order, head = await mixed(shop), await shop.organizer("finance")
    (free,) = [ticket["id"] for ticket in await shop.tickets(order) if ticket["price_cents"] == 0]
    assert (await refund(shop, order, head, lines=[free]))["amount_cents"] == 0
    assert await statuses(shop, order) == {1500: "valid", 0: "refunded"}
    assert (await shop.status(order))["status"] == "partially_refunded"
    assert (await shop.provider())["refunded_cents"] in ({}, {"cad": 0})
    await audited(shop)
    assert (await refund(shop, order, head))["amount_cents"] == 1500
    assert (await shop.status(order))["status"] == "refunded"
    await audited(shop)


async def test_the_free_ticket_stays_while_the_paid_one_is_returned_by_name_and_goes_with_everything(shop: Shop):
    await shop.open_event(types=PAID_AND_FREE)
    order, head = await mixed(shop), await shop.organizer()
    (paid,) = [ticket["id"] for ticket in await shop.tickets(order) if ticket["price_cents"]]
    assert (await refund(shop, order, head, lines=[paid]))["amount_cents"] == 1500
    assert await statuses(shop, order) == {1500: "refunded", 0: "valid"}
    assert (await shop.status(order))["status"] == "partially_refunded"
    await audited(shop)
    assert (await refund(shop, order, head))["amount_cents"] == 0
    assert (await shop.status(order))["status"] == "refunded"
    whole = await mixed(shop)
    assert (await refund(shop, whole, head))["amount_cents"] == 1500
    assert await statuses(shop, whole) == {1500: "refunded", 0: "refunded"}
    await audited(shop)


async def test_a_free_ticket_is_given_back_by_those_who_may_refund_and_once_for_each_key(shop: Shop):
    await shop.open_event(types=FREE)
    order = await shop.ordered(1)
    assert (await refund(shop, order, await shop.organizer("box_office"))).status == 403
    path, head, key = f"/v1/orders/{order['order_id']}/refunds", await shop.organizer(), shop.key()
    answers = [await shop.ask("POST", path, {"reason": "r"}, Authorization=head, Idempotency_Key=key) for _ in range(2)]
    assert answers[0].body == answers[1].body
    assert await shop.services.common.pool.fetchval("SELECT count(*) FROM refunds") == 1


async def test_a_cancelled_event_ends_what_is_left_of_free_orders(shop: Shop):
    await shop.open_event(types=FREE)
    order, head = await shop.ordered(2), await shop.organizer()
    first = (await shop.tickets(order))[0]["id"]
    await refund(shop, order, head, lines=[first])
    await shop.ask("POST", f"/v1/events/{shop.event_id}/cancel", Authorization=head)
    await shop.work("outbox_relay", rounds=2)
    assert sorted(ticket["status"] for ticket in await shop.tickets(order)) == ["cancelled", "refunded"]
    await audited(shop)


@pytest.mark.parametrize("price_cents", [0, 1500])
async def test_the_buyer_reads_the_message_of_a_refund_and_staff_alone_its_reason(shop: Shop, price_cents: int):
    await shop.open_event(types=[{"categories": ["Floor"], "price_cents": price_cents}])
    order = await (shop.paid(2) if price_cents else shop.ordered(2))
    head = await shop.organizer()
    ticket = (await shop.tickets(order))[0]["id"]
    made = await refund(shop, order, head, lines=[ticket], message=MESSAGE)
    assert (made.status, made["reason"], made["message"]) == (201, SECRET, MESSAGE)
    path, mine = f"/v1/orders/{order['order_id']}", {"X_Order_Token": order["order_token"]}
    for at in ("", "/status", "/refunds", "/receipt", "/tickets"):
        answer = await shop.ask("GET", path + at, **mine)
        assert (answer.status, SECRET in str(answer.body)) == (200, False), at
        assert (MESSAGE in str(answer.body).replace("\\n", "\n")) == (at in {"/refunds", "/receipt"}), at
    (told,) = (await shop.ask("GET", f"{path}/refunds", **mine))["data"]
    assert not {"reason", "error"} & told.keys()
    (kept,) = (await shop.ask("GET", f"{path}/refunds", Authorization=head))["data"]
    assert (kept["reason"], kept["message"]) == (SECRET, MESSAGE)
    await shop.work("outbox_relay")
    mail = mailed(shop)
    for kind in ("plain", "html"):
        text = mail.get_body((kind,)).get_content()
        assert ("See you in May." in text, SECRET in text) == (True, False)
    cookie = {"Cookie": f"onsale_order={order['order_token']}"}
    async with shop.http.get(f"{shop.url}/order/{order['order_id']}", headers=cookie) as page:
        shown = await page.text()
    assert (page.status, "See you in May." in shown, SECRET in shown) == (200, True, False)


async def test_a_message_too_long_or_empty_is_refused_and_nothing_is_given_back(shop: Shop):
    await shop.open_event()
    order, head = await shop.paid(), await shop.organizer()
    answers = await asyncio.gather(*(refund(shop, order, head, message=text) for text in ("", "x" * 1001, "a\0b")))
    assert [(one.status, one["errors"][0]["pointer"]) for one in answers] == [(422, "/message")] * 3
    assert (await shop.status(order))["status"] == "paid"
