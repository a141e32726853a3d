"""Mail that the server will never take, kept so that the buyer and the organizer hear of it.

A server's "no" to the recipient or to the message is final (5yz, RFC 5321, 4.2.1). What it says to us as its client -
to our sign-in, to our own address, at the connection - is ours to mend, and the mail waits.
"""

from __future__ import annotations

from typing import Final

import aiosmtplib
from msgspec import Struct

from engine.domain.money.orders import Order
from engine.stores import activity
from engine.stores.database import Connection
from engine.stores.money.event_holders import HeldOrder

PERMANENT_FROM, PERMANENT_TO = 500, 599
NO_SUCH_MAILBOX_NAME: Final = 553  # RFC 5321, 4.2.3
SAID_CHARS_MAX: Final = 300

_KEEP = "UPDATE orders SET mail_refused = $2 WHERE id = $1 AND mail_refused IS DISTINCT FROM $2 RETURNING id"


class MailRefusal(Struct, frozen=True):
    """The server's answer: its code and its words."""

    code: int
    said: str


def refusal_of(error: aiosmtplib.SMTPException) -> MailRefusal | None:
    """What the server finally refused; None if the mail may still go."""
    if isinstance(error, aiosmtplib.SMTPNotSupported):
        return MailRefusal(NO_SUCH_MAILBOX_NAME, "The mail server cannot write to this address")
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        refused = [refusal_of(one) for one in error.recipients]
        return refused[0] if refused and all(refused) else None
    if isinstance(error, aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError) and _is_final(error.code):
        return MailRefusal(error.code, _one_line(error.message))
    return None


def _is_final(code: int) -> bool:
    return PERMANENT_FROM <= code <= PERMANENT_TO


def _one_line(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:SAID_CHARS_MAX]


async def keep(db: Connection, order: Order | HeldOrder, kind: str, refusal: MailRefusal) -> bool:
    """Write it on the order and into the log, once for each answer; whether it was new.

    ``kind`` is the mail's template.
    """
    async with db.transaction():
        is_new = await db.fetchval(_KEEP, order.id, f"{refusal.code} {refusal.said}") is not None
        if is_new:
            facts = {"event_id": order.event_id, "order_number": order.order_number, "mail": kind, "code": refusal.code}
            await activity.record(db, None, "mail.refused", order.id, **facts)
    return is_new
