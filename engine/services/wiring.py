"""Who gets whom: the one place where services are made and handed their collaborators. Opened by every process."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncpg

from engine.foundation.address_limits import AddressLimits
from engine.foundation.bearer import Bearers
from engine.foundation.cluster import hot_redis, open_client
from engine.foundation.connections import HotRedis, RedisClient, eventually, open_postgres
from engine.foundation.health import Health
from engine.foundation.idempotency import Idempotency
from engine.services.accounts.access import Access
from engine.services.accounts.moderation import Moderation
from engine.services.accounts.organizations import Organizations
from engine.services.accounts.passwords import Passwords
from engine.services.accounts.people import People
from engine.services.accounts.throttle import Throttle
from engine.services.catalogue.events import Events
from engine.services.catalogue.on_sales import OnSales
from engine.services.catalogue.promos import Promos
from engine.services.catalogue.ticket_types import TicketTypes
from engine.services.catalogue.venues import Venues
from engine.services.gates.attendance import Attendance
from engine.services.gates.devices import Devices
from engine.services.gates.gate_bundles import GateBundles
from engine.services.gates.gate_events import GateEvents
from engine.services.gates.scans import Scans
from engine.services.insight.activity import Activity
from engine.services.insight.audit import Audit
from engine.services.insight.dead_letters import DeadLetters
from engine.services.insight.provider_books import ProviderBooks
from engine.services.insight.reports import Reports
from engine.services.money.lane import PaymentLane
from engine.services.money.orders import Orders
from engine.services.money.payments import Payments
from engine.services.money.refunds import Refunds
from engine.services.money.webhooks import Webhooks
from engine.services.money.wiring import open_money
from engine.services.outbox import Outbox
from engine.services.sale.allotments import Allotments
from engine.services.sale.availability import Availability
from engine.services.sale.crowding import Crowding
from engine.services.sale.hold_endpoint import HoldEndpoint
from engine.services.sale.holds import Holds
from engine.services.sale.inventory import Inventory
from engine.services.sale.selling import Selling
from engine.services.tickets.tickets import Tickets
from engine.settings import Settings
from engine.stores.insight.audit import AuditStore
from engine.stores.sale.holds import HoldStore
from engine.stores.sale.selling import SellingStore

CONNECT_TRIES_MAX = 50
STOP_TRIES_MAX, STOP_TRY_S = 20, 0.25


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a process may ask, each made once."""

    settings: Settings
    pool: asyncpg.Pool[asyncpg.Record]
    hot: HotRedis
    redis: RedisClient
    health: Health
    bearers: Bearers
    idempotency: Idempotency
    access: Access
    people: People
    organizations: Organizations
    venues: Venues
    events: Events
    ticket_types: TicketTypes
    on_sales: OnSales
    allotments: Allotments
    promos: Promos
    selling: Selling
    inventory: Inventory
    availability: Availability
    holds: Holds
    hold_endpoint: HoldEndpoint
    crowding: Crowding
    lane: PaymentLane
    outbox: Outbox
    orders: Orders
    payments: Payments
    refunds: Refunds
    webhooks: Webhooks
    dead_letters: DeadLetters
    tickets: Tickets
    gate_events: GateEvents
    devices: Devices
    scans: Scans
    attendance: Attendance
    gate_bundles: GateBundles
    audit: Audit
    reports: Reports
    activity: Activity
    moderation: Moderation


