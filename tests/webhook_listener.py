"""An endpoint that listens to webhooks on this machine, and answers as a test wants it to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.shop import Answer, Shop


@dataclass
class Listener:
    """``statuses`` are answered one after the other, then 200. ``heard`` are (headers, body) in the order they came."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answer: bytes = b"thanks"
    headers: dict[str, str] = field(default_factory=dict)

    async def hear(self, request: web.Request) -> web.Response:
        self.heard.append(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        status = self.statuses.pop(0) if self.statuses else 200
        return web.Response(status=status, body=self.answer, headers=self.headers)

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [orjson.loads(body) for _, body in self.heard]

    @property
    def kinds(self) -> list[str]:
        return [message["type"] for message in self.messages]


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    listening, app = Listener(), web.Application()
    app.router.add_route("*", "/{tail:.*}", listening.hear)
    server = TestServer(app)
    await server.start_server()
    listening.url = str(server.make_url("/in"))
    yield listening
    await server.close()


async def endpoint(shop: Shop, owner: str, listener: Listener, *kinds: str) -> Answer:
    """An endpoint of the shop's organization that leads to the listener."""
    path = f"/v1/organizations/{shop.organization_id}/webhook-endpoints"
    made = await shop.ask("POST", path, {"url": listener.url, "events": list(kinds)}, Authorization=owner)
    assert made.status == 201, made.body
    return made


async def deliver(shop: Shop, rounds: int = 1) -> None:
    """Let the worker derive messages and send those that are due."""
    for _ in range(rounds):
        await shop.work("webhook_feed", "webhook_sending")
        await shop.services.messages.webhook_sender.settled()


async def due(shop: Shop) -> None:
    """Let the pauses between tries be over."""
    await shop.services.common.pool.execute("UPDATE webhook_deliveries SET due_at = now(), locked_until = NULL")
