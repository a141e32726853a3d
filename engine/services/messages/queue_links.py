"""The mail that brings a place in a waiting room back to its address' owner.

The room asks for it by an errand; nothing in the mail was written by anybody who typed the address.
"""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import format_datetime

from aiosmtplib import SMTPException

import hotpath_rs
from engine.domain.errands import MailQueueLink
from engine.foundation import logs, queue_links
from engine.foundation.clock import now, now_ms
from engine.services.messages.mail_templates import domain_of, open_templates
from engine.services.messages.recipients import to
from engine.services.outbox import Outbox
from engine.stores.messages.mail import MailGateway
from engine.stores.messages.undelivered import refusal_of

_log = logs.get("queue_links")
LANGUAGES = frozenset({"en", "es", "fr"})
_SUBJECTS = {
    "en": "Your place in the queue for {title}",
    "es": "Su lugar en la cola de {title}",
    "fr": "Votre place dans la file pour {title}",
}


class QueueLinks:
    """Composes and hands over."""

    def __init__(self, *, mailer: MailGateway, keyring: hotpath_rs.Keyring, sender: str, waitingroom_url: str) -> None:
        self._mailer = mailer
        self._keys = keyring.platform()
        self._sender = sender
        self._room_url = waitingroom_url.rstrip("/")
        self._domain = domain_of(sender)
        self._templates = open_templates()

    def register(self, outbox: Outbox) -> None:
        """Take the topic."""
        outbox.on(MailQueueLink, self.send)

    async def send(self, asked: MailQueueLink, _repeated: bool) -> None:
        """The link, good from now on."""
        token = queue_links.mint(self._keys, asked, now_ms())
        language = asked.language if asked.language in LANGUAGES else "en"
        title = " ".join(asked.title.split())
        context = {
            "language": language,
            "title": title,
            "link": f"{self._room_url}/r/{asked.event_id}/place?token={token}",
            "minutes": queue_links.VALID_MS // 60_000,
        }
        message = EmailMessage()
        message["Subject"] = _SUBJECTS[language].format(title=title)
        message["From"] = self._sender
        message["To"] = to("", asked.email)
        message["Date"] = format_datetime(now())
        message["Message-ID"] = f"<{asked.event_id}.{asked.identity}.{now_ms()}.queue_link@{self._domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self._templates.get_template("queue_link.txt.jinja").render(context))
        message.add_alternative(self._templates.get_template("queue_link.html.jinja").render(context), subtype="html")
        try:
            await self._mailer.send(message)
        except SMTPException as error:
            refusal = refusal_of(error)
            if refusal is None:
                raise
            _log.info("queue_link_refused", event_id=asked.event_id, code=refusal.code)  # who typed it sees no mail
