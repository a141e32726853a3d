"""The one door by which mail leaves: what left before does not leave again, and a row tells what became of it.

A cause names one message. It is looked up before, and what came of trying is written after, each by one statement for
all messages of the moment. Should the process die between the server's answer and the row, the mail is sent again under
the same Message-ID.
"""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Final

from aiosmtplib import SMTPException
from prometheus_client import Counter

from engine.domain.messages.notifications import Note, Outcome, Status
from engine.domain.messages.return_paths import return_path
from engine.foundation.ids import new_id
from engine.foundation.metrics import labelled
from engine.stores.messages.letter import Letter
from engine.stores.messages.mail import NOBODYS, MailGateway
from engine.stores.messages.notifications import NotificationStore
from engine.stores.messages.undelivered import refusal_of

MESSAGES: Final = Counter("onsale_messages_total", "Messages by channel and outcome", ["channel", "outcome"])


class Courier:
    """Carries letters. ``bounce_domain``: where servers return what they cannot deliver; "": to the sender."""

    def __init__(self, *, mailer: MailGateway, notifications: NotificationStore, bounce_domain: str = "") -> None:
        self._mailer = mailer
        self._notifications = notifications
        self._bounce_domain = bounce_domain

    async def carry(self, letter: Letter, note: Note, message_id: str) -> bool:
        """Send it, if it was not sent before; whether it left now.

        Raises SMTPException or OSError as the mailer does: ``refusal_of`` tells a refusal from what may go later.
        """
        if letter.recipient.endswith(NOBODYS):
            return False
        address = note.recipient if note.is_left_out_if_suppressed else None
        standing = await self._notifications.look(note.cause, address)
        if standing.is_over:
            return False
        known = standing.id or new_id("msg")
        digest = hashlib.sha256(letter.content).digest()

        async def write(status: Status, said: str = "") -> None:
            labelled(MESSAGES, note.channel, status).inc()
            await self._notifications.write(Outcome(known, note, status, digest, message_id, said))

        if standing.suppressed:
            await write("suppressed", "An earlier mail to this address came back")
            return False
        if self._bounce_domain:
            letter = dataclasses.replace(letter, sender=return_path(known, self._bounce_domain))
        try:
            await self._mailer.send(letter)
        except (SMTPException, OSError) as error:
            refusal = refusal_of(error) if isinstance(error, SMTPException) else None
            if refusal is None:
                await write("queued", str(error) or type(error).__name__)
            else:
                await write("failed", f"{refusal.code} {refusal.said}")
            raise
        await write("sent")
        return True
