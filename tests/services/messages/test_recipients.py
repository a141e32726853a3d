"""One recipient, whatever the name: read back as mail programs read it."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.generator import BytesGenerator
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses
from io import BytesIO

from engine.foundation.folding import name_kept
from engine.services.messages.recipients import to
from tests.names import made

ADDRESS = "ada@example.test"


def sent(name: str, address: str = ADDRESS, *, utf8: bool = False) -> bytes:
    """The message as it goes to the server."""
    message = EmailMessage()
    message["Subject"] = "Your tickets"
    message["To"] = to(name, address)
    message.set_content("Hello")
    out = BytesIO()
    BytesGenerator(out, policy=policy.SMTPUTF8 if utf8 else policy.SMTP).flatten(message)
    return out.getvalue()


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
        assert sorted(read.keys()) == sorted(
            ["Subject", "To", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"]
        )
        assert [one.addr_spec for one in read["To"].addresses] == [ADDRESS]


def test_no_name_is_no_name_and_an_address_in_other_letters_stays_whole():
    assert b"To: <ada@example.test>\r\n" in sent("")
    assert "<jörg@example.test>".encode() in sent("Jörg", "jörg@example.test", utf8=True)
