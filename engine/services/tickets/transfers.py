"""Transfers: begun by a ticket's holder, confirmed by their code, accepted by the recipient's, or ended.

Each step is one transaction. The ticket's row is locked first: a scan, a refund and another step wait for it or move it
before, and then this one finds another ticket than it wanted. What gates must hear leaves with the commit.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import hotpath_rs
from engine.domain.accounts.errors import MailThrottled
from engine.domain.errands import MailOneTimeCode, MailTransferNews
from engine.domain.fields import mailed_name
from engine.domain.tickets import transfers as rules
from engine.domain.tickets.ticket_links import Side, side_of
from engine.domain.tickets.tickets import TicketPage
from engine.domain.tickets.transfers import (
    NewTransfer,
    Standing,
    TicketHandedOn,
    TicketUsed,
    Transfer,
    TransferAccepted,
    TransferDocument,
    TransferOver,
    TransferRow,
    TransferUnknown,
)
from engine.foundation.bearer import Person
from engine.foundation.clock import now, to_ms
from engine.foundation.errors import Invalid, NotFound, Unauthenticated
from engine.foundation.ids import is_id, new_id
from engine.foundation.news import News
from engine.services.accounts.access import Access
from engine.services.outbox import Outbox
from engine.services.tickets.one_time_codes import OneTimeCodes
from engine.services.tickets.tickets import Asker, TicketNotLive, Tickets
from engine.stores import activity, outbox
from engine.stores.database import Connection, Pool
from engine.stores.outbox import OutboxRow
from engine.stores.tickets import tickets as tickets_store
from engine.stores.tickets import transfers as store

ENDED_PER_STEP: Final = 100
SIDES: Final[tuple[Side, Side]] = ("sender", "recipient")
CODES_LAST_S: Final = rules.LASTS.total_seconds() + timedelta(hours=1).total_seconds()


@dataclass(frozen=True, slots=True)
class ShownTransfer:
    """A transfer as one side of it looks at it. ``ticket_token``: of the recipient, once the ticket is theirs."""

    side: Side
    transfer: Transfer
    ticket: TicketPage
    ticket_token: str | None = None


@dataclass(slots=True)
class _Step:
    """A transfer and its ticket, both locked, and the errands that the step leaves."""

    db: Connection
    transfer: Transfer
    standing: Standing
    errands: list[OutboxRow]


class Transfers:
    """Begins, confirms, accepts, ends and shows transfers. ``lifted``: a rehearsal's mails are not counted."""

    def __init__(
        self,
        *,
        pool: Pool,
        tickets: Tickets,
        codes: OneTimeCodes,
        outbox: Outbox,
        order_news: News,
        access: Access,
        keyring: hotpath_rs.Keyring,
        lifted: bool = False,
    ) -> None:
        self._pool = pool
        self._tickets = tickets
        self._codes = codes
        self._outbox = outbox
        self._order_news = order_news
        self._access = access
        self._platform = keyring.platform()
        self._lifted = lifted

    async def start(self, asker: Asker, ticket_id: str, wanted: NewTransfer) -> TransferDocument:
        """Freeze the ticket's code, and mail each side a code of its own.

        NotFound, Forbidden, TicketHandedOn if it is not the asker's; TicketNotLive, TransferPending, TicketUsed,
        TransfersClosed, TransferLimitReached; Invalid for a recipient that is none; MailThrottled.
        """
        ticket = await self._tickets.own(asker, ticket_id)
        async with self._pool.acquire() as db, db.transaction():
            standing = await store.lock_ticket(db, ticket.id)
            assert standing is not None, "a ticket that was read"
            if standing.handed_on != ticket.handed_on:  # it went to another while we looked
                raise NotFound("There is no such ticket here")
            _check_standing(standing)
            rules.check_may_start(standing, now())
            name, email = rules.recipient_of(wanted, standing.owner_email)
            if not self._lifted:
                await _check_mails(db, standing, email)
            transfer = _new(standing, name, email)
            await store.add(db, transfer)
            for side in SIDES:
                await self._codes.want(db, transfer.id, side, window_s=CODES_LAST_S)
                await outbox.add(db, transfer.id, MailOneTimeCode(transfer.id, side))
            await activity.record(
                db, asker.person, "ticket.transfer_started", transfer.order_id, ticket_id=ticket.id,
                transfer_id=transfer.id,
            )  # fmt: skip
            errands = await tickets_store.changed(db, transfer.event_id, transfer.order_id, [standing.unit])
        await self._tell(transfer.order_id, errands)
        return _document(transfer)

    async def confirm(self, transfer_id: str, code: str) -> TransferDocument:
        """The sender means it. OtpWrong, OtpExpired, OtpLocked, TransferUnknown, TransferOver, TicketUsed.

        Done by whichever side comes last, the ticket is the recipient's. Again, the first time counts.
        """
        await self._known(transfer_id)
        await self._codes.check(transfer_id, "sender", code)
        async with self._step(transfer_id) as step:
            if step.transfer.status == "pending":
                await store.confirm(step.db, transfer_id)
                await self._go_on(step)
        return _document(step.transfer)

    async def accept(self, transfer_id: str, given: TransferAccepted, language: str) -> TransferDocument:
        """The recipient takes it; refusals as for ``confirm``, and Invalid if nobody says who comes.

        The answer has the ticket's token if the sender has confirmed, and again if it was lost.
        """
        known = await self._known(transfer_id)
        name = mailed_name("/name", given.name) if given.name else known.to_name
        if not name:
            raise Invalid.at("/name", "missing", rules.NAMELESS)
        await self._codes.check(transfer_id, "recipient", given.code)
        async with self._step(transfer_id) as step:
            if step.transfer.status == "pending":
                await store.accept(step.db, transfer_id, name, language)
                await self._go_on(step)
        return _document(step.transfer, await self._token(step.transfer))

    async def cancel(self, asker: Asker, side_token: str | None, transfer_id: str) -> TransferDocument:
        """Call it back, or decline it: the same code is good again. TransferUnknown, TransferOver, Unauthenticated."""
        transfer = await self._known(transfer_id)
        side = side_of(self._platform, transfer.id, side_token)
        if side is None:
            if asker == Asker():
                raise Unauthenticated
            await self._check_own(asker, transfer)
        async with self._step(transfer_id, late=True) as step:
            await self._end(step, "cancelled", asker.person)
        return _document(step.transfer)

    async def resend_code(self, transfer_id: str, side: Side | None) -> TransferDocument:
        """Mail a new code; the old one is good no longer. OtpMailedOften, TransferUnknown, TransferOver.

        Without a side, to each that has not shown theirs. It needs no capability: both sides' addresses are written
        down, and each is mailed a few times.
        """
        async with self._step(transfer_id) as step:
            if step.transfer.status != "pending":
                raise TransferOver(transfer_status=step.transfer.status)
            done = {"sender": step.transfer.confirmed_at, "recipient": step.transfer.accepted_at}
            for each in SIDES:
                if side == each or (side is None and done[each] is None):
                    await self._codes.want(step.db, transfer_id, each, window_s=CODES_LAST_S)
                    await outbox.add(step.db, transfer_id, MailOneTimeCode(transfer_id, each))
        return _document(step.transfer)

    async def shown(self, transfer_id: str, side_token: str | None) -> ShownTransfer:
        """What the page behind a mailed link shows. TransferUnknown."""
        transfer = await self._known(transfer_id)
        side = side_of(self._platform, transfer.id, side_token)
        ticket = await self._tickets.of_holder(transfer.ticket_id)
        if side is None or ticket is None:
            raise TransferUnknown
        token = await self._token(transfer) if side == "recipient" else None
        return ShownTransfer(side, transfer, ticket, token)

    async def get(self, transfer_id: str) -> Transfer | None:
        """For mails."""
        return await store.get(self._pool, transfer_id)

    async def last_of(self, ticket_id: str) -> Transfer | None:
        """The transfer that made somebody the ticket's holder; None if it is its buyer's."""
        return await store.last_of(self._pool, ticket_id)

    async def pending_of(self, ticket_id: str) -> Transfer | None:
        """The transfer that a ticket is in; whether the asker may know was decided with the ticket."""
        return await store.pending_of(self._pool, ticket_id)

    async def why_not(self, ticket: TicketPage) -> str | None:
        """Why this ticket cannot be handed on now, as a code; None if it can."""
        standing = await store.standing(self._pool, ticket.id)
        if standing is None or standing.out_of_standing is not None:
            return "ticket_not_live"
        try:
            rules.check_may_start(standing, now())
        except (rules.TransferPending, TicketUsed, rules.TransfersClosed, rules.TransferLimitReached) as refusal:
            return refusal.code
        return None

    async def of_order(self, person: Person, order_id: str) -> list[TransferRow]:
        """Every transfer of an order's tickets, for who may read the organization's orders. NotFound."""
        organization_id = await store.organization_of(self._pool, order_id) if is_id("ord", order_id) else None
        if organization_id is None:
            raise NotFound("There is no such order")
        await self._access.require(person, organization_id, "orders.read", hidden=NotFound)
        return await store.of_order(self._pool, order_id)

    async def step(self) -> int:
        """End what is over by its time, and order the mails about what ended with its ticket; how many."""
        due = await store.due(self._pool, ENDED_PER_STEP)
        for transfer_id in due:
            with contextlib.suppress(TransferOver):  # somebody was faster
                async with self._step(transfer_id, late=True) as step:
                    await self._end(step, "expired", None)
        async with self._pool.acquire() as db, db.transaction():
            untold = await store.take_untold(db, ENDED_PER_STEP)
            for transfer_id in untold:
                await outbox.add(db, transfer_id, MailTransferNews(transfer_id, "ended"))
        return len(due) + len(untold)

    @contextlib.asynccontextmanager
    async def _step(self, transfer_id: str, *, late: bool = False) -> AsyncIterator[_Step]:
        """A transfer and its ticket, locked for one transaction; then everybody is told.

        TransferUnknown; TransferOver if it came to nothing, or its time is over and the step is not ``late``. A pending
        one whose ticket was used meanwhile ends here: TicketUsed.
        """
        known = await self._known(transfer_id)
        used = False
        async with self._pool.acquire() as db, db.transaction():
            standing = await store.lock_ticket(db, known.ticket_id)
            transfer = await store.lock(db, transfer_id)
            assert standing is not None and transfer is not None, "a transfer that was read"  # noqa: PT018
            if transfer.status not in {"pending", "completed"}:
                raise TransferOver(transfer_status=transfer.status)
            if not late and (transfer.is_due(now()) or (transfer.status == "pending" and standing.out_of_standing)):
                raise TransferOver(transfer_status="expired" if transfer.is_due(now()) else "ended")
            step = _Step(db, transfer, standing, [])
            used = transfer.status == "pending" and standing.entries > 0 and not late
            if used:
                await self._end(step, "ended", None)
            else:
                yield step
                again = await store.get(db, transfer_id)
                assert again is not None
                step.transfer = again
        await self._tell(transfer.order_id, step.errands)
        if used:
            raise TicketUsed

    async def _go_on(self, step: _Step) -> None:
        """Hand the ticket on if both sides have shown their codes."""
        transfer = await store.get(step.db, step.transfer.id)
        assert transfer is not None
        if transfer.confirmed_at is None or transfer.accepted_at is None:
            return
        version = await store.complete(step.db, transfer, step.standing.handed_on + 1)
        await outbox.add(step.db, transfer.id, MailTransferNews(transfer.id, "completed"))
        await activity.record(
            step.db, None, "ticket.transferred", transfer.order_id, ticket_id=transfer.ticket_id,
            transfer_id=transfer.id, version=version,
        )  # fmt: skip
        await self._changed(step)

    async def _end(self, step: _Step, status: rules.End, actor: Person | None) -> None:
        """TransferOver if it is not pending."""
        if step.transfer.status != "pending":
            raise TransferOver(transfer_status=step.transfer.status)
        await store.end(step.db, step.transfer, status)
        await outbox.add(step.db, step.transfer.id, MailTransferNews(step.transfer.id, status))
        await activity.record(
            step.db, actor, "ticket.transfer_ended", step.transfer.order_id, ticket_id=step.transfer.ticket_id,
            transfer_id=step.transfer.id, transfer_status=status,
        )  # fmt: skip
        await self._changed(step)

    async def _changed(self, step: _Step) -> None:
        transfer = step.transfer
        step.errands += await tickets_store.changed(step.db, transfer.event_id, transfer.order_id, [step.standing.unit])

    async def _tell(self, order_id: str, errands: Sequence[OutboxRow]) -> None:
        await self._order_news.changed(order_id)
        await self._outbox.at_once(errands)

    async def _check_own(self, asker: Asker, transfer: Transfer) -> None:
        """TransferUnknown unless the ticket is the asker's; TransferOver if it was, until this transfer."""
        try:
            await self._tickets.own(asker, transfer.ticket_id)
        except TicketHandedOn:
            ended = await self._known(transfer.id)
            if ended.status != "pending":
                raise TransferOver(transfer_status=ended.status) from None
            raise
        except NotFound as refusal:
            raise TransferUnknown from refusal

    async def _known(self, transfer_id: str) -> Transfer:
        transfer = await store.get(self._pool, transfer_id) if is_id("trf", transfer_id) else None
        if transfer is None:
            raise TransferUnknown
        return transfer

    async def _token(self, transfer: Transfer) -> str | None:
        """What opens the ticket to whom this transfer gave it; None if it did not yet, or they handed it on."""
        ticket = await self._tickets.of_holder(transfer.ticket_id)
        if transfer.made_holder is None or ticket is None or ticket.handed_on != transfer.made_holder:
            return None
        return ticket.holder_link.mint(self._platform)


