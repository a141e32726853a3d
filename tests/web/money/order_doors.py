"""Engines with the express path in front, over the stores of one shop: each has its own memory, as processes have."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web

from engine.app import create_app
from engine.foundation.serving import ExpressRunner
from engine.services import appkeys
from engine.web.arrivals import express
from tests.shop import Answer, Shop

SHUTDOWN_S = 10


@dataclass
class Door:
    """One engine. ``look`` opens a connection of its own, so nothing is queued behind what waits."""

    url: str
    app: web.Application
    runner: ExpressRunner

    async def look(self, order: Answer, at: str = "/status", *, token: str | None = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if "Authorization" not in named or token is not None:
            named["X-Order-Token"] = order["order_token"] if token is None else token
        path = f"{self.url}/v1/orders/{order['order_id']}{at}"
        async with aiohttp.ClientSession() as client, client.get(path, headers=named) as response:
            raw = await response.read()
            return Answer(response.status, json.loads(raw) if raw else None, response.headers)

    @property
    def waiting(self) -> int:
        return len(self.app[appkeys.ORDER_WAITS])

    async def until_waiting(self, count: int) -> None:
        async with asyncio.timeout(10):
            while self.waiting != count:
                await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def opened(shop: Shop, **settings: Any) -> AsyncIterator[Door]:
    """One more engine of the shop."""
    app = create_app(shop.services.common.settings.model_copy(update=settings))
    runner = ExpressRunner(app, express, shutdown_timeout_s=SHUTDOWN_S)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        yield Door(f"http://{host}:{port}", app, runner)
    finally:
        await runner.cleanup()
