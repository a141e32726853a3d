"""Who gets whom: every wing opened in its order, each handed the wings before it. Opened by every process."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from engine.foundation import followers
from engine.services.accounts.wiring import Accounts, open_accounts
from engine.services.catalogue.wiring import Catalogue, open_catalogue
from engine.services.common import Common, open_common
from engine.services.gates.wiring import Gates, open_gates
from engine.services.insight.wiring import Insight, open_insight
from engine.services.messages.wiring import Messages, open_messages
from engine.services.money.wiring import Money, open_money
from engine.services.sale.wiring import Sale, open_sale, open_units
from engine.services.tickets.wiring import Tickets, open_tickets
from engine.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a process may ask, by wing."""

    common: Common
    accounts: Accounts
    catalogue: Catalogue
    sale: Sale
    tickets: Tickets
    money: Money
    gates: Gates
    messages: Messages
    insight: Insight

    def by_name(self) -> dict[str, Any]:
        """Every service under the name of its field. No two wings have a field of one name."""
        found: dict[str, Any] = {}
        for wing in dataclasses.fields(self):
            services = getattr(self, wing.name)
            for field in dataclasses.fields(services):
                assert found.setdefault(field.name, value := getattr(services, field.name)) is value, field.name
        return found


@contextlib.asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Connect, open the wings, follow the channels; close in reverse."""
    async with contextlib.AsyncExitStack() as stack:
        common = await stack.enter_async_context(open_common(settings))
        accounts = open_accounts(common)
        stack.push_async_callback(accounts.flags.close)
        await accounts.flags.look()
        units = open_units(common)
        catalogue = open_catalogue(common, accounts, units.inventory)
        sale = open_sale(stack, common, accounts, catalogue, units)
        tickets = open_tickets(common, accounts)
        money = open_money(stack, common, accounts, sale, tickets)
        gates = open_gates(stack, common, accounts, sale, money)
        messages = open_messages(stack, common, accounts, tickets, money)
        insight = open_insight(common, accounts, catalogue, sale, money, messages)
        for follow in (common.ended.follow, accounts.flags.follow, *sale.followers):
            stack.push_async_callback(followers.end, asyncio.ensure_future(follow()))
        yield Services(
            common=common,
            accounts=accounts,
            catalogue=catalogue,
            sale=sale,
            tickets=tickets,
            money=money,
            gates=gates,
            messages=messages,
            insight=insight,
        )