def _check_standing(standing: Standing) -> None:
    reason = standing.out_of_standing
    if reason is not None:
        raise TicketNotLive(ticket_status=reason)


async def _check_mails(db: Connection, standing: Standing, to_email: str) -> None:
    """MailThrottled: nobody has the shop write to one address, or about one ticket, all day."""
    to_address, free, of_ticket = await store.lately(db, to_email, standing.id)
    free_is_full = standing.amount_cents == 0 and free >= rules.FREE_TO_ONE_ADDRESS_A_DAY_MAX
    if free_is_full or to_address >= rules.TO_ONE_ADDRESS_A_DAY_MAX or of_ticket >= rules.OF_A_TICKET_A_DAY_MAX:
        raise MailThrottled


def _new(standing: Standing, to_name: str, to_email: str) -> Transfer:
    return Transfer(
        id=new_id("trf"),
        ticket_id=standing.id,
        event_id=standing.event_id,
        order_id=standing.order_id,
        from_name=standing.owner_name,
        from_email=standing.owner_email,
        to_name=to_name,
        to_email=to_email,
        from_locale=standing.owner_locale,
        to_locale=standing.owner_locale,
        status="pending",
        old_version=standing.version,
        expires_at=rules.expires_at(standing, now()),
    )


def _document(transfer: Transfer, ticket_token: str | None = None) -> TransferDocument:
    return TransferDocument(
        transfer_id=transfer.id,
        ticket_id=transfer.ticket_id,
        status=transfer.status,
        confirmed=transfer.confirmed_at is not None,
        accepted=transfer.accepted_at is not None,
        expires_at_ms=to_ms(transfer.expires_at),
        ticket_token=ticket_token,
    )
