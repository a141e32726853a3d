"""What happens at a sale reaches an endpoint: signed, once for each cause, in order, whatever dies on the way."""

from __future__ import annotations

from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from engine.domain.messages import webhook_kinds
from engine.domain.messages.webhooks import TRIES_MAX
from engine.services.messages.webhooks.documents import Documents
from tests.handing_on import handed_on
from tests.shop import Shop
from tests.stripe_events import intent_of
from tests.webhook_listener import Listener, deliver, due, endpoint

FEED_WRITTEN = "UPDATE webhook_feeds SET fenced_at = now() - interval '1 minute'"
LATE = "INSERT INTO audit_log (id, actor_kind, action, target) OVERRIDING SYSTEM VALUE VALUES ($1, 'system', $2, $3)"


async def refund(shop: Shop, owner: str, order: Any) -> None:
    path = f"/v1/orders/{order['order_id']}/refunds"
    asked = await shop.ask("POST", path, {"reason": "r"}, Authorization=owner, Idempotency_Key=shop.key())
    assert asked.status == 201, asked.body
    await shop.until(order, "refunded")


async def attempts(shop: Shop, owner: str, made: Any) -> list[dict[str, Any]]:
    path = f"/v1/organizations/{shop.organization_id}/webhook-endpoints/{made['id']}/attempts"
    answer = await shop.ask("GET", path, Authorization=owner)
    assert answer.status == 200, answer.body
    return list(answer["data"])


async def test_a_sale_a_scan_and_a_refund_are_told_signed_and_in_their_order(shop: Shop, listener: Listener):
    await shop.open_event()
    owner = await shop.organizer()
    made = await endpoint(shop, owner, listener, *webhook_kinds.KINDS)
    order = await shop.paid(2)
    tickets = await shop.tickets(order)
    device = await shop.ask("POST", f"/v1/events/{shop.event_id}/devices", {"name": "North"}, Authorization=owner)
    scan = {"code": tickets[0]["code"], "nonce": "n1"}
    verdict = await shop.ask("POST", "/v1/tickets/validate", scan, Authorization=f"Device {device['credential']}")
    assert verdict["result"] == "admit", verdict.body
    await deliver(shop, 3)
    await refund(shop, owner, order)
    await shop.ask("POST", f"/v1/events/{shop.event_id}/cancel", {}, Authorization=owner, If_Match="*")
    await deliver(shop, 4)

    told = {message["id"]: message for message in listener.messages}
    assert len(told) == len(listener.messages), "each once"
    for headers, body in listener.heard:
        assert Webhook(made["secret"]).verify(body, headers)["id"] == headers["webhook-id"]
    of_order = [message for message in listener.messages if message["object_id"] == order["order_id"]]
    assert [(one["type"], one["sequence"]) for one in of_order] == [("order.paid", 1), ("order.refunded", 2)]
    assert [one["data"]["status"] for one in of_order] == ["paid", "refunded"]
    assert of_order[0]["data"]["client_secret"] is None
    of_ticket = [message for message in listener.messages if message["object_id"] == tickets[0]["id"]]
    assert [(one["type"], one["sequence"]) for one in of_ticket] == [
        ("ticket.issued", 1), ("checkin.created", 2), ("ticket.voided", 3),
    ]  # fmt: skip
    assert (of_ticket[0]["data"]["code"], of_ticket[1]["data"]["ticket_id"]) == (None, tickets[0]["id"])
    assert tickets[0]["code"] not in b"".join(body for _, body in listener.heard).decode()
    assert sorted(listener.kinds) == sorted([
        "order.paid", "ticket.issued", "ticket.issued", "checkin.created", "order.refunded", "ticket.voided",
        "ticket.voided", "event.cancelled",
    ])  # fmt: skip
    (cancelled,) = [message for message in listener.messages if message["type"] == "event.cancelled"]
    assert (cancelled["object_id"], cancelled["data"]["status"]) == (shop.event_id, "cancelled")


async def test_a_ticket_that_is_handed_on_is_told_with_its_own_id(shop: Shop, listener: Listener):
    await shop.open_event()
    await endpoint(shop, await shop.organizer(), listener, "ticket.transferred")
    order = await shop.paid()
    (ticket,) = await shop.tickets(order)
    await handed_on(shop, order, ticket)
    await deliver(shop)
    (message,) = listener.messages
    assert (message["object_id"], message["data"]["id"], message["data"]["code"]) == (ticket["id"], ticket["id"], None)


