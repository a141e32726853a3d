"""The roof of the waiting room: stores, rooms, routes, in one application."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import aiohttp_jinja2
import jinja2
from aiohttp import web

from engine.foundation import followers, manners
from engine.foundation.address_limits import Limits
from engine.foundation.assets import ROUTE, Assets, files_below
from engine.foundation.bearer import Bearers
from engine.foundation.bodies import BODY_BYTES_MAX
from engine.foundation.cluster import hot_redis
from engine.foundation.connections import HotRedis, eventually
from engine.foundation.cookies import CookieRules, promise_tls
from engine.foundation.ended_sessions import EndedSessions
from engine.foundation.health import Health
from engine.foundation.http import PROBLEM_PAGE
from engine.foundation.postgres import open_postgres
from waitingroom import appkeys, openapi, routes
from waitingroom.asking import QUEUE_COOKIE_PREFIX, cookie_attributes
from waitingroom.challenge import Challenges, Work
from waitingroom.endpoint import BOARDS, ENDPOINT, RoomEndpoint
from waitingroom.guard import guarded
from waitingroom.ledger import Ledger
from waitingroom.page import problem_page
from waitingroom.recovery import Recovery
from waitingroom.registry import Rooms
from waitingroom.settings import Settings
from waitingroom.streams import Streams

HERE: Final = Path(__file__).parent


async def create_app(settings: Settings) -> web.Application:
    """Everything but the socket. Several processes may serve one port; the rooms' fence lets one of them lead."""
    app = web.Application(client_max_size=BODY_BYTES_MAX)
    app[appkeys.SETTINGS] = settings
    manners.setup(app, manners.Trust(settings.trust_forwarded, settings.origins))
    app[manners.LIMITS] = Limits(time.monotonic, lifted_for_loopback=settings.rehearsal)
    app[appkeys.STREAMS] = Streams()
    app[appkeys.CONTRACT] = lambda: openapi.document(routes.ROUTES)
    app.cleanup_ctx.append(_stores)
    app.cleanup_ctx.append(_rooms)
    _pages(app)
    app[PROBLEM_PAGE] = problem_page
    routes.add(app)
    routes.add_rest(app)
    promise_tls(app, settings.waitingroom_url)
    return app


def _pages(app: web.Application) -> None:
    assets = Assets(files_below(HERE / "static"))
    aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    aiohttp_jinja2.get_env(app).globals["static"] = assets.url
    manners.serve(app, "GET", ROUTE, guarded(assets.serve), manners.FILE)


async def _stores(app: web.Application) -> AsyncIterator[None]:
    settings = app[appkeys.SETTINGS]
    redis: HotRedis = await eventually(hot_redis(settings.redis_url).open)
    pool = await eventually(lambda: open_postgres(settings.database_url, pool_max=settings.waitingroom_pool_max))
    app[appkeys.REDIS] = redis
    app[appkeys.LEDGER] = ledger = Ledger(pool)
    ended = EndedSessions(hot=redis, pool=pool)
    app[appkeys.BEARERS] = Bearers(settings.jwt_key.get_secret_value().encode(), ended)
    await ended.look()
    following = asyncio.create_task(ended.follow())

    async def redis_answers() -> None:
        await redis.command(b"PING")

    app[appkeys.HEALTH] = Health({"redis": redis_answers, "postgres": ledger.ping}, frozenset({"redis"}))
    yield
    await followers.end(following)
    await pool.close()
    await redis.close()


async def _rooms(app: web.Application) -> AsyncIterator[None]:
    settings = app[appkeys.SETTINGS]
    rooms = Rooms(
        redis=app[appkeys.REDIS], redis_url=settings.redis_url, ledger=app[appkeys.LEDGER], keyring=settings.keyring
    )
    rules = CookieRules.of(settings, settings.waitingroom_url)
    async with rooms.running():
        app[BOARDS] = rooms.boards
        app[ENDPOINT] = RoomEndpoint(
            rooms=rooms,
            limits=app[manners.LIMITS],
            work=Work(time.monotonic, lifted_for_loopback=settings.rehearsal),
            challenges=Challenges(_challenge_key(settings)),
            recovery=Recovery(ledger=app[appkeys.LEDGER], redis=app[appkeys.REDIS], keyring=settings.keyring),
            keys=settings.keyring.platform(),
            cookie_prefix=rules.name(QUEUE_COOKIE_PREFIX),
            cookie_attributes=cookie_attributes(rules),
            framed_attributes=cookie_attributes(replace(rules, framed=True)),
            origins=frozenset({settings.engine_url, settings.admin_url}),
            trust_forwarded=settings.trust_forwarded,
            lifted_for_loopback=settings.rehearsal,
        )
        yield


def _challenge_key(settings: Settings) -> bytes:
    """Derived from the newest master key: rotating that only voids challenges of the last minutes."""
    return hmac.new(settings.newest_master_key, b"onsale waitingroom challenge", hashlib.sha256).digest()
