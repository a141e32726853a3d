"""The wiring of messages."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from engine.services.accounts.wiring import Accounts
from engine.services.common import Common
from engine.services.messages.account_links import AccountLinks
from engine.services.messages.account_notices import AccountNotices
from engine.services.messages.aftersale.corrections import CorrectionMails
from engine.services.messages.aftersale.transfers import TransferMails
from engine.services.messages.consent_mails import ConsentMails
from engine.services.messages.data_links import DataLinks
from engine.services.messages.event_news import EventNewsMail
from engine.services.messages.mail import Mail
from engine.services.messages.queue_links import QueueLinks
from engine.services.messages.webhooks.documents import Documents
from engine.services.messages.webhooks.endpoints import WebhookEndpoints
from engine.services.messages.webhooks.feed import WebhookFeed
from engine.services.messages.webhooks.notices import WebhookNotices
from engine.services.messages.webhooks.sender import WebhookSender
from engine.services.money.wiring import Money
from engine.services.tickets.wiring import Tickets
from engine.stores.messages.mail import MailGateway
from engine.stores.messages.webhooks.gateway import WebhookGateway


@dataclass(frozen=True, slots=True)
class Messages:
    """What people and programs are told."""

    mail: Mail
    data_links: DataLinks
    webhook_endpoints: WebhookEndpoints
    webhook_feed: WebhookFeed
    webhook_sender: WebhookSender


def open_messages(
    stack: contextlib.AsyncExitStack, common: Common, accounts: Accounts, tickets: Tickets, money: Money
) -> Messages:
    """Make them and register their errands; connections to the mail server are closed with the stack."""
    settings = common.settings
    mailer = MailGateway(
        host=settings.smtp_host,
        port=settings.smtp_port,
        user=settings.smtp_user,
        password=settings.smtp_password.get_secret_value(),
        tls=settings.smtp_tls,
    )
    stack.push_async_callback(mailer.close)
    mail = Mail(
        mailer=mailer,
        pool=common.pool,
        orders=money.order_store,
        news=money.order_news,
        tickets=tickets.tickets,
        refunds=money.refunds,
        asked_refunds=money.asked_refunds,
        keyring=settings.keyring,
        sender=settings.mail_from,
        engine_url=settings.engine_url,
    )
    mail.register(common.outbox)
    EventNewsMail(
        mailer=mailer,
        pool=common.pool,
        order_news=money.order_news,
        keyring=settings.keyring,
        sender=settings.mail_from,
        engine_url=settings.engine_url,
    ).register(common.outbox)
    QueueLinks(
        mailer=mailer,
        keyring=settings.keyring,
        sender=settings.mail_from,
        waitingroom_url=settings.waitingroom_url,
    ).register(common.outbox)
    AccountLinks(
        mailer=mailer,
        links=accounts.mailed_links,
        invitations=accounts.invitations,
        sender=settings.mail_from,
        engine_url=settings.engine_url,
        admin_url=settings.admin_url,
    ).register(common.outbox)
    AccountNotices(mailer=mailer, sender=settings.mail_from, engine_url=settings.engine_url).register(common.outbox)
    ConsentMails(mailer=mailer, pool=common.pool, consents=accounts.consents, sender=settings.mail_from).register(
        common.outbox
    )
    data_links = DataLinks(mailer=mailer, sender=settings.mail_from, engine_url=settings.engine_url)
    corrections = CorrectionMails(
        mailer=mailer,
        pool=common.pool,
        orders=money.order_store,
        codes=tickets.one_time_codes,
        keyring=settings.keyring,
        sender=settings.mail_from,
        engine_url=settings.engine_url,
    )
    corrections.register(common.outbox)
    TransferMails(
        mailer=mailer,
        tickets=tickets.tickets,
        transfers=tickets.transfers,
        codes=tickets.one_time_codes,
        keyring=settings.keyring,
        sender=settings.mail_from,
        engine_url=settings.engine_url,
    ).register(common.outbox, to_buyer=corrections.code)
    WebhookNotices(mailer=mailer, pool=common.pool, sender=settings.mail_from, admin_url=settings.admin_url).register(
        common.outbox
    )
    gateway = WebhookGateway(private_allowed=settings.webhooks_private)
    stack.push_async_callback(gateway.close)
    documents = Documents(pool=common.pool, orders=money.order_store)
    sending = WebhookSender(pool=common.pool, gateway=gateway, documents=documents, seal=settings.seal)
    stack.push_async_callback(sending.close)
    return Messages(
        mail=mail,
        data_links=data_links,
        webhook_endpoints=WebhookEndpoints(
            pool=common.pool,
            access=accounts.access,
            seal=settings.seal,
            private_allowed=settings.webhooks_private,
        ),
        webhook_feed=WebhookFeed(pool=common.pool, documents=documents),
        webhook_sender=sending,
    )
