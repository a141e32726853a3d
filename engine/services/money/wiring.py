"""The wiring of money: everything between a hold and a ticket."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from engine.foundation.news import News
from engine.services.accounts.wiring import Accounts
from engine.services.common import Common
from engine.services.money.aftersale.asked_refunds import AskedRefunds
from engine.services.money.aftersale.corrections import Corrections
from engine.services.money.box_office.drawers import Drawers
from engine.services.money.box_office.guests import Guests
from engine.services.money.box_office.sales import BoxOffice
from engine.services.money.cancellations import Cancellations
from engine.services.money.confirms import Confirms
from engine.services.money.disputes import Disputes
from engine.services.money.guest_orders import GuestOrders
from engine.services.money.lane import BURST_SHARE, PaymentLane
from engine.services.money.order_reads import OrderReads
from engine.services.money.order_waits import OrderWaits
from engine.services.money.orders import Orders
from engine.services.money.payments import Payments
from engine.services.money.payouts.connect import Connect
from engine.services.money.reclaim import Reclaim
from engine.services.money.refunds import Refunds
from engine.services.money.suspensions import Suspensions
from engine.services.money.webhooks import Webhooks
from engine.services.sale.wiring import Sale
from engine.services.tickets.wiring import Tickets
from engine.stores.mail_server import MailServerGateway
from engine.stores.money.aftersale.asked_refunds import AskedRefundStore
from engine.stores.money.box_office.sales import CounterStore
from engine.stores.money.disputes import DisputeStore
from engine.stores.money.lane import LaneStore
from engine.stores.money.order_reads import OrderReadStore
from engine.stores.money.orders import OrderStore
from engine.stores.money.payments import PaymentStore
from engine.stores.money.payouts.connected_accounts import ConnectedAccountStore
from engine.stores.money.payouts.stripe_accounts import StripeAccountGateway
from engine.stores.money.refunds import RefundStore
from engine.stores.money.stripe_gateway import StripeGateway
from engine.stores.money.webhook_events import WebhookEventStore


@dataclass(frozen=True, slots=True)
class Money:
    """Orders, payments, refunds, disputes."""

    order_store: OrderStore
    order_news: News
    order_reads: OrderReads
    order_waits: OrderWaits
    gateway: StripeGateway
    lane: PaymentLane
    orders: Orders
    corrections: Corrections
    payments: Payments
    confirms: Confirms
    refunds: Refunds
    asked_refunds: AskedRefunds
    disputes: Disputes
    connect: Connect
    webhooks: Webhooks
    box_office: BoxOffice
    drawers: Drawers
    guests: Guests


def open_money(
    stack: contextlib.AsyncExitStack, common: Common, accounts: Accounts, sale: Sale, tickets: Tickets
) -> Money:
    """Make them and register their errands; what must be closed goes on the stack."""
    settings, pool, outbox, access = common.settings, common.pool, common.outbox, accounts.access
    gateway = StripeGateway(
        url=settings.stripe_url,
        secret_key=settings.stripe_secret_key.get_secret_value(),
        webhook_secret=settings.stripe_webhook_secret.get_secret_value(),
    )
    stack.push_async_callback(gateway.close)
    rate_per_s = settings.stripe_rate_per_s
    lane = PaymentLane(LaneStore(common.hot, rate_per_s=rate_per_s, burst=max(1, rate_per_s // BURST_SHARE)))

    order_store, payment_store, webhook_store = OrderStore(pool), PaymentStore(pool), WebhookEventStore(pool)
    for store in (order_store, payment_store, webhook_store):
        stack.push_async_callback(store.close)
    order_news, order_reads = tickets.order_news, OrderReads(store=OrderReadStore(pool))
    order_waits = OrderWaits(reads=order_reads)
    for told in (order_reads.forget, order_waits.heard):
        order_news.follow(told)
    sale.selling.follow(order_reads.forget_event)
    for kept in (order_reads, order_news):
        stack.push_async_callback(kept.close)

    refunds = Refunds(
        store=RefundStore(pool),
        orders=order_store,
        news=order_news,
        gateway=gateway,
        lane=lane,
        outbox=outbox,
        access=access,
        switches=accounts.flags.switches,
    )
    payments = Payments(
        store=payment_store,
        orders=order_store,
        news=order_news,
        gateway=gateway,
        lane=lane,
        outbox=outbox,
        reclaims=Reclaim(inventory=sale.inventory, holds=sale.hold_store, selling=sale.selling),
        refunds=refunds,
    )
    mail_server = MailServerGateway(host=settings.smtp_host, port=settings.smtp_port)
    orders = Orders(
        pool=pool,
        book=order_store,
        reads=order_reads,
        news=order_news,
        holds=sale.holds,
        inventory=sale.inventory,
        selling=sale.selling,
        payments=payments,
        outbox=outbox,
        access=access,
        keyring=settings.keyring,
        mail_server=mail_server,
        publishable_key=settings.stripe_publishable_key,
        switches=accounts.flags.switches,
    )
    disputes = Disputes(
        store=DisputeStore(pool),
        orders=order_store,
        news=order_news,
        gateway=gateway,
        lane=lane,
        outbox=outbox,
        access=access,
    )
    connect = Connect(
        store=ConnectedAccountStore(pool),
        accounts=StripeAccountGateway(gateway),
        lane=lane,
        access=access,
        organizations=accounts.organizations,
        admin_url=settings.admin_url,
    )
    webhooks = Webhooks(
        store=webhook_store,
        orders=order_store,
        gateway=gateway,
        payments=payments,
        refunds=refunds,
        disputes=disputes,
        connect=connect,
    )
    box_office = BoxOffice(
        pool=pool,
        store=CounterStore(pool),
        book=order_store,
        news=order_news,
        holds=sale.staff_holds,
        inventory=sale.inventory,
        selling=sale.selling,
        outbox=outbox,
        access=access,
        mail_server=mail_server,
        platform=settings.keyring.platform(),
    )
    Cancellations(pool=pool, refunds=refunds, news=order_news, outbox=outbox).register(outbox)
    GuestOrders(pool=pool, news=order_news).register(outbox)
    Suspensions(pool=pool, inventory=sale.inventory).register(outbox)
    return Money(
        order_store=order_store,
        order_news=order_news,
        order_reads=order_reads,
        order_waits=order_waits,
        gateway=gateway,
        lane=lane,
        orders=orders,
        corrections=Corrections(
            pool=pool,
            orders=orders,
            codes=tickets.one_time_codes,
            order_news=order_news,
            access=access,
            mail_server=mail_server,
        ),
        payments=payments,
        confirms=Confirms(payments=payments, lane=lane),
        refunds=refunds,
        asked_refunds=AskedRefunds(
            store=AskedRefundStore(pool),
            orders=orders,
            refunds=refunds,
            access=access,
            switches=accounts.flags.switches,
        ),
        disputes=disputes,
        connect=connect,
        webhooks=webhooks,
        box_office=box_office,
        drawers=Drawers(pool=pool, access=access),
        guests=Guests(
            pool=pool, access=access, box_office=box_office, holds=sale.staff_holds, inventory=sale.inventory
        ),
    )
