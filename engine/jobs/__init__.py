"""Background work: each job is a bounded step that ``engine/worker.py`` repeats. This table has them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.jobs import steps
from engine.jobs.hold_expiry import HoldExpiry
from engine.jobs.job import Job
from engine.jobs.redis_rebuild import RedisRebuild
from engine.jobs.sold_out import SoldOut
from engine.jobs.webhooks_out import WebhooksOut

if TYPE_CHECKING:
    from engine.services.wiring import Services


def all_jobs(services: Services) -> list[Job]:
    """Every job, made from the services it needs."""
    common, accounts, catalogue = services.common, services.accounts, services.catalogue
    sale, money, messages = services.sale, services.money, services.messages
    webhooks_out = WebhooksOut(messages.webhook_feed, messages.webhook_sender)
    return [
        Job("hold_expiry", 0.5, HoldExpiry(sale.inventory).step),
        Job("redis_rebuild", 10.0, RedisRebuild(sale.inventory).step),
        Job("outbox_relay", 1.0, common.outbox.step),
        Job("waiting_relay", 1.0, common.outbox.step_waiting),
        Job("reminders", 30.0, messages.reminders.step),
        Job("payment_reconciler", 2.0, money.payments.reconcile),
        Job("scan_unpack", 1.0, services.gates.packs.step),
        Job("planned_publication", 1.0, catalogue.publication.step),
        Job("sold_out", 2.0, SoldOut(sale.inventory, sale.availability, catalogue.publication).step),
        Job("refund_push", 3.0, money.refunds.step),
        Job("webhook_retry", 2.0, money.webhooks.step),
        Job("webhook_feed", 1.0, webhooks_out.derive),
        Job("webhook_sending", 0.5, webhooks_out.send),
        Job("webhook_forgetting", 600.0, webhooks_out.forget),
        Job("health_pulse", 1.0, lambda: steps.pulse(money.lane, common.hot)),
        Job(
            "housekeeping",
            600.0,
            lambda: steps.forget(
                common.idempotency,
                services.gates.packs,
                money.webhooks,
                messages.notifications,
                services.tickets.one_time_codes,
            ),
        ),
        Job(
            "event_completion", 300.0, lambda: steps.complete(catalogue.events, accounts.people, accounts.mailed_links)
        ),
        Job("vocabulary_sweep", 60.0, catalogue.discovery.forget_words),
        Job("transfer_expiry", 5.0, services.tickets.transfers.step),
        Job("picture_sweep", 3600.0, catalogue.pictures.sweep),
        Job("retention", 600.0, services.insight.retention.step),
        Job("subsystem_watch", 5.0, lambda: steps.watch(common.health)),
    ]
