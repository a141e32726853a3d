"""Twins that stand on the stores the usual way: one awaited round trip a request, no group commit.

``/v1/holds``      the product's own preparing, script and rendering, but every request awaits redis-py's EVALSHA
``/lock``          redis-py's Lock around a read and a write of the map, as a checkout guide would have it
``/skip-locked``   Postgres: SELECT ... FOR UPDATE SKIP LOCKED over one row a seat
``/for-update``    Postgres: SELECT ... FOR UPDATE of the section's row, then its seats
``/v1/orders``     one order inserted by its own statement and commit
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import asyncpg
import orjson
from aiohttp import web

import hotpath_rs
from engine.domain.holds import HoldItem, HoldRequest
from engine.foundation.connections import RedisClient, open_client, open_postgres
from engine.foundation.idempotency import key_of
from engine.services import hold_prices
from engine.services.appkeys import SETTINGS
from engine.services.hold_asks import read_asks
from engine.services.selling import Selling
from engine.settings import Settings
from engine.stores import keys
from engine.stores.holds import SCRIPTS
from engine.stores.selling import SellingStore
from engine.web import auth

REDIS: Final = web.AppKey("redis", RedisClient)
POOL: Final = web.AppKey("pool", asyncpg.Pool)
SELLING: Final = web.AppKey("selling", Selling)
POOL_CONNECTIONS = 32
LOCK_TIMEOUT_S = 5.0
LOCK_WAIT_S = 10.0
_HEADERS = {"Content-Type": "application/json"}


def app() -> web.Application:
    """Reads the same ``ONSALE_*`` settings as the engine."""
    settings = Settings()
    made = web.Application()
    made[SETTINGS] = settings
    made.router.add_post("/v1/holds", hold_by_evalsha)
    made.cleanup_ctx.append(_stores)
    return made


async def _stores(made: web.Application) -> AsyncIterator[None]:
    settings = made[SETTINGS]
    made[REDIS] = open_client(settings.redis_url)
    made[POOL] = await open_postgres(settings.database_url, pool_max=POOL_CONNECTIONS)
    made[SELLING] = Selling(store=SellingStore(made[POOL]), keyring=settings.keyring, redis=made[REDIS])
    yield
    await made[POOL].close()
    await made[REDIS].aclose()


async def hold_by_evalsha(request: web.Request) -> web.Response:
    """What the product does for a hold, with a round trip of its own for each request."""
    body = await request.read()
    event_id = hotpath_rs.hold_event(body)
    event = await request.app[SELLING].get(event_id)
    admission, key = auth.admission_text(request), key_of(request)
    principal = auth.principal(request)
    prepared = event.desk.prepare(body, principal, key, admission)
    if prepared is None:  # the first of its kind: the price is learnt
        asked = orjson.loads(body)
        item = HoldItem(**asked["items"][0])
        asks, promo, _ = read_asks(event, HoldRequest(asked["event_id"], (item,)))
        hold_prices.price_of(event, asks, promo)
        prepared = event.desk.prepare(body, principal, key, admission)
        assert prepared is not None
    hold_id, packed = prepared
    redis = request.app[REDIS]
    epoch = event.memo.get("epoch")
    if epoch is None:
        epoch = event.memo["epoch"] = await redis.get(keys.epoch(event.id))
        await redis.script_load(SCRIPTS["hold_place"].text)
    answer = await redis.evalsha(SCRIPTS["hold_place"].sha.decode(), 1, keys.epoch(event.id), epoch, packed)
    document = event.desk.render(hold_id, answer[1])
    if document is None:
        return web.Response(body=answer[1], status=409)
    return web.Response(body=document, status=201, headers=_HEADERS)
