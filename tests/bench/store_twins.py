"""Twins that stand on the stores the usual way: one awaited round trip a request, no group commit.

``/v1/holds``       the product's own preparing, script and rendering, but every request awaits redis-py's EVALSHA
``/lock``           redis-py's Lock, then a read and a write of the section, as a checkout guide would have it
``/skip-locked``    Postgres: two free seats with FOR UPDATE SKIP LOCKED, then an UPDATE
``/for-update``     Postgres: the section's row FOR UPDATE, then the two best seats
``/orders/grouped`` the product's own order book
``/orders/single``  the same rows, one statement and one commit a request
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg
import msgspec
from aiohttp import web

import hotpath_rs
from engine.domain.money.orders import NewOrder, OrderLine
from engine.domain.sale.holds import HoldRequest
from engine.domain.sale.selling import SellingEvent
from engine.foundation.bearer import Bearers
from engine.foundation.connections import RedisClient, open_client
from engine.foundation.idempotency import key_of
from engine.foundation.ids import CheapIds
from engine.foundation.postgres import open_postgres
from engine.services.appkeys import BEARERS, SETTINGS
from engine.services.sale.hold_asks import read_asks
from engine.services.sale.hold_prices import price_of
from engine.services.sale.selling import Selling
from engine.settings import Settings
from engine.stores import keys
from engine.stores.money.orders import OrderStore
from engine.stores.sale.holds import SCRIPTS
from engine.stores.sale.selling import SellingStore
from engine.web import auth

REDIS: Final = web.AppKey("redis", RedisClient)
POOL: Final[web.AppKey[asyncpg.Pool]] = web.AppKey("pool")
SELLING: Final = web.AppKey("selling", Selling)
BOOK: Final = web.AppKey("book", OrderStore)
POOL_CONNECTIONS = 16
LOCK_TIMEOUT_S, LOCK_WAIT_S = 5.0, 10.0
_HEADERS = {"Content-Type": "application/json"}
_ORDERED = b'{"ok":true}'
_new_order_id, _new_hold_id = CheapIds("ord"), CheapIds("hld")
_hold_request = msgspec.json.Decoder(HoldRequest)
_units = itertools.count()
_SKIP_LOCKED = """
UPDATE bench_seats SET held_by = $3, held_until = now() + interval '10 minutes'
 WHERE (section, seat) IN (SELECT section, seat FROM bench_seats WHERE section = $1 AND held_by IS NULL
                            ORDER BY rank LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING seat
"""
_BEST = "SELECT seat FROM bench_seats WHERE section = $1 AND held_by IS NULL ORDER BY rank LIMIT $2"
_TAKE = """
UPDATE bench_seats SET held_by = $3, held_until = now() + interval '10 minutes'
 WHERE section = $1 AND seat = ANY($2::integer[]) AND held_by IS NULL
"""
_ONE_ORDER = """
WITH placed AS (
    INSERT INTO orders (id, order_number, event_id, hold_id, buyer_name, buyer_email, currency, amount_cents, price,
        expires_at, reconcile_at)
    VALUES ($1, $2, $3, $4, 'Ada', 'ada@example.org', 'CAD', 1000, '{}', $5, $5) RETURNING id
), boxed AS (
    INSERT INTO outbox (topic, key, payload, available_at)
    VALUES ('inventory.ordered', $1, '{}', now() + interval '1 hour') RETURNING id
)
INSERT INTO order_units (order_id, line, event_id, unit, ticket_type_id, section, face_cents, total_cents)
SELECT placed.id, 0, $3, $6, $7, 'Floor', 1000, 1000 FROM placed
"""


def app() -> web.Application:
    """Reads the same ``ONSALE_*`` settings as the engine."""
    made = web.Application()
    made[SETTINGS] = Settings()
    for path, handler in (
        ("/v1/holds", hold_by_evalsha),
        ("/lock", hold_by_lock),
        ("/skip-locked", hold_by_skip_locked),
        ("/for-update", hold_by_for_update),
        ("/orders/grouped", order_grouped),
        ("/orders/single", order_single),
    ):
        made.router.add_post(path, handler)
    made.cleanup_ctx.append(_stores)
    return made


async def _stores(made: web.Application) -> AsyncIterator[None]:
    settings = made[SETTINGS]
    redis = made[REDIS] = open_client(settings.redis_url)
    made[BEARERS] = Bearers(settings.jwt_key.get_secret_value().encode())
    pool = made[POOL] = await open_postgres(settings.database_url, pool_max=POOL_CONNECTIONS)
    made[SELLING] = Selling(store=SellingStore(pool), keyring=settings.keyring, redis=redis)
    book = made[BOOK] = OrderStore(pool)
    yield
    await book.close()
    await pool.close()
    await redis.aclose()


async def hold_by_evalsha(request: web.Request) -> web.Response:
    """What the product does for a hold, with a round trip of its own for each request."""
    body = await request.read()
    event_id = hotpath_rs.hold_event(body)
    assert event_id is not None
    event = await request.app[SELLING].get(event_id)
    key = key_of(request)
    principal, admission = auth.buyer(request, bearers=request.app[BEARERS], trust_forwarded=False)
    prepared = event.desk.prepare(body, principal, key, admission)
    if prepared is None:
        _learn_price(event, body)
        prepared = event.desk.prepare(body, principal, key, admission)
        assert prepared is not None
    hold_id, item = prepared
    redis = request.app[REDIS]
    epoch = event.memo.get("epoch")
    if epoch is None:
        await redis.script_load(SCRIPTS["hold_place"].text)
        epoch = event.memo["epoch"] = await redis.get(keys.epoch(event.id))
    answer: Any = await redis.evalsha(SCRIPTS["hold_place"].sha.decode(), 1, keys.epoch(event.id), epoch, item)
    document = event.desk.render(hold_id, answer[1])
    if document is None:
        return web.Response(body=answer[1], status=409)
    return web.Response(body=document, status=201, headers=_HEADERS)


def _learn_price(event: SellingEvent, body: bytes) -> None:
    asks, promo, _ = read_asks(event, _hold_request.decode(body))
    price_of(event, asks, promo)


async def hold_by_lock(request: web.Request) -> web.Response:
    """One lock a section: anybody who has it reads which seats are free and writes which are not."""
    asked = _hold_request.decode(await request.read())
    section, wanted = asked.items[0].ticket_type_id, asked.items[0].quantity
    redis = request.app[REDIS]
    async with redis.lock(f"bench:lock:{section}", timeout=LOCK_TIMEOUT_S, blocking_timeout=LOCK_WAIT_S):
        taken: Any = await redis.get(f"bench:taken:{section}")
        first = int(taken or 0)
        await redis.set(f"bench:taken:{section}", first + wanted)
    seats = list(range(first, first + wanted))
    return web.json_response({"hold": key_of(request), "seats": seats}, status=201)


async def hold_by_skip_locked(request: web.Request) -> web.Response:
    """One row a seat; anybody who is at a seat is stepped around."""
    asked = _hold_request.decode(await request.read())
    item = asked.items[0]
    rows = await request.app[POOL].fetch(_SKIP_LOCKED, item.ticket_type_id, item.quantity, key_of(request))
    status = 201 if len(rows) == item.quantity else 409
    return web.json_response({"seats": [row["seat"] for row in rows]}, status=status)


async def hold_by_for_update(request: web.Request) -> web.Response:
    """One row a section, locked while its two best seats are looked up and taken."""
    asked = _hold_request.decode(await request.read())
    item = asked.items[0]
    async with request.app[POOL].acquire() as connection, connection.transaction():
        await connection.execute("SELECT 1 FROM bench_sections WHERE section = $1 FOR UPDATE", item.ticket_type_id)
        rows = await connection.fetch(_BEST, item.ticket_type_id, item.quantity)
        seats = [row["seat"] for row in rows]
        if len(seats) == item.quantity:
            await connection.execute(_TAKE, item.ticket_type_id, seats, key_of(request))
    return web.json_response({"seats": seats}, status=201 if len(seats) == item.quantity else 409)


async def order_grouped(request: web.Request) -> web.Response:
    """The order book's group commit: UNNEST of whatever waits."""
    asked = _hold_request.decode(await request.read())
    order = _new_order(asked.event_id, asked.items[0].ticket_type_id)
    placed = await request.app[BOOK].place(order)
    return web.Response(body=_ORDERED, status=201 if placed.placed else 409, headers=_HEADERS)


async def order_single(request: web.Request) -> web.Response:
    """The same rows by themselves."""
    asked = _hold_request.decode(await request.read())
    order = _new_order(asked.event_id, asked.items[0].ticket_type_id)
    line = order.lines[0]
    await request.app[POOL].execute(
        _ONE_ORDER, order.id, order.number, order.event_id, order.hold_id, order.expires_at, line.unit,
        line.ticket_type_id,
    )  # fmt: skip
    return web.Response(body=_ORDERED, status=201, headers=_HEADERS)


def _new_order(event_id: str, ticket_type_id: str) -> NewOrder:
    line = OrderLine(
        line=0, unit=next(_units), ticket_type_id=ticket_type_id, section="Floor", seat=None, face_cents=1000,
        discount_cents=0, fee_cents=0, taxes={}, total_cents=1000,
    )  # fmt: skip
    order_id = _new_order_id()
    return NewOrder(
        id=order_id, number=order_id[-10:], event_id=event_id, hold_id=_new_hold_id(), user_id=None, buyer_name="Ada",
        buyer_email="ada@example.org", consents={}, currency="CAD",
        amount_cents=1000, price={}, lines=(line,), expires_at=datetime.now(UTC) + timedelta(minutes=10),
    )  # fmt: skip
