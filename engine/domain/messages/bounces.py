"""What a returned mail says: that nobody reads the address, that it may work later, or that all is well.

Most servers answer as RFC 3464 has it: a report with a part for machines. Some write prose alone; of these the common
dialects are read. An answer that a person's mailbox wrote, such as a note of absence, says nothing about its address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import policy
from email.message import Message
from email.parser import BytesParser
from typing import Final, Literal

from engine.domain.messages.notifications import SAID_CHARS_MAX

Verdict = Literal["gone", "bounced", "delivered"]

REPORT_BYTES_MAX: Final = 512 * 1024
PARTS_MAX: Final = 50
_TEXT_CHARS_MAX: Final = 20_000
# Enhanced status codes (RFC 3463) of an address that will not work tomorrow either: no such mailbox, no such domain,
# bad syntax, moved away, disabled. A full mailbox, a content or a policy that refused is another's trouble.
_GONE: Final = re.compile(r"5\.1\.(?:0|1|2|3|6|10)|5\.2\.1|5\.4\.4")
_CODE: Final = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_REPLY: Final = re.compile(r"\b(?:[45]\d\d)[ -]")
# Prose of servers that send no report: qmail's, an old Exim's, the Exchange of a company, a forwarder's.
_PROSE: Final = re.compile(
    r"qmail-send program|couldn't be delivered|could not be delivered|permanent error|wasn't able to deliver"
    r"|undeliverable|delivery (?:has )?failed|returned to sender",
    re.IGNORECASE,
)
_NOBODY: Final = re.compile(
    r"no mailbox here|user unknown|unknown user|no such (?:user|mailbox|recipient)|does not exist|doesn't exist"
    r"|not found|unrouteable address|address rejected|recipient rejected|mailbox unavailable|account (?:is )?disabled"
    r"|no longer (?:valid|available|in use)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Returned:
    """``gone``: nobody reads the address, for good; ``bounced``: this mail was lost. ``said``: the server's words."""

    verdict: Verdict
    said: str


def read(raw: bytes) -> Returned | None:
    """What the mail says; None if it says nothing final: a delay, an absence, a letter. Never raises for its bytes."""
    message = BytesParser(policy=policy.compat32).parsebytes(raw[:REPORT_BYTES_MAX])
    report = _report(message)
    if report is not None:
        return _of_report(report)
    if _is_absence(message):
        return None
    return _of_prose(_words(message))


def _report(message: Message) -> Message | None:
    """The part for machines."""
    for number, part in enumerate(message.walk()):
        if number > PARTS_MAX:
            break
        if part.get_content_type() in {"message/delivery-status", "message/global-delivery-status"}:
            return part
    return None


def _of_report(report: Message) -> Returned | None:
    """Its first recipient's fields: each of our mails has one."""
    for block in _blocks(report):
        action = _field(block, "action").lower()
        status = _CODE.search(_field(block, "status"))
        said = _line(_diagnosis(block))
        if not action and status is None:
            continue
        if action in {"delivered", "relayed", "expanded"}:
            return Returned("delivered", said)
        if action == "delayed" or (not action and status is not None and status[1] != "5"):
            return None
        code = status[0] if status is not None else ""
        if code == "5.0.0" or not code:  # some say nothing but "failed" for machines, and the rest in words
            spoken = _CODE.search(said)
            code = spoken[0] if spoken is not None else code
        gone = bool(_GONE.fullmatch(code)) or (code in {"", "5.0.0"} and bool(_NOBODY.search(said)))
        return Returned("gone" if gone else "bounced", said or code)
    return None


def _blocks(report: Message) -> list[Message]:
    """The groups of fields; a server that wrote them as one text is understood as well."""
    payload = report.get_payload()
    if isinstance(payload, list):
        return [block for block in payload if isinstance(block, Message)]
    parser = BytesParser(policy=policy.compat32)
    return [parser.parsebytes(piece.encode("utf-8", "replace")) for piece in re.split(r"\r?\n\r?\n", str(payload))]


def _diagnosis(block: Message) -> str:
    text = _field(block, "diagnostic-code")
    kind, mark, rest = text.partition(";")
    return rest if mark and len(kind) < len("x-microsoft-smtp ") else text


def _field(block: Message, name: str) -> str:
    return str(block.get(name, "") or "")


def _is_absence(message: Message) -> bool:
    """Written for somebody by their mailbox (RFC 3834), not by a server about them."""
    return "auto-replied" in _field(message, "auto-submitted").lower() and not _field(message, "x-failed-recipients")


def _of_prose(text: str) -> Returned | None:
    if not _PROSE.search(text):
        return None
    lines = [line.strip() for line in text.splitlines()]
    telling = [line for line in lines if _CODE.search(line) or _REPLY.search(line) or _NOBODY.search(line)]
    said = _line(" ".join(telling[:2]) or next((line for line in lines if line), ""))
    code = _CODE.search(said)
    if code is not None and code[1] == "4":
        return Returned("bounced", said)
    gone = bool(code is not None and _GONE.fullmatch(code[0])) or bool(_NOBODY.search(said))
    return Returned("gone" if gone else "bounced", said)


def _words(message: Message) -> str:
    """The first text of a mail."""
    for number, part in enumerate(message.walk()):
        if number > PARTS_MAX:
            break
        if part.get_content_type() == "text/plain":
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes):
                return payload[: _TEXT_CHARS_MAX * 4].decode("utf-8", "replace")[:_TEXT_CHARS_MAX]
    return ""


def _line(text: str) -> str:
    shown = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(shown.split())[:SAID_CHARS_MAX]
