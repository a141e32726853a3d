"""Corrections of tickets by their holder, or by who may change orders: who comes, and a new code for the old one."""

from __future__ import annotations

from engine.domain.errands import MailHeldTicket, MailTickets
from engine.domain.tickets import corrections as rules
from engine.domain.tickets.corrections import ReissuedOften, TicketChange
from engine.domain.tickets.tickets import TicketPage
from engine.domain.tickets.transfers import Standing
from engine.foundation.errors import NotFound
from engine.foundation.news import News
from engine.services.outbox import Outbox
from engine.services.tickets.tickets import Asker, TicketNotLive, Tickets
from engine.stores import activity, outbox
from engine.stores.database import Connection, Pool
from engine.stores.tickets import corrections as store
from engine.stores.tickets import tickets as tickets_store
from engine.stores.tickets.transfers import lock_ticket


class TicketCorrections:
    """Each is one transaction, with the ticket's row locked."""

    def __init__(self, *, pool: Pool, tickets: Tickets, outbox: Outbox, order_news: News) -> None:
        self._pool = pool
        self._tickets = tickets
        self._outbox = outbox
        self._order_news = order_news

    async def name_attendee(self, asker: Asker, ticket_id: str, change: TicketChange) -> TicketPage:
        """Say who comes with it. NotFound, Forbidden, TicketHandedOn, TicketNotLive, TransferPending, Invalid."""
        ticket = await self._tickets.own(asker, ticket_id)
        async with self._pool.acquire() as db, db.transaction():
            standing = await _good(db, ticket)
            name, email = rules.checked(change, handed_on=standing.handed_on > 0)
            await store.name_attendee(db, ticket.id, name, email, bought=standing.handed_on == 0)
            await activity.record(
                db, asker.person, "ticket.attendee_named", ticket.order_id, ticket_id=ticket.id,
                fields=[field for field, value in (("name", name), ("email", email)) if value is not None],
            )  # fmt: skip
        await self._order_news.changed(ticket.order_id)
        return await self._tickets.own(asker, ticket_id)

    async def reissue(self, asker: Asker, ticket_id: str) -> TicketPage:
        """A new code, mailed to its holder; the old one is stale. Refusals as above, and ReissuedOften."""
        ticket = await self._tickets.own(asker, ticket_id)
        async with self._pool.acquire() as db, db.transaction():
            standing = await _good(db, ticket)
            if await store.reissued_today(db, ticket.order_id, ticket.id) >= rules.REISSUES_A_DAY_MAX:
                raise ReissuedOften
            version = await store.reissue(db, ticket.id)
            held = MailHeldTicket(ticket.id) if standing.handed_on else None
            # What cost nothing may be mailed to a stranger: only so often, and its page has it.
            await outbox.add(db, ticket.order_id, held or MailTickets(ticket.order_id, asked=standing.amount_cents > 0))
            await activity.record(
                db, asker.person, "ticket.reissued", ticket.order_id, ticket_id=ticket.id, version=version
            )
            errands = await tickets_store.changed(db, ticket.event_id, ticket.order_id, [ticket.unit])
        await self._order_news.changed(ticket.order_id)
        await self._outbox.at_once(errands)
        return await self._tickets.own(asker, ticket_id)


async def _good(db: Connection, ticket: TicketPage) -> Standing:
    """The ticket, locked. NotFound if it changed hands meanwhile, TicketNotLive, TransferPending."""
    standing = await lock_ticket(db, ticket.id)
    assert standing is not None, "a ticket that was read"
    if standing.handed_on != ticket.handed_on:
        raise NotFound("There is no such ticket here")
    if standing.out_of_standing is not None:
        raise TicketNotLive(ticket_status=standing.out_of_standing)
    rules.check_still(standing)
    return standing
