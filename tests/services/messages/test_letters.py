"""A mail's bytes say what was written, to every parser."""

from __future__ import annotations

import os
from email import message_from_bytes, policy

import pytest

from engine.services.messages.heads import Head, Sender
from engine.services.messages.letters import Paper, Picture, written
from engine.services.messages.recipients import to

LINE_CHARS = 76

TEXTS = [
    "Hello Ada",
    "Zoë 🎉 王小明 محمد\nsecond line\r\nthird\n",
    ".\n..\n.dot first\n",
    "x" * 2_000 + "\n" + "é" * 500,
    "trailing blanks   \ntabs\t\n= equals =_onsale_mixed --=_onsale_mixed\n",
    "",
]


def head(subject: str = "Für Zoë 🎉") -> Head:
    return Head(Sender("House <house@example.test>"), to("Ada", "ada@example.test"), subject, "ord_1.tickets")


@pytest.mark.parametrize("text", TEXTS)
def test_text_pictures_and_papers_are_read_back(text):
    png, pdf = os.urandom(901), os.urandom(25_003)
    html = f"<p>{text}</p>\n<img src=cid:code0>"
    raw = written(
        head(), text, html, [Picture("code0", png), Picture("code1", png[::-1])], [Paper("t-1.pdf", pdf)]
    ).content
    message = message_from_bytes(raw, policy=policy.default)
    assert not list(message.defects)
    assert message["Subject"] == "Für Zoë 🎉"
    lines = [part.get_content().splitlines() for part in (message.get_body(("plain",)), message.get_body(("html",)))]
    assert lines == [text.splitlines(), html.splitlines()]
    [paper] = message.iter_attachments()
    assert (paper.get_content(), paper.get_filename()) == (pdf, "t-1.pdf")
    pictures = {
        part["content-id"]: part.get_content() for part in message.walk() if part.get_content_type() == "image/png"
    }
    assert pictures == {"<code0>": png, "<code1>": png[::-1]}


def test_every_line_is_short_ascii_and_ends_as_the_wire_asks():
    raw = written(head(), TEXTS[3], TEXTS[1], [Picture("c", b"\0" * 400)], [Paper("t.pdf", b"%PDF" * 999)]).content
    assert raw.isascii()
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    assert max(len(line) for line in raw.split(b"\r\n")) <= LINE_CHARS
