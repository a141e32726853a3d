"""Steps that ask more than one service. Those that ask one stand in the table of jobs by themselves."""

from __future__ import annotations

from engine.foundation import leases
from engine.foundation.connections import HotRedis
from engine.foundation.health import Health
from engine.foundation.idempotency import Idempotency
from engine.services.accounts.mailed_links import MailedLinks
from engine.services.accounts.people import People
from engine.services.catalogue.events import Events
from engine.services.gates.scan_packs import ScanPacks
from engine.services.messages.delivery.notifications import Notifications
from engine.services.money.lane import PaymentLane
from engine.services.money.webhooks import Webhooks
from engine.services.tickets.one_time_codes import OneTimeCodes


async def pulse(lane: PaymentLane, hot: HotRedis) -> int:
    """Tell the waiting rooms how the shop is doing; one that hears nothing for HEALTH_TTL_S decides by itself."""
    await leases.tell_health(hot, min(await lane.health(), await leases.strain(hot)))
    return 0


async def forget(
    idempotency: Idempotency, packs: ScanPacks, webhooks: Webhooks, notifications: Notifications, codes: OneTimeCodes
) -> int:
    """Forget what was kept long enough.

    Idempotency keys after a day with what answers are made from, webhook bodies after 90 days, messages after 180;
    mailed codes that nobody asks for any more.
    """
    await idempotency.sweep()
    await packs.sweep()
    await webhooks.forget()
    await codes.sweep()
    await notifications.forget()
    return 0


async def complete(events: Events, people: People, links: MailedLinks) -> int:
    """Complete events a day after their end; forget sessions and mailed links long over. Returns how many events."""
    await people.sweep()
    await links.sweep()
    return await events.complete_past()


async def watch(health: Health) -> int:
    """Ask whether the stores answer: nobody asks a worker /readyz, and its metrics tell what was seen last."""
    await health.report()
    return 0
