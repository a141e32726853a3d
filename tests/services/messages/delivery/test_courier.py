"""What leaves has a row, leaves once a cause, and a row says what became of it."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import aiosmtplib
import pytest

from engine.domain.errands import MailTickets
from engine.domain.messages.notifications import address_hash
from engine.domain.messages.return_paths import return_path
from engine.jobs.bounce_inlet import listening
from engine.stores import outbox
from engine.stores.messages import notifications
from tests.shop import Answer, Shop

REPORTS = Path(__file__).parents[3] / "domain" / "messages" / "dsn"
DOMAIN = "bounces.onsale.test"


async def mailed(shop: Shop) -> Answer:
    """A paid order whose tickets were mailed."""
    await shop.open_event()
    order = await shop.paid()
    await shop.work("outbox_relay")
    return order


async def told(shop: Shop, order: Answer) -> list[dict[str, Any]]:
    """What the buyer reads of it, newest first."""
    path = f"/v1/orders/{order['order_id']}/notifications"
    answer = await shop.ask("GET", path, X_Order_Token=order["order_token"])
    assert answer.status == 200, answer.body
    return list(answer["data"])


async def again(shop: Shop, errand: MailTickets) -> None:
    """The same errand, as after a process that died before it could be deleted."""
    await outbox.add(shop.services.common.pool, errand.order_id, errand)
    await shop.work("outbox_relay")


async def test_a_mail_that_left_is_told_to_its_buyer_and_to_staff_and_leaves_once(shop: Shop):
    order = await mailed(shop)
    [row] = await told(shop, order)
    [letter] = shop.mailbox.messages
    assert (row["kind"], row["channel"], row["status"], row["attempts"]) == ("tickets", "email", "sent", 1)
    assert (row["recipient"], row["locale"], row["event_id"]) == ("ada@example.test", "en", shop.event_id)
    assert row["subject"] == letter["Subject"]
    assert row["attachments"] == [part.get_filename() for part in letter.iter_attachments()]
    assert "said" not in row
    path = f"/v1/events/{shop.event_id}/notifications"
    [of_staff] = (await shop.ask("GET", path + "?status=sent", Authorization=await shop.organizer()))["data"]
    assert of_staff["provider_id"] == letter["Message-ID"]
    assert len(of_staff["content_hash"]) == 2 * hashlib.sha256().digest_size
    assert (await shop.ask("GET", path + "?status=lost", Authorization=await shop.organizer())).status == 400
    await again(shop, MailTickets(order["order_id"]))
    assert len(shop.mailbox.messages) == 1, "it left before"
    await again(shop, MailTickets(order["order_id"], asked=True, again="ask_1"))
    await again(shop, MailTickets(order["order_id"], asked=True, again="ask_1"))
    assert len(shop.mailbox.messages) == 2, "somebody asked for it once more"
    assert [one["status"] for one in await told(shop, order)] == ["sent", "sent"]


@pytest.mark.parametrize(("answer", "status"), [("550 5.1.1 Nobody", "failed"), ("450 4.2.1 Later", "queued")])
async def test_what_a_server_refused_is_told_with_its_words(shop: Shop, answer: str, status: str):
    async def rcpt(*_: Any) -> str:
        return answer

    shop.mailbox.handle_RCPT = rcpt  # type: ignore[attr-defined]
    order = await mailed(shop)
    [row] = await told(shop, order)
    assert (row["status"], row["attempts"], row["sent_at"]) == (status, 1, None)
    path = f"/v1/orders/{order['order_id']}/notifications"
    [of_staff] = (await shop.ask("GET", path, Authorization=await shop.organizer()))["data"]
    assert answer.partition(" ")[2] in of_staff["said"]


async def test_a_mail_that_waited_is_one_row_with_two_tries(shop: Shop):
    kept = shop.mailbox.handle_DATA

    async def later(*_: Any) -> str:
        return "451 4.7.1 Greylisted"

    shop.mailbox.handle_DATA = later  # type: ignore[method-assign]
    order = await mailed(shop)
    shop.mailbox.handle_DATA = kept  # type: ignore[method-assign]
    await shop.services.messages.mailer.close()  # the catcher asks for its handlers when a connection begins
    await shop.services.common.pool.execute("UPDATE outbox SET available_at = now(), locked_until = NULL")
    await shop.work("outbox_relay")
    [row] = await told(shop, order)
    assert (row["status"], row["attempts"]) == ("sent", 2)


async def test_a_report_at_the_inlet_marks_its_mail_and_its_order_and_suppresses_the_address(shop: Shop):
    order = await mailed(shop)
    [row] = await told(shop, order)
    pool, report = shop.services.common.pool, (REPORTS / "postfix.eml").read_bytes()
    own = shop.services.messages.notifications
    async with (
        listening(own, host="127.0.0.1", port=0, domain=DOMAIN) as port,
        aiosmtplib.SMTP(hostname="127.0.0.1", port=port) as server,
    ):
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
            await server.sendmail("", ["ada@onsale.test"], report)
        await server.sendmail("", [return_path(row["id"], DOMAIN)], report)
        await server.sendmail("", [return_path(row["id"], DOMAIN)], report)
    [row] = await told(shop, order)
    assert row["status"] == "bounced"
    assert "User unknown" in (await shop.status(order))["mail_refused"]
    assert await notifications.is_suppressed(pool, "Ada@example.test")
    # A later word of the mail's own being sent does not lift what came back.
    await again(shop, MailTickets(order["order_id"]))
    assert (len(shop.mailbox.messages), (await told(shop, order))[0]["status"]) == (1, "bounced")


async def test_a_full_mailbox_bounces_the_mail_and_leaves_its_address_alone(shop: Shop):
    order = await mailed(shop)
    [row] = await told(shop, order)
    own = shop.services.messages.notifications
    assert not await own.came_back(row["id"], (REPORTS / "delayed.eml").read_bytes())
    assert await own.came_back(row["id"], (REPORTS / "full_mailbox.eml").read_bytes())
    assert (await told(shop, order))[0]["status"] == "bounced"
    assert not await notifications.is_suppressed(shop.services.common.pool, "ada@example.test")


async def test_tickets_go_to_an_address_that_took_nothing_before(shop: Shop):
    await shop.services.common.pool.execute(
        "INSERT INTO suppressed_addresses (address_hash, said) VALUES ($1, 'gone')", address_hash("ada@example.test")
    )
    order = await mailed(shop)
    assert [row["status"] for row in await told(shop, order)] == ["sent"]


async def test_a_hundred_mails_of_a_moment_are_looked_up_and_written_by_few_statements(shop: Shop):
    await shop.open_event()
    orders = [await shop.paid() for _ in range(12)]
    asked: list[int] = []
    store = shop.services.messages.mail._mails._courier._notifications
    write = store._write

    async def counted(outcomes: Any) -> Any:
        asked.append(len(outcomes))
        return await write(outcomes)

    store._writing._commit = counted
    await shop.work("outbox_relay")
    assert len(shop.mailbox.messages) == len(orders)
    assert sum(asked) == len(orders)
    assert len(asked) < len(orders)
    assert await asyncio.gather(*[told(shop, order) for order in orders])
