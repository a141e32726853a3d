"""The mail catcher shows a message as its reader sees it."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiosmtpd.smtp import Envelope

from loadtest import mailbox

PNG = b"\x89PNG picture"


def letter(subject: str = "Your tickets") -> bytes:
    message = EmailMessage()
    message["Subject"] = subject
    message.set_content("two tickets")
    message.add_alternative('<p>two tickets</p><img src="cid:one@shop">', subtype="html")
    message.get_payload()[1].add_related(PNG, "image", "png", cid="<one@shop>")  # type: ignore[union-attr, index]
    message.add_attachment(b"%PDF-1.7", "application", "pdf", filename="tickets for two.pdf")
    return message.as_bytes()


async def caught(*letters: bytes) -> TestClient[Any, Any]:
    box = mailbox.Mailbox()
    for content in letters:
        envelope = Envelope()
        envelope.mail_from, envelope.rcpt_tos, envelope.content = "shop@example.test", ["ana@example.test"], content
        await box.handle_DATA(None, None, envelope)  # type: ignore[arg-type]
    return TestClient(TestServer(mailbox.create_app(box)))


async def test_a_letter_is_shown_with_its_pictures():
    async with await caught(letter()) as client:
        shown = await (await client.get("/messages/1/html")).text()
        assert '<img src="/messages/1/files/one@shop">' in shown
        picture = await client.get("/messages/1/files/one@shop")
        assert (picture.content_type, await picture.read()) == ("image/png", PNG)


async def test_the_list_for_people_links_what_a_letter_carries():
    async with await caught(letter("Tickets <for> two")) as client:
        page = await (await client.get("/")).text()
        assert "Tickets &lt;for&gt; two" in page
        assert "/messages/1/files/tickets%20for%20two.pdf" in page
        pdf = await client.get("/messages/1/files/tickets%20for%20two.pdf")
        assert (pdf.content_type, await pdf.read()) == ("application/pdf", b"%PDF-1.7")


async def test_old_letters_keep_their_words_and_lose_their_files(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(mailbox, "FILES_OF_MESSAGES_MAX", 1)
    async with await caught(letter(), letter()) as client:
        assert (await client.get("/messages/1/files/one@shop")).status == 404
        assert (await client.get("/messages/2/files/one@shop")).status == 200
        assert (await (await client.get("/messages/1")).json())["text"] == "two tickets\n"


async def test_a_message_that_nobody_sent_is_not_found():
    async with await caught() as client:
        for path in ("/messages/1", "/messages/1/html", "/messages/1/files/x", "/messages/x/files/x"):
            assert (await client.get(path)).status == 404
