"""Background work: each job is a bounded ``step`` that ``engine/worker.py`` repeats. The jobs there are stand here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.jobs.event_completion import EventCompletion
from engine.jobs.health_pulse import HealthPulse
from engine.jobs.hold_expiry import HoldExpiry
from engine.jobs.housekeeping import Housekeeping
from engine.jobs.outbox_relay import OutboxRelay
from engine.jobs.payment_reconciler import PaymentReconciler
from engine.jobs.redis_rebuild import RedisRebuild
from engine.jobs.refund_push import RefundPush
from engine.jobs.subsystem_watch import SubsystemWatch
from engine.jobs.webhook_retry import WebhookRetry

if TYPE_CHECKING:
    from engine.services.wiring import Services


def all_jobs(services: Services) -> list[Any]:
    """Every job, made from the services it needs."""
    return [
        HoldExpiry(services.sale.inventory),
        RedisRebuild(services.sale.inventory),
        OutboxRelay(outbox=services.common.outbox),
        PaymentReconciler(payments=services.money.payments),
        RefundPush(refunds=services.money.refunds),
        WebhookRetry(webhooks=services.money.webhooks),
        HealthPulse(lane=services.money.lane, hot=services.common.hot),
        Housekeeping(idempotency=services.common.idempotency, webhooks=services.money.webhooks),
        EventCompletion(events=services.catalogue.events, people=services.accounts.people),
        SubsystemWatch(health=services.common.health),
    ]
