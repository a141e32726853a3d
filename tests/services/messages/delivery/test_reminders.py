"""Reminders: once for each start, never about what was given back, and never in front of a ticket."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from engine.domain.errands import MailReminder, MailTickets
from engine.domain.messages.notifications import Note, address_hash
from engine.foundation.clock import now
from engine.services.messages.delivery.channels import Channels
from engine.stores import outbox
from engine.stores.messages.notifications import NotificationStore
from engine.stores.messages.sms_gateway import SmsGateway
from engine.stores.messages.texts import TextPutOff
from engine.stores.messages.whatsapp_gateway import WhatsappGateway
from loadtest.texts import Inbox, create_app
from tests.shop import Answer, Shop

STARTS_IN = timedelta(hours=14)  # both reminders may be due, whatever the time of day this runs


async def sold(shop: Shop, **columns: Any) -> Answer:
    """A paid order of an event that starts soon, bought long ago, its tickets mailed."""
    starts_at = now() + STARTS_IN
    columns = {"starts_at": starts_at, "ends_at": starts_at + timedelta(hours=3), "title": "Soon", **columns}
    await shop.open_event(**columns)
    order = await shop.paid(2)
    await shop.services.common.pool.execute("UPDATE orders SET paid_at = now() - interval '3 days'")
    await shop.work("outbox_relay")
    shop.mailbox.messages.clear()
    return order


async def reminded(shop: Shop) -> list[str]:
    """The subjects of what a step of the job leads to."""
    await shop.work("reminders", "outbox_relay", rounds=3)
    return [str(message["Subject"]) for message in shop.mailbox.messages]


async def test_a_holder_is_reminded_once_for_each_start(shop: Shop):
    order = await sold(shop)
    [subject] = await reminded(shop)
    assert subject.endswith(": Soon")
    [letter] = shop.mailbox.messages
    body = letter.get_body(("plain",)).get_content()
    assert f"/order/{order['order_id']}#token=" in body
    assert "You have 2 tickets." in body
    assert len(await reminded(shop)) == 1
    pool = shop.services.common.pool
    [kind] = [row["kind"] for row in await pool.fetch("SELECT kind FROM notifications WHERE kind LIKE 'reminder%'")]
    assert kind in {"reminder_day_before", "reminder_same_day"}
    await pool.execute("UPDATE events SET starts_at = starts_at + interval '17 minutes'")
    assert len(await reminded(shop)) == 2, "another start is another reminder"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE events SET reminders = false",
        "UPDATE events SET status = 'cancelled'",
        "UPDATE orders SET status = 'refunded'",
        "UPDATE tickets SET status = 'refunded'",
        "UPDATE orders SET paid_at = now()",
        "UPDATE organizations SET status = 'suspended'",
    ],
)
async def test_what_is_over_or_too_late_is_not_reminded_of(shop: Shop, change: str):
    await sold(shop)
    await shop.services.common.pool.execute(change)
    assert await reminded(shop) == []


async def test_what_was_given_back_while_its_reminder_waited_is_not_reminded_of(shop: Shop):
    await sold(shop)
    await shop.work("reminders")
    await shop.services.common.outbox.step()  # the page is ordered, no mail has left
    pool = shop.services.common.pool
    assert await pool.fetchval("SELECT count(*) FROM outbox WHERE topic = 'mail.reminder'") == 1
    await pool.execute("UPDATE tickets SET status = 'refunded'")
    await shop.work("outbox_relay")
    assert shop.mailbox.messages == []


async def test_an_address_that_took_nothing_is_left_out_and_the_row_says_so(shop: Shop):
    await sold(shop)
    pool = shop.services.common.pool
    await pool.execute(
        "INSERT INTO suppressed_addresses (address_hash, said) VALUES ($1, 'gone')", address_hash("ada@example.test")
    )
    assert await reminded(shop) == []
    assert await pool.fetchval("SELECT status FROM notifications WHERE kind LIKE 'reminder%'") == "suppressed"


async def test_thousands_of_reminders_never_stand_in_front_of_a_ticket(shop: Shop):
    order = await sold(shop)
    pool = shop.services.common.pool
    payload = {"order_id": order["order_id"], "kind": "reminder_same_day", "starts_at_ms": 1}
    await pool.execute(
        "INSERT INTO outbox (topic, key, payload, available_at, lane)"
        " SELECT 'mail.reminder', n::text, $1, now() - interval '1 hour', $2 FROM generate_series(1, 20000) n",
        payload,
        MailReminder.lane,
    )
    await outbox.add(pool, order["order_id"], MailTickets(order["order_id"], asked=True, again="ask_1"))
    assert await shop.services.common.outbox.step() == 1
    assert len(shop.mailbox.messages) == 1


class Texts:
    """Both providers' stand-ins and the ways to them."""

    def __init__(self, inbox: Inbox, channels: Channels) -> None:
        self.inbox = inbox
        self.channels = channels


