"""Webhooks out: messages derived from what happened, sent, and let go after a month.

Here the resources of the API, whose shapes stand on the web floor, meet the service that sends them.
"""

from __future__ import annotations

import functools
from typing import Final

from engine.services.messages.webhooks.documents import Shapes
from engine.services.messages.webhooks.feed import WebhookFeed
from engine.services.messages.webhooks.sender import WebhookSender
from engine.web.money.orders_shapes import order_document
from engine.web.tickets.tickets_shapes import ticket_document

# As staff reads them: without the client secret of a payment, and without the code that admits.
SHAPES: Final = Shapes(
    order=functools.partial(order_document, to_buyer=False), ticket=functools.partial(ticket_document, code=None)
)


class WebhooksOut:
    """Three jobs of one thing."""

    def __init__(self, feed: WebhookFeed, sender: WebhookSender) -> None:
        self._feed = feed
        self._sender = sender

    async def derive(self) -> int:
        """Read what happened."""
        return await self._feed.step(SHAPES)

    async def send(self) -> int:
        """Begin what is due."""
        return await self._sender.step(SHAPES)

    async def forget(self) -> int:
        """Let old messages go."""
        return await self._feed.forget()
