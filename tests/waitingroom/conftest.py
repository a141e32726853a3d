"""A waiting room over the real stores, and on-sales for it written as the engine writes them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiosmtpd.smtp import SMTP

from engine.foundation import clock
from engine.foundation.connections import RedisClient
from engine.foundation.ids import new_id
from engine.services.messages.delivery.courier import Courier
from engine.services.messages.queue_links import QueueLinks
from engine.services.outbox import Outbox
from engine.settings import Settings as EngineSettings
from engine.stores.messages.mail import MailGateway
from engine.stores.messages.notifications import NotificationStore
from engine.stores.outbox import OutboxStore
from loadtest.mailbox import Mailbox
from tests.chromium import connected
from waitingroom.app import create_app
from waitingroom.endpoint import ENDPOINT
from waitingroom.room import Room
from waitingroom.settings import Settings

NewRoom = Callable[..., Awaitable[str]]


@pytest.fixture
def room_settings(settings: EngineSettings) -> Settings:
    return Settings(
        redis_url=settings.redis_url,
        database_url=settings.database_url,
        master_keys=settings.master_keys,
        jwt_key=settings.jwt_key,
        log_level="warning",
        rehearsal=True,
    )


@pytest.fixture
async def room_client(room_settings: Settings, redis_client: RedisClient) -> AsyncIterator[TestClient]:
    """An HTTP client of a running waiting room; every client is another visitor: cookies are not kept."""
    async with TestClient(TestServer(await create_app(room_settings))) as client:
        yield client


@pytest.fixture
async def new_room(pool: asyncpg.Pool) -> NewRoom:
    """Publish an event with a room; times are seconds from now. The event id."""

    async def publish(
        *, prequeue_in_s: float | None = -60, opens_in_s: float = -1, closes_in_s: float | None = None, **room: Any
    ) -> str:
        organization_id, venue_id, event_id = new_id("org"), new_id("ven"), new_id("evt")
        now = clock.now()
        starts_at = now + timedelta(days=30)
        await pool.execute(
            "INSERT INTO organizations (id, name, slug) VALUES ($1, 'Hall', $2)",
            organization_id,
            organization_id.lower(),
        )
        await pool.execute(
            "INSERT INTO venues (id, organization_id, name, timezone) VALUES ($1, $2, 'Hall', 'UTC')",
            venue_id,
            organization_id,
        )
        await pool.execute(
            "INSERT INTO events (id, slug, organization_id, venue_id, title, starts_at, ends_at, timezone, currency)"
            " VALUES ($1, $2, $3, $4, 'Concert', $5, $6, 'UTC', 'EUR')",
            event_id,
            event_id.lower(),
            organization_id,
            venue_id,
            starts_at,
            starts_at + timedelta(hours=3),
        )
        await pool.execute(
            "INSERT INTO on_sales (event_id, organization_id, prequeue_opens_at, opens_at, closes_at, room_enabled,"
            " room, card, live) VALUES ($1, $2, $3, $4, $5, true, $6, $7, true)",
            event_id,
            organization_id,
            now + timedelta(seconds=prequeue_in_s) if prequeue_in_s is not None else None,
            now + timedelta(seconds=opens_in_s),
            now + timedelta(seconds=closes_in_s) if closes_in_s is not None else None,
            {
                "capacity": 10,
                "rate_per_min": 60_000,
                "claim_ttl_s": 60,
                "session_ttl_s": 300,
                "identity": "none",
                "challenge": "none",
            }
            | room,
            {"title": "Concert", "slug": event_id.lower(), "venue": "Hall", "city": "Bruges"},
        )
        return event_id

    return publish


async def room_of(client: TestClient, event_id: str) -> Room:
    """The room object inside the application under test."""
    return await client.app[ENDPOINT].rooms.find(event_id)


async def status(client: TestClient, event_id: str) -> dict[str, Any]:
    answer = await client.get(f"/v1/rooms/{event_id}")
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def until(check: Callable[[], Awaitable[Any]], *, within_s: float = 25.0) -> Any:
    """The first truthy answer, asked every 50 ms; an AssertionError after ``within_s``."""
    for _ in range(round(within_s / 0.05)):
        found = await check()
        if found:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"did not come true within {within_s} s")


async def until_phase(client: TestClient, event_id: str, phase: str, *, within_s: float = 25.0) -> dict[str, Any]:
    async def reached() -> dict[str, Any] | None:
        document = await status(client, event_id)
        return document if document["phase"] == phase else None

    return await until(reached, within_s=within_s)


async def post(client: TestClient, event_id: str, verb: str, expect: int | None = None, **body: Any) -> tuple[int, Any]:
    """POST to the room without keeping cookies: (status, body)."""
    client.session.cookie_jar.clear()
    answer = await client.post(f"/v1/rooms/{event_id}/{verb}", json=body)
    document = await answer.json()
    assert expect is None or answer.status == expect, (answer.status, document)
    return answer.status, document


@pytest.fixture
async def browser(chromium_address: str) -> AsyncIterator[Any]:
    async with connected(chromium_address) as browser:
        yield browser


@pytest.fixture
async def letters(pool: asyncpg.Pool, room_settings: Settings) -> AsyncIterator[Any]:
    """What the room asked to have mailed, sent to a real mailbox."""
    from tests.waitingroom.letters import Post

    box = Mailbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, enable_SMTPUTF8=True), "127.0.0.1", 0)
    store = OutboxStore(pool)
    outbox, notifications = Outbox(store=store), NotificationStore(pool)
    QueueLinks(
        courier=Courier(
            mailer=MailGateway(host="127.0.0.1", port=server.sockets[0].getsockname()[1]), notifications=notifications
        ),
        keyring=room_settings.keyring,
        sender="onsale <tickets@onsale.test>",
        waitingroom_url="http://127.0.0.1:8081",
    ).register(outbox)
    yield Post(outbox, box)
    await notifications.close()
    await store.close()
    server.close()
