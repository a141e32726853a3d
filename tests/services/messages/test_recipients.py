"""One recipient, whatever the name: read back as mail programs read it."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.utils import getaddresses

import pytest

from engine.foundation.folding import name_kept
from engine.services.messages.heads import Head, Sender
from engine.services.messages.letters import written
from engine.services.messages.recipients import to
from tests.names import made

ADDRESS = "ada@example.test"
FIELDS = sorted(["From", "Subject", "To", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"])


def sent(name: str, address: str = ADDRESS, *, subject: str = "Your tickets") -> bytes:
    """The message as it goes to the server."""
    head = Head(Sender("onsale <tickets@example.test>"), to(name, address), subject, "ord_1.tickets")
    return written(head, "Hello", "<p>Hello</p>").content


def test_a_thousand_names_have_one_recipient_each_and_are_read_back_as_they_were():
    for name in made():
        kept = name_kept(name.typed)
        raw = sent(kept)
        assert raw.isascii()
        assert max(len(line) for line in raw.split(b"\r\n")) <= 78, kept
        read = message_from_bytes(raw, policy=policy.default)
        addresses = read["To"].addresses
        assert [one.addr_spec for one in addresses] == [ADDRESS], kept
        # The library keeps the blank between two encoded words, which RFC 2047 (6.2) drops.
        assert addresses[0].display_name.replace(" ", "") == kept.replace(" ", "")
        old = message_from_bytes(raw)  # as programs read it that decode after they parted the list
        [(shown, address)] = getaddresses([old["To"]])
        assert address == ADDRESS, kept
        assert str(make_header(decode_header(shown))).replace("\n", "") == kept
        assert [header for header in read if header.lower() in {"cc", "bcc"}] == []


def test_a_name_that_was_never_folded_ends_no_header():
    for name in (
        "Ada\r\nBcc: eve@evil.test",
        "Ada\nBcc: eve@evil.test",
        "Ada\x0bBcc: x",
        "Ada\u2028Bcc: x",
        "\r\n\r\nbody",
    ):
        raw = sent(name)
        read = message_from_bytes(raw, policy=policy.default)
        assert sorted(read.keys()) == FIELDS
        assert [one.addr_spec for one in read["To"].addresses] == [ADDRESS]


def test_no_name_is_no_name_and_an_address_in_other_letters_stays_whole():
    assert b"To: <ada@example.test>\r\n" in sent("")
    assert "<jörg@example.test>".encode() in sent("Jörg", "jörg@example.test")


SUBJECTS = [
    "Your tickets for Night of Songs",
    "x" * 200,
    "Für Zoë 🎉 " * 12,
    "王小明のコンサート" * 9,
    "=?utf-8?b?QmNjOiBl?= looks encoded",
    "Your tickets for A\r\nBcc: eve@evil.test",
    "Show\u2028Bcc: eve@evil.test",
    "tab\tand \x00\x7f signs",
    "",
]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_is_one_field_in_short_lines_and_is_read_back_as_it_was(subject: str):
    raw = sent("Ada", subject=subject)
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78
    read = message_from_bytes(raw)
    assert sorted(read.keys()) == FIELDS
    shown = str(make_header(decode_header(str(read["Subject"] or "")))).replace("\n ", "")
    assert shown.replace(" ", "") == "".join(subject.split()).replace(" ", "")


def test_a_house_with_a_name_in_other_letters_is_the_sender():
    sender = Sender("Kulturhaus Zürich <karten@kultur.test>")
    assert (sender.address, sender.domain) == ("karten@kultur.test", "kultur.test")
    read = message_from_bytes(sender.field, policy=policy.default)
    assert [(one.display_name, one.addr_spec) for one in read["From"].addresses] == [
        ("Kulturhaus Zürich", "karten@kultur.test")
    ]
