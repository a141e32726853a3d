"""The ways to a telephone: those that are set up, and a text sent by one of them.

As with mail, what left before does not leave again, and a row tells what became of it. A way that is not set up is
off; nothing is ordered for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from engine.domain.messages.notifications import Channel, Note, Outcome, Status
from engine.domain.messages.phones import textable
from engine.foundation.ids import new_id
from engine.foundation.metrics import labelled
from engine.services.messages.delivery.courier import MESSAGES
from engine.stores.messages.notifications import NotificationStore
from engine.stores.messages.texts import TextGateway, TextPutOff, TextRefused

TEXTS: Final[tuple[Channel, ...]] = ("sms", "whatsapp")


class Channels:
    """Sends texts by those gateways that there are."""

    def __init__(self, *, gateways: Mapping[Channel, TextGateway], notifications: NotificationStore) -> None:
        self._gateways = gateways
        self._notifications = notifications

    @property
    def open(self) -> tuple[str, ...]:
        """The ways that are set up."""
        return tuple(self._gateways)

    def named(self, name: str) -> Channel:
        """The way of this name, set up or not."""
        return next(channel for channel in TEXTS if channel == name)

    async def send(self, note: Note, text: str) -> bool:
        """Send it, if it was not sent before and its way is set up; whether it left now. TextPutOff."""
        gateway = self._gateways.get(note.channel)
        if gateway is None:
            return False
        standing = await self._notifications.look(note.cause)
        if standing.is_over:
            return False
        known, digest = standing.id or new_id("msg"), hashlib.sha256(text.encode()).digest()

        async def write(status: Status, provider_id: str = "", said: str = "") -> None:
            labelled(MESSAGES, note.channel, status).inc()
            await self._notifications.write(Outcome(known, note, status, digest, provider_id, said))

        number = textable(note.recipient)
        if number is None:
            await write("failed", said="No number that takes texts")
            return False
        try:
            provider_id = await gateway.send(number, text)
        except TextRefused as refusal:
            await write("failed", said=refusal.said)
            return False
        except TextPutOff as wait:
            await write("queued", said=wait.said)
            raise
        await write("sent", provider_id)
        return True
