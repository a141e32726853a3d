"""A mail's head: who sends, to whom, about what. Each field is one field, whatever was typed into it.

The standard library parses what it is given and folds it again, 0.4 ms a mail; these fields have a fixed form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr
from typing import Final

from engine.foundation.clock import now
from engine.services.messages.recipients import To, encoded

SUBJECT_CHARS_MAX: Final = 67  # with the field's name within the 76 of a short line
_FIRST_WORD_BYTES_MAX: Final = 39  # 52 characters in base64, next to "Subject: "
# Nothing that could be read as an encoded word.
_PLAIN: Final = re.compile(rf"(?!.*=\?)[ -~]{{1,{SUBJECT_CHARS_MAX}}}\Z")


class Sender:
    """Whose mails these are: ``Name <address>`` as the settings have it, written down once."""

    def __init__(self, written: str) -> None:
        self.address = parseaddr(written)[1]
        self.domain = written.rpartition("@")[2].rstrip("> ") or "localhost"
        once = EmailMessage()
        once["From"] = written
        policy = SMTP if self.address.isascii() else SMTPUTF8
        self.field = once.as_bytes(policy=policy).removesuffix(b"\r\n")


@dataclass(frozen=True, slots=True)
class Head:
    """``mark`` is what of the Message-ID stands before the @: a mail that is sent again keeps it.

    ``more``: further fields in ASCII, a line each.
    """

    sender: Sender
    to: To
    subject: str
    mark: str
    more: str = ""

    @property
    def message_id(self) -> str:
        """``<mark@domain>``."""
        return f"<{''.join(self.mark.split())}@{self.sender.domain}>"

    def written(self) -> bytes:
        """The fields, in lines that end with CRLF. UTF-8 only if an address needs it."""
        fields = (
            f"Subject: {_subject(self.subject)}\n"
            f"To: {self.to.value}\n"
            f"Date: {_date(now())}\n"
            f"Message-ID: {self.message_id}\n"
            f"Auto-Submitted: auto-generated\n{self.more}"
        )
        return self.sender.field + fields.replace("\n", "\r\n").encode()


def _subject(text: str) -> str:
    line = " ".join(text.split())
    return line if _PLAIN.match(line) else encoded(line, first_bytes_max=_FIRST_WORD_BYTES_MAX)


def _date(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC))
