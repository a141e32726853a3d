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
        HoldExpiry(services.inventory),
        RedisRebuild(services.inventory),
        OutboxRelay(outbox=services.outbox),
        PaymentReconciler(payments=services.payments),
        RefundPush(refunds=services.refunds),
        WebhookRetry(webhooks=services.webhooks),
        HealthPulse(lane=services.lane, hot=services.hot),
        Housekeeping(idempotency=services.idempotency, webhooks=services.webhooks),
        EventCompletion(events=services.events, people=services.people),
        SubsystemWatch(health=services.health),
    ]
