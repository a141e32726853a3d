"""A checkout written the usual way: asyncpg, a row a seat, the provider's SDK, and a thread for the mail.

The same addresses as the product's, so that the same buyers walk through both. A request is a transaction, and waits
for it: FOR UPDATE over the seats, an INSERT of the order, the SDK's call for the payment; the SDK verifies the webhook,
which moves the order and writes the tickets; reportlab, a QR library and smtplib make the mail in the loop's threads.
No admission, no price but one, no idempotency key, no limits, no log: every shortcut is its own.
"""

from __future__ import annotations

import asyncio
import functools
import hmac
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg
import orjson
import stripe
from aiohttp import web

from engine.domain.tickets.tickets import TicketPage
from engine.foundation.postgres import open_postgres
from engine.services.appkeys import SETTINGS
from engine.settings import Settings
from tests.bench import mail_peer

POOL: Final[web.AppKey[asyncpg.Pool]] = web.AppKey("checkout_pool")
STRIPE: Final = web.AppKey("stripe", stripe.StripeClient)
MAILS: Final[web.AppKey[set[asyncio.Task[None]]]] = web.AppKey("mails")
POOL_CONNECTIONS = 16
CENTS, CURRENCY = 7_500, "cad"
CODE_BYTES = 40  # as many letters as ours
TABLES = """
CREATE TABLE IF NOT EXISTS bench_places (event_id text, unit integer, held_by text, held_until timestamptz,
    order_id text, PRIMARY KEY (event_id, unit));
CREATE INDEX IF NOT EXISTS bench_places_free ON bench_places (event_id, unit) WHERE held_by IS NULL;
CREATE INDEX IF NOT EXISTS bench_places_held ON bench_places (held_by) WHERE held_by IS NOT NULL;
CREATE TABLE IF NOT EXISTS bench_orders (id text PRIMARY KEY, event_id text NOT NULL, token text NOT NULL,
    name text NOT NULL, email text NOT NULL, amount_cents bigint NOT NULL, status text NOT NULL DEFAULT 'pending',
    intent_id text UNIQUE, created_at timestamptz NOT NULL DEFAULT now(), paid_at timestamptz);
CREATE TABLE IF NOT EXISTS bench_tickets (id text PRIMARY KEY, order_id text NOT NULL REFERENCES bench_orders,
    unit integer NOT NULL, code text NOT NULL);
CREATE INDEX IF NOT EXISTS bench_tickets_order ON bench_tickets (order_id);
"""
_HOLD = """
UPDATE bench_places SET held_by = $2, held_until = now() + interval '10 minutes'
 WHERE event_id = $1 AND unit IN (SELECT unit FROM bench_places WHERE event_id = $1 AND held_by IS NULL
                                   ORDER BY unit LIMIT $3 FOR UPDATE SKIP LOCKED)
RETURNING unit
"""
_HELD = """
SELECT event_id, unit FROM bench_places WHERE held_by = $1 AND held_until > now() AND order_id IS NULL FOR UPDATE
"""
_PAID = """
UPDATE bench_orders SET status = 'paid', paid_at = now() WHERE intent_id = $1 AND status = 'pending'
RETURNING id, name, email, event_id, created_at
"""


def app() -> web.Application:
    """Reads the same ``ONSALE_*`` settings as the engine."""
    made = web.Application()
    made[SETTINGS] = Settings()
    made[MAILS] = set()
    made.router.add_post("/v1/holds", hold)
    made.router.add_post("/v1/orders", order)
    made.router.add_post("/v1/webhooks/stripe", webhook)
    made.router.add_get("/v1/orders/{order_id}/status", status)
    made.router.add_get("/v1/orders/{order_id}/tickets", tickets)
    made.cleanup_ctx.append(_connected)
    return made


async def _connected(made: web.Application) -> AsyncIterator[None]:
    settings = made[SETTINGS]
    pool = made[POOL] = await open_postgres(settings.database_url, pool_max=POOL_CONNECTIONS)
    http = stripe.AIOHTTPClient()
    made[STRIPE] = stripe.StripeClient(
        settings.stripe_secret_key.get_secret_value(),
        base_addresses={"api": settings.stripe_url},  # type: ignore[typeddict-item]
        http_client=http,
    )
    yield
    await asyncio.gather(*made[MAILS])
    await http.close_async()
    await pool.close()


async def hold(request: web.Request) -> web.Response:
    """The next free places, while other callers are at others."""
    asked = orjson.loads(await request.read())
    hold_id = secrets.token_hex(16)
    wanted = asked["items"][0]["quantity"]
    rows = await request.app[POOL].fetch(_HOLD, asked["event_id"], hold_id, wanted)
    if len(rows) < wanted:
        return _json({"code": "sold_out"}, 409)
    return _json({"id": hold_id, "hold_token": hold_id, "items": [{"unit": row["unit"]} for row in rows]}, 201)


