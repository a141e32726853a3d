"""The wiring of tickets."""

from __future__ import annotations

from dataclasses import dataclass

from engine.foundation.news import ORDERS_CHANGED, News
from engine.services.accounts.wiring import Accounts
from engine.services.common import Common
from engine.services.tickets.corrections import TicketCorrections
from engine.services.tickets.one_time_codes import OneTimeCodes
from engine.services.tickets.tickets import Tickets as TicketService
from engine.services.tickets.transfers import Transfers


@dataclass(frozen=True, slots=True)
class Tickets:
    """Rights of entry. ``order_news`` tells of orders whose tickets changed; the money wing follows it."""

    order_news: News
    tickets: TicketService
    one_time_codes: OneTimeCodes
    transfers: Transfers
    ticket_corrections: TicketCorrections


def open_tickets(common: Common, accounts: Accounts) -> Tickets:
    """Make them; what hears the news closes it."""
    settings, pool = common.settings, common.pool
    order_news = News(ORDERS_CHANGED, hot=common.hot)
    tickets = TicketService(pool=pool, keyring=settings.keyring, access=accounts.access)
    codes = OneTimeCodes(pool=pool, master_key=settings.newest_master_key)
    transfers = Transfers(
        pool=pool,
        tickets=tickets,
        codes=codes,
        outbox=common.outbox,
        order_news=order_news,
        access=accounts.access,
        keyring=settings.keyring,
        lifted=settings.rehearsal,
    )
    corrections = TicketCorrections(pool=pool, tickets=tickets, outbox=common.outbox, order_news=order_news)
    return Tickets(
        order_news=order_news,
        tickets=tickets,
        one_time_codes=codes,
        transfers=transfers,
        ticket_corrections=corrections,
    )
