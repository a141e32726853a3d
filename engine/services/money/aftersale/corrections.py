"""Corrections of paid orders: mailed again, another name, another address.

A buyer shows the order's capability and a code that was sent to the old address: who found a link does not take the
order along. Staff give a reason, which stands in the order's history. Both addresses are told.
"""

from __future__ import annotations

from engine.domain.errands import MailOneTimeCode, MailOrderCorrected, MailTickets
from engine.domain.errors import AddressNotCarried, OrderUnpaid
from engine.domain.money.corrections import (
    RESENDS_MAX,
    RESENDS_WINDOW_S,
    CodeMailed,
    OrderChange,
    Resent,
    ResentOften,
    checked,
)
from engine.domain.money.orders import Order
from engine.domain.order_states import SOLD
from engine.domain.tickets.one_time_codes import GOOD_FOR_S
from engine.foundation.bearer import Person
from engine.foundation.errors import Invalid
from engine.foundation.news import News
from engine.services.accounts.access import Access
from engine.services.money.orders import Orders
from engine.services.tickets.one_time_codes import OneTimeCodes
from engine.stores import activity, outbox
from engine.stores.database import Pool
from engine.stores.mail_server import MailServerGateway
from engine.stores.money.aftersale import corrections as store
from engine.stores.money.orders import lock


class Corrections:
    """Of orders; of tickets they stand in the tickets' wing."""

    def __init__(
        self,
        *,
        pool: Pool,
        orders: Orders,
        codes: OneTimeCodes,
        order_news: News,
        access: Access,
        mail_server: MailServerGateway,
    ) -> None:
        self._pool = pool
        self._orders = orders
        self._codes = codes
        self._order_news = order_news
        self._access = access
        self._mail_server = mail_server

    async def resend(self, order_id: str, *, person: Person | None, token: str | None) -> Resent:
        """Mail the order's tickets once more: RESENDS_MAX an hour for its buyer (ResentOften), staff as they like.

        NotFound, CapabilityWrong, Forbidden, OrderUnpaid.
        """
        order, owner = await self._paid(order_id, person, token)
        async with self._pool.acquire() as db, db.transaction():
            order = await lock(db, order.id)
            if owner and await store.resent_by_buyer(db, order.id, RESENDS_WINDOW_S) >= RESENDS_MAX:
                raise ResentOften(retry_after_s=RESENDS_WINDOW_S)
            # What cost nothing may be mailed to a stranger: only so often, unless staff has it sent.
            await outbox.add(db, order.id, MailTickets(order.id, asked=not owner or order.amount_cents > 0))
            await activity.record(db, person, "order.resent", order.id, by="buyer" if owner else "organizer")
        return Resent(order_id=order.id)

    async def correct(
        self, order_id: str, change: OrderChange, *, person: Person | None, token: str | None
    ) -> tuple[Order, bool] | CodeMailed:
        """(the order as it is then, whether its buyer asked); CodeMailed to a buyer who has shown no code yet.

        NotFound, CapabilityWrong, Forbidden, OrderUnpaid; Invalid, AddressNotCarried; OtpWrong, OtpExpired, OtpLocked,
        OtpMailedOften.
        """
        order, owner = await self._paid(order_id, person, token)
        if not owner and change.reason is None:
            raise Invalid.at("/reason", "missing", "Say why: it stands in the order's history")
        name, email = checked(change)
        if email is not None and not await self._mail_server.carries(email):
            raise AddressNotCarried
        if owner and change.code is None:
            return await self._mail_code(order)
        if owner and change.code is not None:
            await self._codes.check(order.id, "buyer", change.code)
        async with self._pool.acquire() as db, db.transaction():
            before = await lock(db, order.id)
            await store.correct(db, order.id, name, email)
            if owner:
                await self._codes.use(db, order.id, "buyer")
            told = MailOrderCorrected(order.id, before.buyer_email, name_changed=name is not None)
            await outbox.add(db, order.id, told)
            if email is not None and email != before.buyer_email:
                await outbox.add(db, order.id, MailTickets(order.id, asked=True))
            await activity.record(
                db, person, "order.corrected", order.id, by="buyer" if owner else "organizer",
                fields=[field for field, value in (("name", name), ("email", email)) if value is not None],
                reason="" if owner else change.reason,
            )  # fmt: skip
            after = await lock(db, order.id)
        await self._order_news.changed(order.id)
        return after, owner

    async def _mail_code(self, order: Order) -> CodeMailed:
        async with self._pool.acquire() as db, db.transaction():
            await self._codes.want(db, order.id, "buyer")
            await outbox.add(db, order.id, MailOneTimeCode(order.id, "buyer"))
        return CodeMailed(order_id=order.id, good_for_s=GOOD_FOR_S)

    async def _paid(self, order_id: str, person: Person | None, token: str | None) -> tuple[Order, bool]:
        """(the order, whether its buyer asks); others must be able to change orders. OrderUnpaid."""
        order = await self._orders.read(order_id, person=person, token=token)
        owner = self._orders.owns(order, person, token)
        if not owner:
            assert person is not None
            await self._access.require(person, order.organization_id, "orders.write")
        if order.status not in SOLD:
            raise OrderUnpaid(order_status=order.status)
        return order, owner