async def order(request: web.Request) -> web.Response:
    """The order first, then its payment."""
    asked = orjson.loads(await request.read())
    buyer, order_id, token = asked["user_info"], secrets.token_hex(16), secrets.token_urlsafe(24)
    pool = request.app[POOL]
    async with pool.acquire() as connection, connection.transaction():
        units = await connection.fetch(_HELD, asked["hold_id"])
        if not units:
            return _json({"code": "hold_gone"}, 409)
        amount_cents = CENTS * len(units)
        await connection.execute(
            "INSERT INTO bench_orders (id, event_id, token, name, email, amount_cents) VALUES ($1, $2, $3, $4, $5, $6)",
            order_id, units[0]["event_id"], token, buyer["name"], buyer["email"], amount_cents,
        )  # fmt: skip
        await connection.execute(
            "UPDATE bench_places SET order_id = $2 WHERE held_by = $1", asked["hold_id"], order_id
        )  # fmt: skip
    intent = await request.app[STRIPE].v1.payment_intents.create_async(
        {
            "amount": amount_cents, "currency": CURRENCY, "metadata": {"order_id": order_id},
            "receipt_email": buyer["email"], "automatic_payment_methods": {"enabled": True},
        },
        {"idempotency_key": order_id},
    )  # fmt: skip
    await pool.execute("UPDATE bench_orders SET intent_id = $2 WHERE id = $1", order_id, intent.id)
    return _json({"order_id": order_id, "order_token": token, "client_secret": intent.client_secret}, 201)


async def webhook(request: web.Request) -> web.Response:
    """Paid: the order, its tickets, and a mail that nobody waits for."""
    secret = request.app[SETTINGS].stripe_webhook_secret.get_secret_value()
    try:
        event = stripe.Webhook.construct_event(  # type: ignore[no-untyped-call]  # the SDK left it bare
            await request.read(), request.headers.get("Stripe-Signature"), secret
        )
    except (ValueError, stripe.SignatureVerificationError):
        return _json({"code": "signature"}, 400)
    if event.type != "payment_intent.succeeded":
        return _json({"received": True})
    async with request.app[POOL].acquire() as connection, connection.transaction():
        paid = await connection.fetchrow(_PAID, event.data.object.id)
        if paid is None:
            return _json({"received": True})
        units = await connection.fetch("SELECT unit FROM bench_places WHERE order_id = $1 ORDER BY unit", paid["id"])
        made = [(secrets.token_hex(16), paid["id"], row["unit"], secrets.token_urlsafe(CODE_BYTES)) for row in units]
        await connection.executemany(
            "INSERT INTO bench_tickets (id, order_id, unit, code) VALUES ($1, $2, $3, $4)", made
        )
    pages = [(_page(paid, ticket_id, unit), code) for ticket_id, _, unit, code in made]
    mailing = asyncio.create_task(asyncio.to_thread(mail_peer.send, request.app[SETTINGS].smtp_port, pages))
    request.app[MAILS].add(mailing)
    mailing.add_done_callback(request.app[MAILS].discard)
    return _json({"received": True})


async def status(request: web.Request) -> web.Response:
    found = await _own(request)
    return _json({"status": found["status"]}) if found is not None else _json({"code": "not_found"}, 404)


async def tickets(request: web.Request) -> web.Response:
    found = await _own(request)
    if found is None:
        return _json({"code": "not_found"}, 404)
    rows = await request.app[POOL].fetch(
        "SELECT id, unit, code FROM bench_tickets WHERE order_id = $1 ORDER BY unit", found["id"]
    )
    return _json({"data": [dict(row) for row in rows]})


async def _own(request: web.Request) -> asyncpg.Record | None:
    """The order, if this caller has its token."""
    found = await request.app[POOL].fetchrow(
        "SELECT id, token, status FROM bench_orders WHERE id = $1", request.match_info["order_id"]
    )
    token = request.headers.get("X-Order-Token", "")
    return found if found is not None and hmac.compare_digest(found["token"], token) else None


def _page(paid: asyncpg.Record, ticket_id: str, unit: int) -> TicketPage:
    """What the mail says of a ticket."""
    return TicketPage(
        id=ticket_id, order_id=paid["id"], order_number=paid["id"][-10:].upper(), unit=unit, holder_name=paid["name"],
        holder_email=paid["email"], created_at=paid["created_at"], paid_at=paid["created_at"], **_of_the_night(),
    )  # fmt: skip


@functools.cache
def _of_the_night() -> dict[str, Any]:
    """The same on every ticket."""
    starts_at = datetime.now(UTC) + timedelta(days=9)
    return {
        "event_id": "bench", "version": 1, "status": "valid", "ticket_type_id": "adult", "ticket_type_name": "Adult",
        "section": "Floor", "seat": None, "checked_in_at": None, "checked_in_gate": None, "price_cents": CENTS,
        "currency": CURRENCY.upper(), "user_id": None, "organization_id": "house", "organization_name": "House",
        "event_title": "Night of Songs", "starts_at": starts_at, "ends_at": starts_at + timedelta(hours=3),
        "timezone": "UTC", "venue_name": "Hall", "venue_address": "1 Stage Door", "venue_city": "Bruges",
        "code_not_before_s": 0, "code_expires_s": 0, "link_generation": 0,
    }  # fmt: skip


def _json(value: Any, code: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(value), status=code, content_type="application/json")