async def test_a_dispute_is_told_once_however_often_it_turns(shop: Shop, listener: Listener):
    await shop.open_event()
    pool = shop.services.common.pool
    await endpoint(shop, await shop.organizer(), listener, "dispute.created")
    order = await shop.paid()
    await shop.sandbox("disputes", {"payment_intent": intent_of(order)})
    await shop.until(order, "disputed")
    await deliver(shop)
    (message,) = listener.messages
    assert (message["object_id"], message["data"]["order_id"]) == (order["order_id"], order["order_id"])
    assert message["data"]["standing"] == "open"
    await pool.execute(
        "INSERT INTO audit_log (actor_kind, action, target, facts) VALUES ('system', 'dispute.won', $1, $2)",
        order["order_id"], {"event_id": shop.event_id, "dispute_id": message["data"]["id"]},
    )  # fmt: skip
    await deliver(shop)
    assert len(listener.heard) == 1


async def test_without_an_endpoint_nothing_is_read_and_the_first_one_begins_now(shop: Shop, listener: Listener):
    await shop.open_event()
    owner, pool = await shop.organizer(), shop.services.common.pool
    before = await pool.fetch("SELECT * FROM webhook_feeds ORDER BY feed")
    await shop.paid()
    await deliver(shop)
    assert await pool.fetch("SELECT * FROM webhook_feeds ORDER BY feed") == before
    await endpoint(shop, owner, listener, "order.paid")
    await deliver(shop)
    assert listener.heard == []
    order = await shop.paid()
    await deliver(shop)
    assert [message["object_id"] for message in listener.messages] == [order["order_id"]]


async def test_an_endpoint_of_another_organization_and_one_of_other_kinds_hear_nothing(shop: Shop, listener: Listener):
    await shop.open_event()
    await endpoint(shop, await shop.organizer(), listener, "order.paid")
    await shop.open_event()
    await endpoint(shop, await shop.organizer(), listener, "event.cancelled", "payout.paid")
    await shop.paid()
    await deliver(shop)
    assert listener.heard == []


async def test_what_failed_comes_again_and_what_follows_of_its_object_waits_for_it(shop: Shop, listener: Listener):
    await shop.open_event()
    owner = await shop.organizer()
    made = await endpoint(shop, owner, listener, "order.paid", "order.refunded")
    first, second = await shop.paid(), await shop.paid()
    listener.statuses, listener.answer = [500, 500], b"\x00\xff" + b"x" * 5_000
    await deliver(shop)
    await shop.services.common.pool.execute("UPDATE webhook_deliveries SET due_at = due_at + interval '1 hour'")
    await refund(shop, owner, first)
    await deliver(shop, 2)
    assert len(listener.heard) == 2, "the second waits as well, for its pause; nothing overtakes"
    await due(shop)
    await deliver(shop, 4)
    of_first = [one for one in listener.messages if one["object_id"] == first["order_id"]]
    assert [one["sequence"] for one in of_first] == [1, 1, 2]
    assert of_first[0] == of_first[1], "the same bytes again"
    assert [one["object_id"] for one in listener.messages].count(second["order_id"]) == 2
    tried = await attempts(shop, owner, made)
    assert sorted((one["number"], one["status"], one["delivered"]) for one in tried) == [
        (1, 200, True), (1, 500, False), (1, 500, False), (2, 200, True), (2, 200, True),
    ]  # fmt: skip
    assert {len(one["response"]) for one in tried} == {1_024}


