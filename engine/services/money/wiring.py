"""The money side of the wiring: everything between a hold and a ticket, made once and handed its collaborators."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from engine.foundation.connections import HotRedis
from engine.services.accounts.access import Access
from engine.services.gates.scans import Scans
from engine.services.messages.mail import Mail
from engine.services.messages.queue_links import QueueLinks
from engine.services.money.cancellations import Cancellations
from engine.services.money.disputes import Disputes
from engine.services.money.lane import BURST_SHARE, PaymentLane
from engine.services.money.orders import Orders
from engine.services.money.payments import Payments
from engine.services.money.reclaim import Reclaim
from engine.services.money.refunds import Refunds
from engine.services.money.stock_errands import StockErrands
from engine.services.money.webhooks import Webhooks
from engine.services.outbox import Outbox
from engine.services.sale.holds import Holds
from engine.services.sale.inventory import Inventory
from engine.services.sale.selling import Selling
from engine.services.tickets.tickets import Tickets
from engine.settings import Settings
from engine.stores.database import Pool
from engine.stores.messages.mail import MailGateway
from engine.stores.money.lane import LaneStore
from engine.stores.money.orders import OrderStore
from engine.stores.money.payments import PaymentStore
from engine.stores.money.stripe_gateway import StripeGateway
from engine.stores.money.webhook_events import WebhookEventStore
from engine.stores.outbox import OutboxStore
from engine.stores.sale.holds import HoldStore


@dataclass(frozen=True, slots=True)
class Money:
    """The services of money."""

    gateway: StripeGateway
    lane: PaymentLane
    outbox: Outbox
    orders: Orders
    payments: Payments
    refunds: Refunds
    disputes: Disputes
    webhooks: Webhooks
    mail: Mail


def open_money(
    stack: contextlib.AsyncExitStack,
    *,
    settings: Settings,
    pool: Pool,
    hot: HotRedis,
    access: Access,
    selling: Selling,
    inventory: Inventory,
    hold_store: HoldStore,
    holds: Holds,
    tickets: Tickets,
    scans: Scans,
) -> Money:
    """Make them; what must be closed goes on the stack."""
    gateway = StripeGateway(
        url=settings.stripe_url,
        secret_key=settings.stripe_secret_key.get_secret_value(),
        webhook_secret=settings.stripe_webhook_secret.get_secret_value(),
    )
    stack.push_async_callback(gateway.close)
    rate_per_s = settings.stripe_rate_per_s
    lane = PaymentLane(LaneStore(hot, rate_per_s=rate_per_s, burst=max(1, rate_per_s // BURST_SHARE)))

    outbox_store, book = OutboxStore(pool), OrderStore(pool)
    payment_store, events = PaymentStore(pool), WebhookEventStore(pool)
    for store in (outbox_store, book, payment_store, events):
        stack.push_async_callback(store.close)
    outbox = Outbox(store=outbox_store)

    refunds = Refunds(
        pool=pool,
        orders=book,
        gateway=gateway,
        lane=lane,
        outbox=outbox,
        access=access,
        enabled=settings.refunds_enabled,
    )
    payments = Payments(
        store=payment_store,
        orders=book,
        gateway=gateway,
        lane=lane,
        outbox=outbox,
        reclaims=Reclaim(inventory=inventory, holds=hold_store, selling=selling),
        refunds=refunds,
    )
    orders = Orders(
        book=book,
        holds=holds,
        inventory=inventory,
        selling=selling,
        payments=payments,
        outbox=outbox,
        access=access,
        keyring=settings.keyring,
        publishable_key=settings.stripe_publishable_key,
        enabled=settings.selling_enabled,
    )
    disputes = Disputes(pool=pool, outbox=outbox)
    webhooks = Webhooks(
        store=events, orders=book, gateway=gateway, payments=payments, refunds=refunds, disputes=disputes
    )
    mailer = MailGateway(
        host=settings.smtp_host,
        port=settings.smtp_port,
        user=settings.smtp_user,
        password=settings.smtp_password.get_secret_value(),
        tls=settings.smtp_tls,
    )
    mail = Mail(
        mailer=mailer,
        orders=book,
        tickets=tickets,
        refunds=refunds,
        keyring=settings.keyring,
        sender=settings.mail_from,
        engine_url=settings.engine_url,
    )
    mail.register(outbox)
    QueueLinks(
        mailer=mailer, keyring=settings.keyring, sender=settings.mail_from, waitingroom_url=settings.waitingroom_url
    ).register(outbox)
    Cancellations(pool=pool, refunds=refunds, outbox=outbox).register(outbox)
    StockErrands(inventory=inventory, orders=book, hot=hot, gates=scans).register(outbox)
    return Money(gateway, lane, outbox, orders, payments, refunds, disputes, webhooks, mail)
