"""The wiring of messages."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from engine.services.accounts.wiring import Accounts
from engine.services.common import Common
from engine.services.messages.account_links import AccountLinks
from engine.services.messages.account_notices import AccountNotices
from engine.services.messages.agreements.consent_mails import ConsentMails
from engine.services.messages.agreements.data_links import DataLinks
from engine.services.messages.event_news import EventNewsMail
from engine.services.messages.mail import Mail
from engine.services.messages.queue_links import QueueLinks
from engine.services.money.wiring import Money
from engine.services.tickets.wiring import Tickets
from engine.stores.messages.mail import MailGateway


@dataclass(frozen=True, slots=True)
class Messages:
    """What people are told."""

    mail: Mail
    data_links: DataLinks


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
    return Messages(mail=mail, data_links=data_links)
