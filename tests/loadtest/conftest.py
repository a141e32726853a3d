"""A payment sandbox on a free port, the real Stripe SDK that speaks to it, and an endpoint that hears its webhooks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson
import pytest
import stripe
from aiohttp import web

from loadtest.sandbox.app import build_app
from loadtest.sandbox.controls import Controls

SECRET = "whsec_test_only"
WAIT_MAX_S = 5.0


@dataclass
class Ear:
    """Hears webhooks. `answers` are the statuses of the next replies; after them it says 200."""

    url: str = ""
    secret: str = SECRET
    heard: list[dict[str, Any]] = field(default_factory=list)
    raw: list[tuple[bytes, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    async def listen(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.raw.append((body, request.headers["Stripe-Signature"]))
        self.heard.append(orjson.loads(body))
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    def kinds(self) -> list[str]:
        return [event["type"] for event in self.heard]

    async def wait(self, until: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_MAX_S):
            while not until():
                await asyncio.sleep(0.005)

    async def hears(self, kind: str, copies: int = 1) -> dict[str, Any]:
        await self.wait(lambda: self.kinds().count(kind) >= copies)
        return next(event for event in self.heard if event["type"] == kind)


@dataclass
class Running:
    """A started sandbox: `url`, the SDK's `stripe` client, plain `http`, and its `controls`."""

    url: str
    stripe: stripe.StripeClient
    http: aiohttp.ClientSession
    app: web.Application

    async def switch(self, **changes: Any) -> dict[str, Any]:
        async with self.http.post(f"{self.url}/_sandbox/controls", json=changes) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def do(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        async with self.http.post(f"{self.url}/_sandbox/{path}", json=body or {}) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def see(self, path: str) -> dict[str, Any]:
        async with self.http.get(f"{self.url}/_sandbox/{path}") as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def as_browser(self, method: str, path: str, **fields: str) -> tuple[int, dict[str, Any]]:
        """As Stripe.js does it: the publishable key and the client secret in a form post from another origin."""
        headers = {"Authorization": "Bearer pk_test_fans", "Origin": "http://shop.example"}
        data = {"data": fields} if method == "POST" else {"params": fields}
        async with self.http.request(method, f"{self.url}{path}", headers=headers, **data) as answer:
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            return answer.status, await answer.json()


async def serve(app: web.Application) -> tuple[web.AppRunner, str]:
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


@pytest.fixture
async def ear() -> AsyncIterator[Ear]:
    ear = Ear()
    app = web.Application()
    app.router.add_post("/hook", ear.listen)
    runner, url = await serve(app)
    ear.url = f"{url}/hook"
    yield ear
    await runner.cleanup()


@pytest.fixture
async def start_sandbox(ear: Ear) -> AsyncIterator[Callable[..., Any]]:
    """Starts sandboxes, with a state file or without, and stops those that still run at the end."""
    stops = []

    async def start(state_file: Any = None, **controls: Any) -> Running:
        app = build_app(
            Controls(**{"webhook_url": ear.url, "webhook_secret": SECRET, "webhook_events": ["*"]} | controls),
            state_file,
        )
        runner, url = await serve(app)
        http = aiohttp.ClientSession()
        client = stripe.AIOHTTPClient()
        sdk = stripe.StripeClient(
            "sk_test_engine", base_addresses={"api": url}, http_client=client, max_network_retries=0
        )

        async def stop() -> None:
            await client.close_async()
            await http.close()
            await runner.cleanup()

        running = Running(url, sdk, http, app)
        running.stop = stop  # type: ignore[attr-defined]
        stops.append(stop)
        return running

    yield start
    for stop in stops:
        await stop()


@pytest.fixture
async def sandbox(start_sandbox: Callable[..., Any]) -> Running:
    return await start_sandbox()