@contextlib.asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Connect, make the services, follow the channels; close in reverse."""
    async with contextlib.AsyncExitStack() as stack:
        pool: asyncpg.Pool[asyncpg.Record] = await eventually(
            lambda: open_postgres(settings.database_url, pool_max=settings.database_pool_max),
            tries_max=CONNECT_TRIES_MAX,
        )
        stack.push_async_callback(pool.close)
        hot = await eventually(hot_redis(settings.redis_url).open, tries_max=CONNECT_TRIES_MAX)
        stack.push_async_callback(hot.close)
        redis = open_client(settings.redis_url)
        stack.push_async_callback(redis.aclose)

        bearers = Bearers(settings.jwt_key.get_secret_value().encode())
        access = Access(pool=pool)
        throttle = Throttle(hot=hot, lifted=settings.rehearsal)
        idempotency = Idempotency(pool)
        stack.push_async_callback(idempotency.close)
        people = People(pool=pool, bearers=bearers, throttle=throttle, passwords=Passwords())

        selling_store, hold_store = SellingStore(pool), HoldStore(hot)
        selling = Selling(store=selling_store, keyring=settings.keyring, redis=redis)
        inventory = Inventory(hot=hot, redis=redis, holds=hold_store, store=selling_store, selling=selling)
        availability = Availability(redis=redis, selling=selling)
        holds = Holds(
            hot=hot,
            store=hold_store,
            selling=selling,
            inventory=inventory,
            availability=availability,
            enabled=settings.selling_enabled,
        )
        stack.push_async_callback(holds.close)

        events = Events(pool=pool, access=access, inventory=inventory, engine_url=settings.engine_url)
        gate_events = GateEvents(pool=pool, hot=hot, access=access)
        scans = Scans(
            pool=pool, hot=hot, keyring=settings.keyring, gate_events=gate_events, enabled=settings.scanning_enabled
        )
        stack.push_async_callback(scans.close)
        tickets = Tickets(pool=pool, keyring=settings.keyring, access=access)
        money = open_money(
            stack, settings=settings, pool=pool, hot=hot, access=access, selling=selling, inventory=inventory,
            hold_store=hold_store, holds=holds, tickets=tickets, scans=scans,
        )  # fmt: skip

        audit_store = AuditStore(pool, redis)
        for follow in (selling.listen, availability.listen, holds.usual.keep_policies):
            stack.push_async_callback(_stop, asyncio.create_task(follow()))

        yield Services(
            settings=settings,
            pool=pool,
            hot=hot,
            redis=redis,
            health=Health(
                {"postgres": lambda: pool.fetchval("SELECT 1"), "redis": lambda: _ping(hot)},
                required=frozenset({"postgres", "redis"}),
            ),
            bearers=bearers,
            idempotency=idempotency,
            access=access,
            people=people,
            organizations=Organizations(pool=pool, access=access),
            venues=Venues(pool=pool, access=access),
            events=events,
            ticket_types=TicketTypes(pool=pool, access=access, events=events),
            on_sales=OnSales(pool=pool, access=access, events=events),
            allotments=Allotments(pool=pool, hot=hot, access=access, events=events, inventory=inventory),
            promos=Promos(pool=pool, access=access, events=events, throttle=throttle),
            selling=selling,
            inventory=inventory,
            availability=availability,
            holds=holds,
            hold_endpoint=HoldEndpoint(
                holds=holds,
                limits=AddressLimits(time.monotonic, lifted_for_loopback=settings.rehearsal),
                bearers=bearers,
                trust_forwarded=settings.trust_forwarded,
            ),
            crowding=Crowding(hot=hot),
            lane=money.lane,
            outbox=money.outbox,
            orders=money.orders,
            payments=money.payments,
            refunds=money.refunds,
            webhooks=money.webhooks,
            dead_letters=DeadLetters(webhooks=money.webhooks, outbox=money.outbox),
            tickets=tickets,
            gate_events=gate_events,
            devices=Devices(pool=pool, access=access, gate_events=gate_events),
            scans=scans,
            attendance=Attendance(pool=pool, access=access, gate_events=gate_events),
            gate_bundles=GateBundles(
                pool=pool, gate_events=gate_events, keyring=settings.keyring, master_key=settings.newest_master_key
            ),
            audit=Audit(
                store=audit_store,
                selling=selling,
                books=ProviderBooks(gateway=money.gateway, lane=money.lane, store=audit_store),
            ),
            reports=Reports(pool=pool, access=access),
            activity=Activity(pool=pool, access=access),
            moderation=Moderation(pool=pool),
        )


async def _ping(hot: HotRedis) -> Any:
    return await hot.command(b"PING")


async def _stop(task: asyncio.Task[None]) -> None:
    """End a follower. A client that is just connecting may swallow a cancellation, so it is told until it ends."""
    for _ in range(STOP_TRIES_MAX):
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=STOP_TRY_S)
        if done:
            return
