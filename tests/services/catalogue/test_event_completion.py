"""What is over is marked so, by the worker."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import asyncpg

from engine.jobs import steps
from engine.services.accounts.access import Access
from engine.services.accounts.mailed_links import MailedLinks
from engine.services.accounts.people import People
from engine.services.catalogue.events import Events
from tests import factories
from tests.services.conftest import Core


async def test_an_event_is_completed_a_day_after_its_end_and_its_room_is_shut(core: Core, pool: asyncpg.Pool):
    now, seating = datetime.now(UTC), factories.chart(factories.general("Floor", 3))
    over, _ = await factories.event(
        pool, seating, [], starts_at=now - timedelta(days=3), ends_at=now - timedelta(hours=25)
    )
    late, _ = await factories.event(
        pool, seating, [], starts_at=now - timedelta(days=3), ends_at=now - timedelta(hours=23)
    )
    await pool.execute("INSERT INTO users (id, email, name, password_hash) VALUES ('usr_1', 'a@b.test', 'A', '')")
    await pool.execute(
        "INSERT INTO refresh_tokens (token_hash, family, user_id, expires_at)"
        " VALUES ('1', 'f', 'usr_1', $1), ('2', 'f', 'usr_1', $2)",
        now - timedelta(seconds=1),
        now + timedelta(days=1),
    )
    events = Events(
        pool=pool, access=Access(pool=pool), inventory=core.inventory, outbox=None, engine_url="http://localhost"
    )
    links = MailedLinks(pool=pool, outbox=None, ended=None, throttle=None, passwords=None)
    people = People(pool=pool, sign_ins=None, factors=None, ended=None, throttle=None, passwords=None, links=links)
    assert await steps.complete(events, people, links) == 1
    assert await steps.complete(events, people, links) == 0
    rows = {row["id"]: row["status"] for row in await pool.fetch("SELECT id, status FROM events")}
    assert rows == {over: "completed", late: "published"}
    assert await pool.fetchval("SELECT live FROM on_sales WHERE event_id = $1", over) is False
    assert [row["token_hash"] for row in await pool.fetch("SELECT token_hash FROM refresh_tokens")] == [b"2"]
