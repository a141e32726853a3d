"""Disputes: what a buyer's bank takes back ends, and nothing else does; won, it is as it was before.

A webhook only says where to look: all disputes of the payment are read afresh, so copies, late ones and any order end
in the same place. What the bank decides is the provider's word; that a lost unit is sold again is the organizer's.
"""

from __future__ import annotations

from prometheus_client import Counter

from engine.domain.accounts.errors import OrganizationUnknown
from engine.domain.errors import DisputeUnknown, ProviderUnavailable
from engine.domain.money.disputes import Dispute
from engine.domain.money.orders import Order
from engine.domain.order_states import EVER_PAID
from engine.foundation import logs
from engine.foundation.bearer import Person
from engine.foundation.ids import is_id
from engine.foundation.news import News
from engine.services.accounts.access import Access
from engine.services.money.lane import PaymentLane
from engine.services.outbox import Outbox
from engine.stores.money.disputes import DisputeStore
from engine.stores.money.orders import OrderStore
from engine.stores.money.stripe_gateway import StripeGateway

LOOKS_MAX = 8  # at the provider, while other events of the same payment are followed at the same moment
_DISPUTES = Counter("onsale_disputes_total", "Disputes that were opened or decided")
_log = logs.get("disputes")


class Disputes:
    """Follows the provider's disputes, and shows them to staff."""

    def __init__(
        self,
        *,
        store: DisputeStore,
        orders: OrderStore,
        news: News,
        gateway: StripeGateway,
        lane: PaymentLane,
        outbox: Outbox,
        access: Access,
    ) -> None:
        self._store = store
        self._orders = orders
        self._news = news
        self._gateway = gateway
        self._lane = lane
        self._outbox = outbox
        self._access = access

    async def converge(self, order: Order) -> None:
        """Bring the ledger in line with the provider's disputes of this order. ProviderUnavailable."""
        intent_id = order.payment_intent_id
        if intent_id is None or order.status not in EVER_PAID:
            return
        for _ in range(LOOKS_MAX):
            seen = await self._store.seen(order.id)
            found = await self._lane.run("disputes.list", lambda: self._gateway.disputes_of(intent_id))
            applied = await self._store.apply(order.id, found, seen=seen)
            if applied is not None:
                break
        else:
            raise ProviderUnavailable("The disputes of this payment are being looked at already", retry_after_s=2)
        turned, errands = applied
        if turned or errands:
            await self._news.changed(order.id)
        for dispute in turned:
            _DISPUTES.inc()
            _log.warning("dispute_turned", order_id=order.id, dispute_id=dispute.id)
        await self._outbox.at_once(errands)

    async def of_order(self, order_id: str) -> list[Dispute]:
        """Oldest first; the caller has checked who asks."""
        return await self._store.of_order(order_id)

    async def of_organization(
        self, person: Person, organization_id: str, before: str | None, limit: int
    ) -> list[Dispute]:
        """An organization's disputes, newest first. OrganizationUnknown to everybody outside."""
        await self._access.require(person, organization_id, "refunds.read", hidden=OrganizationUnknown)
        return await self._store.of_organization(organization_id, before, limit)

    async def release(self, person: Person, dispute_id: str) -> Dispute:
        """Sell the units of a lost dispute again, those whose tickets were not used. DisputeNotLost, TicketsUsed."""
        dispute = await self._read(dispute_id)
        order = await self._orders.read(dispute.order_id)
        assert order is not None, "a dispute of no order"
        await self._access.require(person, order.organization_id, "refunds.write", hidden=DisputeUnknown)
        errands = await self._store.release(dispute, person)
        await self._news.changed(order.id)
        await self._outbox.at_once(errands)
        return await self._read(dispute_id)

    async def _read(self, dispute_id: str) -> Dispute:
        dispute = await self._store.read(dispute_id) if is_id("dsp", dispute_id) else None
        if dispute is None:
            raise DisputeUnknown
        return dispute
