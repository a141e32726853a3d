"""Mail that cannot be carried is said before anybody pays, or told to both sides; it is never silence."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from engine.domain.errands import MailTickets
from engine.stores.mail_server import MailServerGateway
from tests.shop import WAIT_MAX_S, Shop

ADA = {"name": "Ada", "email": "ada@example.test"}


async def bought(shop: Shop, **info: str) -> Any:
    """An order paid by this buyer, mails sent."""
    order = await shop.order(await shop.hold(), user_info=ADA | info)
    assert order.status == 201, order.body
    assert (await shop.pay(order))[0] == 200
    await shop.until(order, "paid")
    await shop.work("outbox_relay")
    return order


def answering(shop: Shop, command: str, answer: str) -> None:
    """Let the mail server say this to the next mails."""

    async def rcpt(_server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if command == "RCPT":
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def data(*_: Any) -> str:
        return answer

    shop.mailbox.handle_RCPT = rcpt
    if command == "DATA":
        shop.mailbox.handle_DATA = data


@pytest.mark.parametrize(
    ("typed", "mailed"),
    [
        ("ada@bücher.test", "ada@xn--bcher-kva.test"),
        ("Ada@BÜCHER.test.", "ada@xn--bcher-kva.test"),
        ("ada@xn--bcher-kva.test", "ada@xn--bcher-kva.test"),
        ("ada@例え.テスト", "ada@xn--r8jz45g.xn--zckzah"),
        ("ａｄａ@example.test", "ada@example.test"),
    ],
)
async def test_a_domain_in_any_letters_is_mailed_in_its_ascii_form(shop: Shop, typed: str, mailed: str):
    await shop.open_event()
    await bought(shop, email=typed)
    (message,) = shop.mailbox.messages
    assert [one.addr_spec for one in message["To"].addresses] == [mailed]


@pytest.mark.parametrize("email", ["jörg@example.test", "用户@example.test", "ø@bücher.test"])
async def test_an_address_the_server_cannot_carry_is_said_before_paying_and_nothing_is_written(shop: Shop, email: str):
    await shop.open_event()
    hold = await shop.hold()
    answer = await shop.order(hold, user_info=ADA | {"email": email})
    assert (answer.status, answer["code"], answer["errors"][0]["pointer"]) == (
        422,
        "address_not_carried",
        "/user_info/email",
    )
    assert await shop.services.common.pool.fetchval("SELECT count(*) FROM orders") == 0
    assert (await shop.order(hold)).status == 201, "the hold is kept, and another address will do"


async def test_a_server_that_writes_to_every_letter_is_asked_and_believed(shop: Shop):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(shop.mailbox, enable_SMTPUTF8=True), "127.0.0.1", 0)
    asked = MailServerGateway(host="127.0.0.1", port=server.sockets[0].getsockname()[1])
    assert await asked.carries("jörg@example.test")
    assert await asked.carries("ada@example.test")
    server.close()
    assert not await MailServerGateway(host="127.0.0.1", port=1).carries("jörg@example.test"), (
        "one that is away: not now"
    )


@pytest.mark.parametrize(
    ("command", "answer"), [("RCPT", "550 5.1.1 No such user here"), ("DATA", "554 5.7.1 Not wanted")]
)
async def test_what_the_server_will_never_take_ends_at_once_and_is_told_to_both(shop: Shop, command: str, answer: str):
    await shop.open_event()
    answering(shop, command, answer)
    order = await bought(shop)
    pool = shop.services.common.pool
    async with asyncio.timeout(WAIT_MAX_S):  # rows that are done go in batches
        while (row := await pool.fetchrow("SELECT error FROM outbox WHERE topic = $1", MailTickets.topic)) is not None:
            assert row["error"] is None
            await asyncio.sleep(0.02)
    assert (await shop.status(order))["mail_refused"] == answer
    [line] = await pool.fetch("SELECT * FROM audit_log WHERE action = 'mail.refused'")
    assert (line["target"], line["facts"]["event_id"], line["actor_kind"]) == (
        order["order_id"],
        shop.event_id,
        "system",
    )
    assert "ada@" not in str(line["facts"])
    page = await shop.ask("GET", f"/order/{order['order_id']}", Cookie=f"onsale_order={order['order_token']}")
    words = page.body.decode()
    assert f"The server said: <bdi>{answer}</bdi>" in words
    assert "sent to ada@example.test as well" not in words


@pytest.mark.parametrize(("command", "answer"), [("RCPT", "450 4.2.1 Later"), ("DATA", "451 4.7.1 Greylisted")])
async def test_what_the_server_may_take_later_waits_and_is_sent_again(shop: Shop, command: str, answer: str):
    await shop.open_event()
    keep = shop.mailbox.handle_DATA
    answering(shop, command, answer)
    order = await bought(shop)
    assert (await shop.status(order))["mail_refused"] is None
    answering(shop, "", "")
    shop.mailbox.handle_DATA = keep
    await shop.services.messages.mailer.close()  # the catcher asks for its handlers when a connection begins
    await shop.services.common.pool.execute("UPDATE outbox SET available_at = now(), locked_until = NULL")
    await shop.work("outbox_relay")
    assert len(shop.mailbox.messages) == 1
