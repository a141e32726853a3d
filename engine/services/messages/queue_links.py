"""The mail that brings a place in a waiting room back to its address' owner.

The room asks for it by an errand; nothing in the mail was written by anybody who typed the address.
"""

from __future__ import annotations

import hotpath_rs
from engine.domain.errands import MailQueueLink
from engine.foundation import queue_links
from engine.foundation.clock import now_ms
from engine.services.messages.link_mails import LinkMails
from engine.services.outbox import Outbox
from engine.stores.messages.mail import MailGateway

LANGUAGES = frozenset({"en", "es", "fr"})
_SUBJECTS = {
    "en": "Your place in the queue for {title}",
    "es": "Su lugar en la cola de {title}",
    "fr": "Votre place dans la file pour {title}",
}


class QueueLinks:
    """Composes and hands over."""

    def __init__(self, *, mailer: MailGateway, keyring: hotpath_rs.Keyring, sender: str, waitingroom_url: str) -> None:
        self._mails = LinkMails(mailer=mailer, sender=sender)
        self._keys = keyring.platform()
        self._room_url = waitingroom_url.rstrip("/")

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
        mark = f"{asked.event_id}.{asked.identity}.{now_ms()}.queue_link"
        await self._mails.send("queue_link", _SUBJECTS[language].format(title=title), asked.email, mark, context)