@pytest.fixture
async def texts(shop: Shop) -> Any:
    inbox = Inbox()
    server = TestServer(create_app(inbox))
    await server.start_server()
    at = str(server.make_url("")).rstrip("/")
    sms = SmsGateway(url=at, account="AC1", secret="s", sender="+15005550006")
    whatsapp = WhatsappGateway(url=at)
    store = NotificationStore(shop.services.common.pool)
    yield Texts(inbox, Channels(gateways={"sms": sms, "whatsapp": whatsapp}, notifications=store))
    await sms.close()
    await whatsapp.close()
    await store.close()
    await server.close()


async def test_a_text_leaves_once_and_one_that_was_put_off_is_tried_again(shop: Shop, texts: Texts):
    for channel in ("sms", "whatsapp"):
        note = Note(
            cause=f"ord_1.{channel}", kind="reminder_same_day", recipient="+16046825555", locale="en", channel=channel
        )
        texts.inbox.fail_next = 1
        with pytest.raises(TextPutOff):
            await texts.channels.send(note, "Tonight")
        assert await texts.channels.send(note, "Tonight")
        assert not await texts.channels.send(note, "Tonight"), "it left before"
    assert [(m["channel"], m["to"], m["text"]) for m in texts.inbox.messages] == [
        ("whatsapp", "+16046825555", "Tonight"),
        ("sms", "+16046825555", "Tonight"),
    ]
    pool = shop.services.common.pool
    rows = await pool.fetch("SELECT channel, status, attempts, provider_id FROM notifications ORDER BY channel")
    assert [(row["channel"], row["status"], row["attempts"]) for row in rows] == [
        ("sms", "sent", 2),
        ("whatsapp", "sent", 2),
    ]
    own = shop.services.messages.notifications
    assert await own.told_by_provider("sms", rows[0]["provider_id"], "delivered", "")
    assert not await own.told_by_provider("sms", rows[0]["provider_id"], "failed", ""), "the last word was said"


async def test_a_number_that_takes_no_texts_is_not_tried_and_a_way_that_is_off_orders_nothing(shop: Shop, texts: Texts):
    note = Note(cause="ord_1.sms", kind="reminder_same_day", recipient="+4930123456", locale="en", channel="sms")
    assert not await texts.channels.send(note, "Tonight")
    assert not texts.inbox.messages
    assert await shop.services.common.pool.fetchval("SELECT status FROM notifications") == "failed"
    assert shop.services.messages.channels.open == ()


async def test_a_person_who_wished_it_is_texted_too(shop: Shop, texts: Texts):
    order = await sold(shop)
    pool, reminders = shop.services.common.pool, shop.services.messages.reminders
    reminders._channels = texts.channels
    await pool.execute(
        "INSERT INTO users (id, email, name, password_hash, phone, preferences)"
        " VALUES ('usr_1', 'ada@example.test', 'Ada', 'x', '+16046825555', $1)",
        {"reminders_sms": True, "reminders_whatsapp": False},
    )
    await pool.execute("UPDATE orders SET user_id = 'usr_1'")
    await reminded(shop)
    [text] = texts.inbox.messages
    assert (text["channel"], text["to"]) == ("sms", "+16046825555")
    assert text["text"].startswith("Soon: ")
    assert f"/order/{order['order_id']}#token=" in text["text"]