async def test_a_worker_that_dies_before_it_wrote_or_noted_anything_loses_nothing_and_doubles_no_message(
    shop: Shop, listener: Listener, monkeypatch: pytest.MonkeyPatch
):
    await shop.open_event()
    pool = shop.services.common.pool
    await endpoint(shop, await shop.organizer(), listener, "order.paid")
    await shop.paid()

    async def die(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(Documents, "of", die)
        with pytest.raises(RuntimeError):
            await shop.work("webhook_feed")
    assert await pool.fetchval("SELECT count(*) FROM webhook_messages") == 0
    sender = shop.services.messages.webhook_sender
    with monkeypatch.context() as patched:
        patched.setattr(sender, "_note", die)
        await deliver(shop)
    await deliver(shop)
    assert len(listener.heard) == 1, "its claim holds still"
    await pool.execute("UPDATE webhook_deliveries SET locked_until = now() - interval '1 second'")
    await deliver(shop, 2)
    assert len(listener.heard) == 2
    assert listener.messages[0] == listener.messages[1]
    assert await pool.fetchval("SELECT count(*) FROM webhook_messages") == 1


async def test_a_line_that_is_committed_below_others_is_found_when_nobody_from_before_is_left(
    shop: Shop, listener: Listener
):
    await shop.open_event()
    pool = shop.services.common.pool
    await endpoint(shop, await shop.organizer(), listener, "order.paid")
    late_id = await pool.fetchval("SELECT nextval(pg_get_serial_sequence('audit_log', 'id'))")
    order = await shop.paid()
    paid_id = await pool.fetchval("DELETE FROM audit_log WHERE action = 'order.paid' RETURNING id")
    connection = await pool.acquire()
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(LATE, late_id, "order.paid", order["order_id"])
    await pool.execute(LATE, paid_id, "event.changed", shop.event_id)
    await deliver(shop)
    await pool.execute(FEED_WRITTEN)
    await deliver(shop)
    assert await pool.fetchval("SELECT seen > $1 AND sure < $1 FROM webhook_feeds WHERE feed = 'deeds'", late_id)
    assert listener.heard == []
    await transaction.commit()
    await pool.release(connection)
    await deliver(shop, 2)
    assert listener.kinds == ["order.paid"]
    await pool.execute(FEED_WRITTEN)
    await deliver(shop, 2)
    assert len(listener.heard) == 1


async def test_five_days_without_a_delivery_switch_an_endpoint_off_tell_its_owners_and_a_replay_catches_up(
    shop: Shop, listener: Listener
):
    await shop.open_event()
    owner, pool = await shop.organizer(), shop.services.common.pool
    made = await endpoint(shop, owner, listener, "order.paid")
    path = f"/v1/organizations/{shop.organization_id}/webhook-endpoints/{made['id']}"
    await shop.paid()
    listener.statuses = [503, 503]
    await deliver(shop)
    await pool.execute("UPDATE webhook_endpoints SET failing_since = now() - interval '5 days 1 minute'")
    await due(shop)
    await deliver(shop)
    now = await shop.ask("GET", path, Authorization=owner)
    assert (now["enabled"], now["disabled_reason"], now["waiting"]) == (False, "failing", 1)
    shop.mailbox.messages.clear()
    await shop.work("outbox_relay", rounds=2)
    mails = [mail for mail in shop.mailbox.messages if "webhook" in str(mail["Subject"])]
    assert len(mails) == 1
    assert f"/o/{shop.organization_id}/webhooks/{made['id']}" in mails[0].get_body(("plain",)).get_content()
    missed = await shop.paid()
    await due(shop)
    await deliver(shop)
    assert len(listener.heard) == 2, "nothing is sent while it is off"
    since = {"since": "2026-01-01T00:00:00Z"}
    refused = await shop.ask("POST", f"{path}/replay", since, Authorization=owner)
    assert (refused.status, refused["code"]) == (409, "webhook_endpoint_off")
    on = await shop.ask("PATCH", path, {"enabled": True}, Authorization=owner, If_Match="*")
    assert (on.status, on["failing_since"], on["disabled_reason"]) == (200, None, None)
    await deliver(shop)
    assert len(listener.heard) == 3, "what waited goes at once"
    replayed = await shop.ask("POST", f"{path}/replay", since, Authorization=owner)
    assert (replayed["queued"], replayed["has_more"]) == (2, False)
    await deliver(shop)
    assert [one["object_id"] for one in listener.messages[3:]].count(missed["order_id"]) == 1
    await pool.execute("UPDATE webhook_deliveries SET status = 'pending', attempts = $1", TRIES_MAX - 1)
    listener.statuses = [410, 410]
    await deliver(shop)
    assert await pool.fetchval("SELECT count(*) FROM webhook_deliveries WHERE status = 'failed'") > 0
    assert await pool.fetchval("SELECT disabled_reason FROM webhook_endpoints") == "gone"


async def test_who_was_erased_is_in_no_message_that_is_sent_again(shop: Shop, listener: Listener):
    await shop.open_event()
    owner, pool = await shop.organizer(), shop.services.common.pool
    made = await endpoint(shop, owner, listener, "order.paid")
    order = await shop.paid()
    listener.answer = b"thank you, Ada@Example.test"
    await deliver(shop)
    assert listener.messages[0]["data"]["buyer"]["name"] == "Ada"
    person = await shop.ask(
        "POST", "/v1/auth/register", {"email": "gone@example.test", "password": "correct horse battery", "name": "A"}
    )
    await pool.execute("UPDATE orders SET user_id = $1", person["user"]["id"])
    asked = await shop.ask(
        "DELETE", "/v1/users/me", {"password": "correct horse battery"},
        Authorization=f"Bearer {person['access_token']}",
    )  # fmt: skip
    assert asked.status == 202, asked.body
    await shop.work("outbox_relay", rounds=2)
    assert await pool.fetchval("SELECT string_agg(response, '') FROM webhook_attempts") == ""
    message = listener.messages[0]
    path = f"/v1/organizations/{shop.organization_id}/webhook-endpoints/{made['id']}/replay"
    await shop.ask("POST", path, {"message_id": message["id"]}, Authorization=owner)
    await deliver(shop)
    again = listener.messages[1]
    assert (again["id"], again["sequence"], again["object_id"]) == (message["id"], 1, order["order_id"])
    assert b"Ada" not in listener.heard[1][1]
