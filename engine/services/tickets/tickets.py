"""Tickets as their owners see them: the page, the signed code, its QR, the printable sheet.

Owners are those who show the order's capability and the signed-in buyer. A member of its organization who may read
orders sees the ticket, and its code only if they may change orders: a code is the right of entry itself. To everybody
else the ticket does not exist.

A ticket that was handed on is its new holder's: the order's capability shows that it is, and its code no longer.

TicketNotLive 409 ticket_not_live
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import hotpath_rs
from engine.domain.tickets.tickets import LIVE_STATUSES, TicketPage
from engine.domain.tickets.transfers import TicketHandedOn
from engine.foundation.bearer import Person
from engine.foundation.clock import now
from engine.foundation.errors import Conflict, Forbidden, NotFound
from engine.services.accounts.access import Access
from engine.services.tickets import ticket_images, ticket_sheet
from engine.services.tickets.press import Document, Printer
from engine.stores.database import Pool
from engine.stores.tickets import tickets as store

IMAGES_REMEMBERED_MAX: Final = 2_000
SEARCH_CHARS_MIN: Final = 2


class TicketNotLive(Conflict):
    code, title = "ticket_not_live", "This ticket is no longer good for entry"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: a signed-in person, the bearer of an order's capability or of a ticket's, or nobody of them."""

    person: Person | None = None
    order_token: str | None = None
    ticket_token: str | None = None


class Tickets:
    """Reads tickets for their owners and mints their codes."""

    def __init__(self, *, pool: Pool, keyring: hotpath_rs.Keyring, access: Access) -> None:
        self._pool = pool
        self._keyring = keyring
        self._platform = keyring.platform()
        self._access = access
        self._images: OrderedDict[tuple[str, str, int], bytes] = OrderedDict()
        self._printer = Printer()

    async def read(self, asker: Asker, ticket_id: str) -> TicketPage:
        """The ticket, its code hidden from those who only read. NotFound if there is none or it is not the asker's."""
        ticket = await store.get(self._pool, ticket_id)
        if ticket is None:
            raise NotFound("There is no such ticket here")
        bought = self._bought(asker, ticket)
        if bought and not ticket.handed_on:
            return ticket
        if ticket.holder_link.opens(self._platform, asker.ticket_token, now()):
            return replace(ticket, to_holder=True)
        if await self._access.may(asker.person, ticket.organization_id, "orders.write"):
            return replace(ticket, to_holder=True)
        if bought:
            return ticket
        if await self._access.may(asker.person, ticket.organization_id, "orders.read"):
            return replace(ticket, code_hidden=True)
        raise NotFound("There is no such ticket here")

    async def own(self, asker: Asker, ticket_id: str) -> TicketPage:
        """The ticket for who may change it: its holder, and who may change orders. NotFound, Forbidden.

        TicketHandedOn to its buyer once it is another's.
        """
        ticket = await self.read(asker, ticket_id)
        _check_shown(ticket)
        return ticket

    async def of_holder(self, ticket_id: str) -> TicketPage | None:
        """The ticket as its holder reads it, for what is mailed to them alone."""
        ticket = await store.get(self._pool, ticket_id)
        return None if ticket is None else replace(ticket, to_holder=True)

    async def of_order(self, order_id: str, *, codes_shown: bool = True) -> list[TicketPage]:
        """An order's tickets; whether the asker may see them, and their codes, was decided with the order."""
        return [replace(ticket, code_hidden=not codes_shown) for ticket in await store.of_order(self._pool, order_id)]

    async def of_orders(self, order_ids: list[str]) -> dict[str, list[TicketPage]]:
        """The tickets of several orders by order; whether the asker may see them was decided with the orders."""
        found: dict[str, list[TicketPage]] = {}
        for ticket in await store.of_orders(self._pool, order_ids):
            found.setdefault(ticket.order_id, []).append(ticket)
        return found

    async def of_person(self, person: Person, after: str, limit: int) -> list[TicketPage]:
        """A signed-in buyer's tickets, newest first."""
        return await store.of_person(self._pool, person.user_id, after, limit)

    async def search(self, event_id: str, text: str) -> list[TicketPage]:
        """Tickets found by name, e-mail or order number, for an event's gates; nothing for less than two characters."""
        text = text.strip()
        found = await store.search(self._pool, event_id, text) if len(text) >= SEARCH_CHARS_MIN else []
        return [replace(ticket, to_holder=True) for ticket in found]

    def code(self, ticket: TicketPage) -> str | None:
        """The text in the QR, as it was issued: no change of its event makes it another one.

        None if the ticket admits nobody any more, or the asker may not see it.
        """
        if ticket.status not in LIVE_STATUSES or ticket.code_hidden or ticket.event_status == "cancelled":
            return None
        if ticket.is_elsewhere:
            return None
        keys = self._keyring.event(ticket.event_id)
        return keys.mint_ticket_code(ticket.unit, ticket.version, ticket.code_not_before_s, ticket.code_expires_s)

    def live_code(self, ticket: TicketPage) -> str:
        """The text in the QR of a ticket that admits. TicketNotLive, Forbidden, TicketHandedOn."""
        _check_shown(ticket)
        code = self.code(ticket)
        if code is None:
            raise TicketNotLive(status=ticket.shown_status)
        return code

    def image(self, ticket: TicketPage, kind: Literal["svg", "png"]) -> bytes:
        """The QR of the newest version. TicketNotLive, Forbidden."""
        key = (kind, ticket.id, ticket.version)
        known = self._images.get(key)
        code = self.live_code(ticket)
        if known is None:
            known = ticket_images.svg(code) if kind == "svg" else ticket_images.png(code)
            self._images[key] = known
            if len(self._images) > IMAGES_REMEMBERED_MAX:
                self._images.popitem(last=False)
        return known

    def document(self, tickets: Sequence[TicketPage]) -> Document:
        """What is printed of these tickets, one page a live one; not drawn yet. TicketNotLive if none is, Forbidden."""
        for ticket in tickets:
            _check_shown(ticket)
        pages = [(ticket, code) for ticket in tickets if (code := self.code(ticket)) is not None]
        if not pages:
            raise TicketNotLive
        return self._printer.document(ticket_sheet.sheet(pages))

    async def printed(self, document: Document) -> bytes:
        """The PDF; the same document gives the same bytes, in a mail and as a download."""
        return await self._printer.printed(document)

    async def print_ahead(self, documents: Sequence[Document]) -> None:
        """Have them ready when ``printed`` asks."""
        await self._printer.print_ahead(documents)

    def _bought(self, asker: Asker, ticket: TicketPage) -> bool:
        if ticket.link.opens(self._platform, asker.order_token, now()):
            return True
        return asker.person is not None and ticket.user_id == asker.person.user_id


def _check_shown(ticket: TicketPage) -> None:
    if ticket.code_hidden:
        raise Forbidden("Your role does not show codes", permission="orders.write")
    if ticket.is_elsewhere:
        raise TicketHandedOn
