"""Buyers give tickets back by themselves along the event's policy; if it says so, the organizer answers first."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from engine.domain.accounts.errors import OrganizationUnknown
from engine.domain.errors import RefundRequestUnknown, SwitchedOff
from engine.domain.money.asked_refunds import AskedRefund, AskedStatus, Returnable, ReturnPreview, check_open, chosen
from engine.domain.money.asked_refunds import returned as returned_of
from engine.domain.money.orders import Order
from engine.foundation.bearer import Person
from engine.foundation.clock import now
from engine.foundation.errors import Conflict
from engine.foundation.ids import is_id
from engine.services.accounts.access import Access
from engine.services.accounts.flags import Switches
from engine.services.money.orders import Orders
from engine.services.money.refunds import Refunds
from engine.stores.money.aftersale.asked_refunds import AskedRefundStore
from engine.stores.outbox import OutboxRow


class AskedRefunds:
    """Takes refund requests and their answers. ``switches`` may stop what returns money."""

    def __init__(
        self, *, store: AskedRefundStore, orders: Orders, refunds: Refunds, access: Access, switches: Switches
    ) -> None:
        self._store = store
        self._orders = orders
        self._refunds = refunds
        self._access = access
        self._switches = switches

    async def preview(
        self, order_id: str, ticket_ids: Sequence[str] | None, *, person: Person | None, token: str | None
    ) -> ReturnPreview:
        """What giving these tickets back would return now, None: all that may be given back. For the buyer alone."""
        return await self.preview_of(await self._orders.own(order_id, person=person, token=token), ticket_ids)

    async def preview_of(self, order: Order, ticket_ids: Sequence[str] | None = None) -> ReturnPreview:
        """The same of an order whose reader the caller has checked; what may not be given back says why."""
        given = await self._store.returnable(order)
        try:
            check_open(given, now())
            tickets = chosen(given, ticket_ids)
        except Conflict as refusal:
            return _preview(given, reason=refusal.detail)
        parts = returned_of(given, tickets)
        nothing = _preview(given, reason=None)
        return replace(nothing, amount_cents=sum(part.amount_cents for part in parts), tickets=tuple(parts))

    async def ask(
        self,
        order_id: str,
        ticket_ids: Sequence[str] | None,
        reason: str,
        *,
        person: Person | None,
        token: str | None,
    ) -> AskedRefund:
        """The buyer's request; ``refunded`` if the policy returns the money by itself, else it waits. SwitchedOff.

        RefundWindowClosed, OrderNotRefundable, TicketAlreadyUsed, TicketNotReturnable, RefundRequestOpen,
        RefundExceedsPaid, Invalid.
        """
        self._open()
        order = await self._orders.own(order_id, person=person, token=token)
        asked, errands = await self._store.ask(order.id, ticket_ids, reason, person)
        await self._felt(asked, errands)
        return asked

    async def approve(self, person: Person, request_id: str, message: str | None) -> AskedRefund:
        """Give back what was asked for. RefundRequestUnknown to others; RefundRequestDecided."""
        self._open()
        await self._require(person, request_id)
        asked, errands = await self._store.approve(request_id, person, message)
        await self._felt(asked, errands)
        return asked

    async def decline(self, person: Person, request_id: str, message: str) -> AskedRefund:
        """Say no with words, which are mailed. RefundRequestUnknown to others; RefundRequestDecided."""
        await self._require(person, request_id)
        return await self._store.decline(request_id, person, message)

    async def of_order(self, order_id: str) -> list[AskedRefund]:
        """Oldest first; the caller has checked who asks."""
        return await self._store.of_order(order_id)

    async def of_organization(
        self, person: Person, organization_id: str, status: AskedStatus | None, before: str | None, limit: int
    ) -> list[AskedRefund]:
        """An organization's requests, newest first. OrganizationUnknown to everybody outside."""
        await self._access.require(person, organization_id, "refunds.read", hidden=OrganizationUnknown)
        return await self._store.of_organization(organization_id, status, before, limit)

    async def read(self, request_id: str) -> AskedRefund:
        """The request. RefundRequestUnknown."""
        asked = await self._store.read(request_id) if is_id("rrq", request_id) else None
        if asked is None:
            raise RefundRequestUnknown
        return asked

    async def _require(self, person: Person, request_id: str) -> None:
        asked = await self.read(request_id)
        await self._access.require(person, asked.organization_id, "refunds.write", hidden=RefundRequestUnknown)

    async def _felt(self, asked: AskedRefund, errands: list[OutboxRow]) -> None:
        """The refund that came of it goes to the provider, its tickets stop at the gates."""
        if asked.refund_id is not None:
            await self._refunds.begin(asked.order_id, asked.refund_id, errands)

    def _open(self) -> None:
        if not self._switches.refunds:
            raise SwitchedOff("Refunds are switched off", retry_after_s=60)


def _preview(given: Returnable, *, reason: str | None) -> ReturnPreview:
    return ReturnPreview(
        mode=given.policy.mode or "none",
        until=given.until,
        reason=reason,
        amount_cents=0,
        currency=given.order.currency,
        tickets=(),
    )
