"""A mail server that writes to names in every letter is used as it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope

from tests.shop import Mailbox, Shop


class Letterbox(Mailbox):
    """Knows whom each mail was for, apart from what its header says."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        self.rcpt_tos = envelope.rcpt_tos
        return await super().handle_DATA(server, session, envelope)


@pytest.fixture
async def mailbox() -> AsyncIterator[Letterbox]:
    box = Letterbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, enable_SMTPUTF8=True), "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    yield box
    server.close()


@pytest.mark.parametrize("email", ["jörg@example.test", "用户@bücher.test"])
async def test_tickets_go_to_an_address_in_any_letters(shop: Shop, email: str):
    await shop.open_event()
    info = {"name": "Jörg, der Große", "email": email}
    order = await shop.order(await shop.hold(), user_info=info)
    assert order.status == 201, order.body
    assert (await shop.pay(order))[0] == 200
    await shop.until(order, "paid")
    await shop.work("outbox_relay")
    (message,) = shop.mailbox.messages
    kept = email.replace("bücher", "xn--bcher-kva")
    assert shop.mailbox.rcpt_tos == [kept]
    [recipient] = message["To"].addresses
    address = recipient.addr_spec.encode("utf-8", "surrogateescape").decode()  # the library reads headers as ASCII
    assert (address, recipient.display_name) == (kept, "Jörg, der Große")
