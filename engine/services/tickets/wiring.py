"""The wiring of tickets."""

from __future__ import annotations

from dataclasses import dataclass

from engine.services.accounts.wiring import Accounts
from engine.services.common import Common
from engine.services.tickets.tickets import Tickets as TicketService


@dataclass(frozen=True, slots=True)
class Tickets:
    """Rights of entry."""

    tickets: TicketService


def open_tickets(common: Common, accounts: Accounts) -> Tickets:
    """Make them; nothing needs closing."""
    return Tickets(tickets=TicketService(pool=common.pool, keyring=common.settings.keyring, access=accounts.access))
