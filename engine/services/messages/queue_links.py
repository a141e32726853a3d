"""The mail that brings a place in a waiting room back to its address' owner.

The room asks for it by an errand; nothing in the mail was written by anybody who typed the address.
"""

from __future__ import annotations

import hotpath_rs
from engine.domain.errands import MailQueueLink
from engine.foundation import queue_links
from engine.foundation.clock import now_ms
from engine.foundation.speech.tongue import say, speaking
from engine.foundation.world.languages import DEFAULT, known
from engine.services.messages.delivery.courier import Courier
from engine.services.messages.link_mails import LinkMails, LinkWords
from engine.services.outbox import Outbox


class QueueLinks:
    """Composes and hands over."""

    def __init__(self, *, courier: Courier, keyring: hotpath_rs.Keyring, sender: str, waitingroom_url: str) -> None:
        self._mails = LinkMails(courier=courier, sender=sender)
        self._keys = keyring.platform()
        self._room_url = waitingroom_url.rstrip("/")

    def register(self, outbox: Outbox) -> None:
        """Take the topic."""
        outbox.on(MailQueueLink, self.send)

    async def send(self, asked: MailQueueLink, _repeated: bool) -> None:
        """The link, good from now on."""
        token = queue_links.mint(self._keys, asked, now_ms())
        link = f"{self._room_url}/r/{asked.event_id}/place?token={token}"
        mark = f"{asked.event_id}.{asked.identity}.{now_ms()}.queue_link"
        with speaking(known(asked.language) or DEFAULT):
            await self._mails.send("queue_link", _said(" ".join(asked.title.split())), link, asked.email, mark)


def _said(title: str) -> LinkWords:
    return LinkWords(
        say("Your place in the queue for %(title)s", title=title),
        [
            say(
                "Somebody, probably you, asked to join the queue for %(title)s with this address. The address has a "
                "place there already.",
                title=title,
            ),
            say("To bring that place to the device you are using, open this link on it:"),
        ],
        say("Bring my place here"),
        [
            say(
                "The place then no longer counts on any other device. The link is good for %(minutes)s minutes.",
                minutes=queue_links.VALID_MS // 60_000,
            ),
            say("If it was not you, do nothing: the place stays where it is. Do not pass this mail on to anybody."),
        ],
    )
