"""Tickets as their owners see them: the page, the signed code, its QR, the printable sheet.

Owners are those who show the order's capability, the signed-in buyer, or a member of its organization who may read
orders. To everybody else the ticket does not exist.

TicketNotLive 409 ticket_not_live
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import hotpath_rs
from engine.domain.tickets.tickets import LIVE_STATUSES, TicketPage, code_window
from engine.foundation.bearer import Person
from engine.foundation.errors import Conflict, NotFound
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
    """Who asks: a signed-in person, the bearer of an order's capability, both or neither."""

    person: Person | None = None
    order_token: str | None = None


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
        """The ticket. NotFound if there is none or it is not the asker's."""
        ticket = await store.get(self._pool, ticket_id)
        if ticket is None or not await self._owns(asker, ticket):
            raise NotFound("There is no such ticket here")
        return ticket

    async def of_order(self, order_id: str) -> list[TicketPage]:
        """An order's tickets; whether the asker may see them was decided with the order."""
        return await store.of_order(self._pool, order_id)

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
        return await store.search(self._pool, event_id, text) if len(text) >= SEARCH_CHARS_MIN else []

    def code(self, ticket: TicketPage) -> str | None:
        """The text in the QR; None if the ticket admits nobody any more."""
        if ticket.status not in LIVE_STATUSES:
            return None
        not_before_s, expires_at_s = code_window(ticket.paid_at, ticket.ends_at)
        keys = self._keyring.event(ticket.event_id)
        return keys.mint_ticket_code(ticket.unit, ticket.version, not_before_s, expires_at_s)

    def image(self, ticket: TicketPage, kind: Literal["svg", "png"]) -> bytes:
        """The QR of the newest version. TicketNotLive."""
        key = (kind, ticket.id, ticket.version)
        known = self._images.get(key)
        code = self.code(ticket)
        if code is None:
            raise TicketNotLive(status=ticket.status)
        if known is None:
            known = ticket_images.svg(code) if kind == "svg" else ticket_images.png(code)
            self._images[key] = known
            if len(self._images) > IMAGES_REMEMBERED_MAX:
                self._images.popitem(last=False)
        return known

    def document(self, tickets: Sequence[TicketPage]) -> Document:
        """What is printed of these tickets, one page a live one; not printed yet. TicketNotLive if none is."""
        pages = [(ticket, code) for ticket in tickets if (code := self.code(ticket)) is not None]
        if not pages:
            raise TicketNotLive
        return self._printer.document(ticket_sheet.sheet(pages))

    async def printed(self, document: Document) -> bytes:
        """The PDF; the same document gives the same bytes, in a mail and as a download."""
        return await self._printer.printed(document)

    async def _owns(self, asker: Asker, ticket: TicketPage) -> bool:
        if asker.order_token is not None:
            try:
                if self._platform.verify_order_token(asker.order_token) == ticket.order_id:
                    return True
            except hotpath_rs.TokenError:
                pass
        person = asker.person
        if person is None:
            return False
        if ticket.user_id == person.user_id:
            return True
        return await self._access.may(person, ticket.organization_id, "orders.read")
