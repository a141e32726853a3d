"""Buyers give tickets back along the event's policy: at once, or when the organizer agrees; nothing twice."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.shop import Answer, Shop

PRICED = [{"categories": ["Floor"], "price_cents": 4999}]


async def opened(shop: Shop, until: datetime | None = None, **policy: Any) -> None:
    await shop.open_event(types=PRICED, refund_policy=policy, allow_refunds_until=until)


async def ask(shop: Shop, order: Answer, *tickets: str, token: str | None = None, **more: Any) -> Answer:
    body = {"reason": "ill", **({"ticket_ids": list(tickets)} if tickets else {}), **more}
    path = f"/v1/orders/{order['order_id']}/refund-requests"
    return await shop.ask("POST", path, body, X_Order_Token=order["order_token"] if token is None else token)


async def preview(shop: Shop, order: Answer, *tickets: str) -> Answer:
    query = f"?ticket_ids={','.join(tickets)}" if tickets else ""
    path = f"/v1/orders/{order['order_id']}/refund-requests/preview{query}"
    return await shop.ask("GET", path, X_Order_Token=order["order_token"])


async def ids(shop: Shop, order: Answer) -> list[str]:
    return [ticket["id"] for ticket in await shop.tickets(order)]


async def answer(shop: Shop, request: Answer, verb: str, head: str, **body: Any) -> Answer:
    return await shop.ask("POST", f"/v1/refund-requests/{request['id']}/{verb}", body, Authorization=head)


async def audited(shop: Shop) -> None:
    await shop.work("outbox_relay")
    (report,) = await shop.services.insight.audit.check(shop.event_id, provider=True)
    assert report["problems"] == []


async def test_by_itself_one_ticket_comes_back_to_the_cent_and_its_place_is_sold_again(shop: Shop):
    await opened(shop, mode="automatic", keep_bp=1000, keep_fixed_cents=100)
    order = await shop.paid(2)
    first, second = await ids(shop, order)
    before = await preview(shop, order, first)
    assert (before.status, before["reason"], before["amount_cents"]) == (200, None, 4399)  # 4999 x 0.9 - 100
    asked = await ask(shop, order, first)
    assert (asked.status, asked["status"], asked["amount_cents"], asked["ticket_ids"]) == (
        201,
        "refunded",
        4399,
        [first],
    )
    assert (await shop.status(order))["status"] == "partially_refunded"
    assert {ticket["id"]: ticket["status"] for ticket in await shop.tickets(order)} == {
        first: "refunded", second: "valid",
    }  # fmt: skip
    assert (await shop.provider())["refunded_cents"] == {"cad": 4399}
    assert (await shop.pulse())["sold"] == 1
    again = await ask(shop, order, first)
    assert (again.status, again["code"]) == (409, "refund_exceeds_paid")
    rest = await ask(shop, order)
    assert (rest["ticket_ids"], rest["amount_cents"]) == ([second], 4399)  # 8998.2 in all, half-up once, less 200
    listed = await shop.ask(
        "GET", f"/v1/orders/{order['order_id']}/refund-requests", X_Order_Token=order["order_token"]
    )
    assert [one["id"] for one in listed["data"]] == [asked["id"], rest["id"]]
    await audited(shop)


async def test_ten_at_once_give_one_ticket_back_once(shop: Shop):
    await opened(shop, mode="automatic")
    order = await shop.paid(1)
    answers = await asyncio.gather(*(ask(shop, order) for _ in range(10)))
    assert sorted(one.status for one in answers) == [201, *[409] * 9]
    assert (await shop.provider())["refunded_cents"] == {"cad": 4999}
    await audited(shop)


async def test_with_approval_the_ticket_stays_until_the_organizer_agrees(shop: Shop):
    await opened(shop, mode="approval", keep_bp=5000)
    order, head = await shop.paid(1), await shop.organizer()
    asked = await ask(shop, order)
    assert (asked.status, asked["status"], asked["amount_cents"]) == (201, "requested", 2500)
    assert [ticket["status"] for ticket in await shop.tickets(order)] == ["valid"]
    assert (await ask(shop, order))["code"] == "refund_request_open"
    assert (await preview(shop, order))["reason"]
    queue = f"/v1/organizations/{shop.organization_id}/refund-requests?status=requested"
    assert [one["id"] for one in (await shop.ask("GET", queue, Authorization=head))["data"]] == [asked["id"]]
    assert (await answer(shop, asked, "approve", await shop.organizer("box_office"))).status == 403
    approved = await answer(shop, asked, "approve", head, message="Get well soon.")
    assert (approved.status, approved["status"], approved["message"]) == (200, "refunded", "Get well soon.")
    assert (await shop.status(order))["status"] == "partially_refunded"
    for verb, body in (("approve", {}), ("decline", {"message": "no"})):
        assert (await answer(shop, asked, verb, head, **body))["code"] == "refund_request_decided"
    assert (await shop.provider())["refunded_cents"] == {"cad": 2500}
    await audited(shop)
    mail = [mail for mail in shop.mailbox.messages if mail["Subject"].startswith("Refund")][-1]
    assert "Get well soon." in mail.get_body(("plain",)).get_content()


async def test_declined_the_buyer_reads_why_and_may_ask_again(shop: Shop):
    await opened(shop, mode="approval")
    order, head = await shop.paid(1), await shop.organizer()
    asked = await ask(shop, order)
    assert (await answer(shop, asked, "decline", head)).status == 422
    declined = await answer(shop, asked, "decline", head, message="Too late for the caterer.")
    assert (declined.status, declined["status"]) == (200, "declined")
    assert [ticket["status"] for ticket in await shop.tickets(order)] == ["valid"]
    await shop.work("outbox_relay")
    mail = [mail for mail in shop.mailbox.messages if "refund request" in mail["Subject"]][-1]
    for kind in ("plain", "html"):
        assert "Too late for the caterer." in mail.get_body((kind,)).get_content()
    assert (await ask(shop, order)).status == 201


async def test_who_went_in_gets_nothing_back_and_neither_does_a_late_yes(shop: Shop):
    await opened(shop, mode="approval")
    order, head = await shop.paid(2), await shop.organizer()
    used, kept = await ids(shop, order)
    asked = await ask(shop, order, used)
    pool = shop.services.common.pool
    await pool.execute("UPDATE tickets SET checked_in_at = now() WHERE id = $1", used)
    late = await answer(shop, asked, "approve", head)
    assert (late.status, late["code"], late["ticket_id"]) == (409, "ticket_already_used", used)
    assert await pool.fetch("SELECT FROM refunds") == []
    assert (await preview(shop, order))["tickets"] == [
        {"ticket_id": kept, "worth_cents": 4999, "amount_cents": 4999}
    ]  # fmt: skip


async def test_outside_the_window_and_without_a_policy_nothing_is_given_back(shop: Shop):
    await opened(shop, datetime.now(UTC) - timedelta(seconds=1), mode="automatic")
    order = await shop.paid(1)
    closed = await ask(shop, order)
    assert (closed.status, closed["code"]) == (409, "refund_window_closed")
    assert (await preview(shop, order))["reason"]
    await opened(shop)
    none = await ask(shop, await shop.paid(1))
    assert (none.status, none["code"]) == (409, "refund_window_closed")
    assert await shop.services.common.pool.fetchval("SELECT count(*) FROM refund_requests") == 0


async def test_it_is_the_buyers_alone_and_only_what_was_paid(shop: Shop):
    await opened(shop, mode="automatic")
    mine, other = await shop.paid(1), await shop.paid(1)
    theirs = await ids(shop, other)
    foreign = await ask(shop, mine, *theirs)
    assert (foreign.status, foreign["errors"][0]["pointer"]) == (422, "/ticket_ids/0")
    assert (await ask(shop, mine, token=other["order_token"])).status == 403
    assert (await ask(shop, mine, token="")).status == 401
    unpaid = await ask(shop, await shop.ordered(1))
    assert (unpaid.status, unpaid["code"]) == (409, "order_not_refundable")
    assert (await ask(shop, mine, reason="x" * 501)).status == 422
    assert [ticket["status"] for ticket in await shop.tickets(mine)] == ["valid"]


async def test_a_free_ticket_is_given_back_for_nothing(shop: Shop):
    await shop.open_event(types=[{"categories": ["Floor"], "price_cents": 0}], refund_policy={"mode": "automatic"})
    order = await shop.ordered(1)
    asked = await ask(shop, order)
    assert (asked.status, asked["status"], asked["amount_cents"]) == (201, "refunded", 0)
    assert (await shop.status(order))["status"] == "refunded"
    assert (await shop.pulse())["free"] == 100
    await audited(shop)
