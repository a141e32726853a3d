"""A sold event with gates: orders, tickets and scanners as rows, and the services that read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec

from engine.domain.gates.attempts import Scanner, Shown
from engine.domain.tickets.tickets import code_window
from engine.foundation import pieces
from engine.foundation.bearer import Person
from engine.foundation.connections import HotRedis
from engine.foundation.ids import new_id
from engine.services.accounts.access import Access
from engine.services.gates import uploads
from engine.services.gates.devices import Devices
from engine.services.gates.gate_events import GateEvents
from engine.services.gates.scan_packs import ScanPacks
from engine.services.gates.scans import Scans
from engine.services.tickets.tickets import Tickets
from engine.settings import Settings
from tests import factories

ADMIN = Person("usr_admin", is_admin=True)


@dataclass
class World:
    """One event with ``tickets`` sold general-admission tickets; ticket n has unit n."""

    pool: asyncpg.Pool
    settings: Settings
    event_id: str
    ticket_type_id: str
    order_ids: list[str]
    ticket_ids: list[str]
    paid_at: datetime
    ends_at: datetime
    access: Access
    gate_events: GateEvents
    devices: Devices
    scans: Scans
    tickets: Tickets
    packs: ScanPacks
    others: list[Scans] = field(default_factory=list)

    def code(self, unit: int, version: int = 1, *, event_id: str | None = None) -> str:
        keys = self.settings.keyring.event(event_id or self.event_id)
        return keys.mint_ticket_code(unit, version, *code_window(self.paid_at, self.ends_at))

    async def scanner(self, name: str = "Scanner", gates: list[str] | None = None) -> Scanner:
        device, secret = await self.devices.create(ADMIN, self.event_id, name, gates or [])
        return await self.devices.verify(f"{device.id}.{secret}")

    async def scan(self, scanner: Scanner, unit: int, **more: Any) -> dict[str, Any]:
        return await self.scans.validate(scanner, Shown(code=self.code(unit), **more))

    async def batch(
        self, scanner: Scanner, shown: Sequence[Shown | None], *, by: Scans | None = None
    ) -> list[dict[str, Any]]:
        """The verdicts on an upload."""
        received_at = datetime.now(UTC)
        answered = await (by or self.scans).upload(scanner, uploads.batch_of(shown, received_at), received_at)
        told = pieces.whole(answered.body)
        assert pieces.whole(await self.packs.answer(answered.recipe)) == told, "another answer under the same key"
        results: list[dict[str, Any]] = msgspec.json.decode(told)["results"]
        return results

    async def log(self) -> list[asyncpg.Record]:
        await self.packs.unpack(self.event_id)
        return await self.pool.fetch("SELECT * FROM scans WHERE event_id = $1 ORDER BY id", self.event_id)

    async def second_process(self, hot: HotRedis) -> Scans:
        """The same gates served by another worker."""
        gate_events = GateEvents(pool=self.pool, hot=hot, access=self.access)
        scans = Scans(pool=self.pool, hot=hot, keyring=self.settings.keyring, gate_events=gate_events)
        self.others.append(scans)
        return scans

    async def close(self) -> None:
        for scans in (self.scans, *self.others):
            await scans.close()


async def open_world(
    pool: asyncpg.Pool, hot: HotRedis, settings: Settings, *, tickets: int = 10, rules: dict[str, Any] | None = None
) -> World:
    now = datetime.now(UTC)
    ends_at = now + timedelta(hours=5)
    event_id, (type_id,) = await factories.event(
        pool,
        factories.chart(factories.general("Floor", max(tickets, 10) + 5)),
        [{"categories": ["Floor"]}],
        entry_rules=rules or {},
        starts_at=now + timedelta(hours=1),
        ends_at=ends_at,
    )
    await pool.execute(
        """INSERT INTO users (id, email, name, password_hash, is_admin) VALUES ($1, 'admin@example.org', 'A', '-', true)
           ON CONFLICT DO NOTHING""",
        ADMIN.user_id,
    )
    paid_at = now - timedelta(minutes=5)
    order_ids = [await sell(pool, event_id, type_id, list(range(tickets)), paid_at)]
    rows = await pool.fetch("SELECT id FROM tickets WHERE event_id = $1 ORDER BY unit", event_id)
    access = Access(pool=pool)
    gate_events = GateEvents(pool=pool, hot=hot, access=access)
    return World(
        pool=pool,
        settings=settings,
        event_id=event_id,
        ticket_type_id=type_id,
        order_ids=order_ids,
        ticket_ids=[row["id"] for row in rows],
        paid_at=paid_at,
        ends_at=ends_at,
        access=access,
        gate_events=gate_events,
        devices=Devices(pool=pool, access=access, gate_events=gate_events),
        scans=Scans(pool=pool, hot=hot, keyring=settings.keyring, gate_events=gate_events),
        tickets=Tickets(pool=pool, keyring=settings.keyring, access=access),
        packs=ScanPacks(pool=pool),
    )


async def sell(pool: asyncpg.Pool, event_id: str, type_id: str, units: list[int], paid_at: datetime) -> str:
    """A paid order with a ticket for each unit."""
    order_id = new_id("ord")
    await pool.execute(
        """INSERT INTO orders (id, order_number, event_id, hold_id, status, buyer_name, buyer_email, currency,
                               amount_cents, price, expires_at, reconcile_at, paid_at)
           VALUES ($1, $2, $3, $4, 'paid', 'Ada Lovelace', 'ada@example.org', 'CAD', 1000, '{}', $5, $5, $5)""",
        order_id,
        order_id[-10:],
        event_id,
        new_id("hld"),
        paid_at,
    )
    await pool.executemany(
        """INSERT INTO order_units (order_id, line, event_id, unit, ticket_type_id, section, face_cents, total_cents)
           VALUES ($1, $2, $3, $4, $5, 'Floor', 1000, 1000)""",
        [(order_id, line % 30000, event_id, unit, type_id) for line, unit in enumerate(units)],
    )
    await pool.executemany(
        """INSERT INTO tickets (id, event_id, order_id, line, unit, ticket_type_id, section, holder_name, holder_email)
           VALUES ($1, $2, $3, $4, $5, $6, 'Floor', 'Ada Lovelace', 'ada@example.org')""",
        [(new_id("tkt"), event_id, order_id, line % 30000, unit, type_id) for line, unit in enumerate(units)],
    )
    return order_id
