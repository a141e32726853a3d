"""The sandbox over HTTP: Stripe's API under /v1, its hosted pages, and the controls under /_sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from aiohttp import web

from loadtest.sandbox import (
    charges,
    checkout_sessions,
    connect,
    control_routes,
    customers,
    disputes,
    ledger,
    limits,
    pages,
    paying,
    payment_intents,
    payment_methods,
    payouts,
    refunds,
    reversals,
)  # fmt: skip
from loadtest.sandbox.calls import Route, Sandbox
from loadtest.sandbox.controls import Board, Controls
from loadtest.sandbox.endpoint import Endpoint, preflight, unknown_url
from loadtest.sandbox.events import Events
from loadtest.sandbox.idempotency import Idempotency
from loadtest.sandbox.journal import FileJournal
from loadtest.sandbox.ratelimit import RateLimit
from loadtest.sandbox.store import Store
from loadtest.sandbox.timers import Timers
from loadtest.sandbox.webhooks import Webhooks

SANDBOX = web.AppKey("sandbox", Sandbox)
ROUTES: tuple[Route, ...] = (
    *payment_intents.ROUTES, *refunds.ROUTES, *charges.ROUTES, *payment_methods.ROUTES, *customers.ROUTES,
    *checkout_sessions.ROUTES, *connect.ROUTES, *payouts.ROUTES, *disputes.ROUTES, *ledger.ROUTES, *reversals.ROUTES,
)  # fmt: skip


def build_app(controls: Controls, state_file: Path | None = None) -> web.Application:
    """The whole sandbox. With a `state_file` it continues where the last one stopped."""
    store = Store()
    board = Board(controls)
    store.clock_offset_s = controls.clock_offset_s
    webhooks = Webhooks(store, board)
    box = Sandbox(store, board, Events(store, webhooks.offer), Timers(store.time_s), webhooks)
    app = web.Application(client_max_size=limits.BODY_MAX_BYTES)
    app[SANDBOX] = box
    keys, rates = Idempotency(store), RateLimit()
    for route in ROUTES:
        app.router.add_route(route.method, route.pattern, Endpoint(box, route, keys, rates).handle)
    control_routes.add(app, box)
    pages.add(app, box)
    app.router.add_route("OPTIONS", "/v1/{rest:.*}", preflight)
    app.router.add_route("*", "/v1/{rest:.*}", unknown_url)
    app.cleanup_ctx.append(_running(box, state_file))
    return app


def _running(box: Sandbox, state_file: Path | None) -> Callable[[web.Application], AsyncIterator[None]]:
    async def run(_: web.Application) -> AsyncIterator[None]:
        work: list[Awaitable[None]] = [box.webhooks.run(), box.timers.run()]
        if state_file is not None:
            journal = FileJournal(state_file, box.store)
            journal.load()
            box.store.journal = journal
            work.append(journal.run())
            paying.rearm(box)
            refunds.rearm(box)
            checkout_sessions.rearm(box)
            box.webhooks.resume()
        tasks = [asyncio.ensure_future(job) for job in work]
        yield
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task

    return run
