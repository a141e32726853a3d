"""The wiring of messages."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from engine.domain.messages.notifications import Channel
from engine.services.accounts.wiring import Accounts
from engine.services.common import Common
from engine.services.messages.account_links import AccountLinks
from engine.services.messages.account_notices import AccountNotices
from engine.services.messages.aftersale.corrections import CorrectionMails
from engine.services.messages.aftersale.transfers import TransferMails
from engine.services.messages.agreements.consent_mails import ConsentMails
from engine.services.messages.agreements.data_links import DataLinks
from engine.services.messages.delivery.channels import Channels
from engine.services.messages.delivery.courier import Courier
from engine.services.messages.delivery.notifications import Notifications
from engine.services.messages.delivery.order_mails import OrderMails
from engine.services.messages.delivery.redelivery import Redelivery
from engine.services.messages.delivery.reminders import Reminders
from engine.services.messages.event_news import EventNewsMail
from engine.services.messages.mail import Mail
from engine.services.messages.order_facts import OrderFactsReader
from engine.services.messages.queue_links import QueueLinks
from engine.services.messages.webhooks.documents import Documents
from engine.services.messages.webhooks.endpoints import WebhookEndpoints
from engine.services.messages.webhooks.feed import WebhookFeed
from engine.services.messages.webhooks.notices import WebhookNotices
from engine.services.messages.webhooks.sender import WebhookSender
from engine.services.money.wiring import Money
from engine.services.tickets.wiring import Tickets
from engine.settings import Settings
from engine.stores.mail_server import MailServerGateway
from engine.stores.messages.mail import MailGateway, servers_of
from engine.stores.messages.notifications import NotificationStore
from engine.stores.messages.sms_gateway import SmsGateway
from engine.stores.messages.texts import TextGateway
from engine.stores.messages.webhooks.gateway import WebhookGateway
from engine.stores.messages.whatsapp_gateway import WhatsappGateway

SMS_TOLD_AT = "/v1/webhooks/sms"


@dataclass(frozen=True, slots=True)
class Messages:
    """What people and programs are told."""

    mailer: MailGateway
    mail: Mail
    data_links: DataLinks
    webhook_endpoints: WebhookEndpoints
    webhook_feed: WebhookFeed
    webhook_sender: WebhookSender
    channels: Channels
    reminders: Reminders
    notifications: Notifications
    redelivery: Redelivery


def open_messages(
    stack: contextlib.AsyncExitStack, common: Common, accounts: Accounts, tickets: Tickets, money: Money
) -> Messages:
    """Make them and register their errands; what must be closed goes on the stack."""
    settings, pool, outbox = common.settings, common.pool, common.outbox
    store, mailer = NotificationStore(pool), _mailer(settings)
    stack.push_async_callback(store.close)
    stack.push_async_callback(mailer.close)
    courier = Courier(mailer=mailer, notifications=store, bounce_domain=settings.bounce_domain)
    gateways = _gateways(settings)
    for gateway in gateways.values():
        stack.push_async_callback(gateway.close)
    channels = Channels(gateways=gateways, notifications=store)
    mails = OrderMails(
        courier=courier,
        pool=pool,
        facts=OrderFactsReader(pool=pool, orders=money.order_store, tickets=tickets.tickets),
        news=money.order_news,
        keyring=settings.keyring,
        sender=settings.mail_from,
        engine_url=settings.engine_url,
    )
    mail = Mail(
        mails=mails,
        orders=money.order_store,
        tickets=tickets.tickets,
        refunds=money.refunds,
        asked_refunds=money.asked_refunds,
        engine_url=settings.engine_url,
    )
    mail.register(outbox)
    reminders = Reminders(pool=pool, mails=mails, channels=channels)
    reminders.register(outbox)
    EventNewsMail(
        courier=courier,
        pool=pool,
        order_news=money.order_news,
        keyring=settings.keyring,
        sender=settings.mail_from,
        engine_url=settings.engine_url,
    ).register(outbox)
    QueueLinks(
        courier=courier,
        keyring=settings.keyring,
        sender=settings.mail_from,
        waitingroom_url=settings.waitingroom_url,
    ).register(outbox)
    AccountLinks(
        courier=courier,
        links=accounts.mailed_links,
        invitations=accounts.invitations,
        sender=settings.mail_from,
        engine_url=settings.engine_url,
        admin_url=settings.admin_url,
    ).register(outbox)
    AccountNotices(courier=courier, sender=settings.mail_from, engine_url=settings.engine_url).register(outbox)
    ConsentMails(courier=courier, pool=pool, consents=accounts.consents, sender=settings.mail_from).register(outbox)
    data_links = DataLinks(courier=courier, sender=settings.mail_from, engine_url=settings.engine_url)
    corrections = CorrectionMails(
        courier=courier,
        pool=pool,
        orders=money.order_store,
        codes=tickets.one_time_codes,
        keyring=settings.keyring,
        sender=settings.mail_from,
        engine_url=settings.engine_url,
    )
    corrections.register(outbox)
    TransferMails(
        courier=courier,
        tickets=tickets.tickets,
        transfers=tickets.transfers,
        codes=tickets.one_time_codes,
        keyring=settings.keyring,
        sender=settings.mail_from,
        engine_url=settings.engine_url,
    ).register(outbox, to_buyer=corrections.code)
    WebhookNotices(courier=courier, pool=pool, sender=settings.mail_from, admin_url=settings.admin_url).register(outbox)
    webhooks_out = WebhookGateway(private_allowed=settings.webhooks_private)
    stack.push_async_callback(webhooks_out.close)
    documents = Documents(pool=pool, orders=money.order_store)
    sending = WebhookSender(pool=pool, gateway=webhooks_out, documents=documents, seal=settings.seal)
    stack.push_async_callback(sending.close)
    return Messages(
        mailer=mailer,
        mail=mail,
        channels=channels,
        reminders=reminders,
        notifications=Notifications(
            pool=pool,
            access=accounts.access,
            orders=money.orders,
            book=money.order_store,
            order_news=money.order_news,
        ),
        redelivery=Redelivery(
            pool=pool,
            access=accounts.access,
            orders=money.orders,
            order_news=money.order_news,
            mail_server=MailServerGateway(host=settings.smtp_host, port=settings.smtp_port),
        ),
        data_links=data_links,
        webhook_endpoints=WebhookEndpoints(
            pool=pool,
            access=accounts.access,
            seal=settings.seal,
            private_allowed=settings.webhooks_private,
        ),
        webhook_feed=WebhookFeed(pool=pool, documents=documents),
        webhook_sender=sending,
    )


def _mailer(settings: Settings) -> MailGateway:
    return MailGateway(
        host=settings.smtp_host,
        port=settings.smtp_port,
        user=settings.smtp_user,
        password=settings.smtp_password.get_secret_value(),
        tls=settings.smtp_tls,
        others=servers_of(settings.smtp_others.get_secret_value()),
    )


def _gateways(settings: Settings) -> dict[Channel, TextGateway]:
    """The ways to a telephone that are set up."""
    found: dict[Channel, TextGateway] = {}
    if settings.sms_url and settings.sms_account and settings.sms_from:
        found["sms"] = SmsGateway(
            url=settings.sms_url,
            account=settings.sms_account,
            secret=settings.sms_secret.get_secret_value(),
            sender=settings.sms_from,
            told_at=settings.engine_url.rstrip("/") + SMS_TOLD_AT,
        )
    if settings.whatsapp_url:
        found["whatsapp"] = WhatsappGateway(
            url=settings.whatsapp_url,
            key=settings.whatsapp_key.get_secret_value(),
            session=settings.whatsapp_session,
        )
    return found
