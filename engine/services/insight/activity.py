"""Who did what to an event or an organization: the activity log as those read it who may change it."""

from __future__ import annotations

from typing import Any, Final

from engine.domain.accounts.errors import OrganizationUnknown
from engine.domain.catalogue.errors import EventUnknown
from engine.domain.insight.activity import ActivityFilter, ActivityLine, in_words
from engine.foundation.bearer import Person
from engine.foundation.errors import Forbidden
from engine.foundation.ids import is_id
from engine.services.accounts.access import Access
from engine.stores import activity as store
from engine.stores.catalogue import events
from engine.stores.database import Pool

NEWEST: Final = 2**62  # above every number that a line will ever have
OF_ORDER_MAX: Final = 50
EVERYTHING: Final = ActivityFilter()


class Activity:
    """Reads the activity log; nobody writes it but those who act."""

    def __init__(self, *, pool: Pool, access: Access) -> None:
        self._pool = pool
        self._access = access

    async def of_event(
        self, person: Person, event_id: str, before: int | None, limit: int, wanted: ActivityFilter = EVERYTHING
    ) -> list[ActivityLine]:
        """Lines newest first, for those who may change the event. EventUnknown to everybody outside."""
        organization_id = await events.organization_of(self._pool, event_id) if is_id("evt", event_id) else None
        if organization_id is None:
            raise EventUnknown
        await self._access.require(person, organization_id, "events.write", hidden=EventUnknown)
        read = store.of_events_orders if wanted.about == "orders" else store.of_event
        return _lines(await read(self._pool, event_id, _wanted(wanted), _below(before), limit))

    async def of_organization(
        self, person: Person, organization_id: str, before: int | None, limit: int, wanted: ActivityFilter = EVERYTHING
    ) -> list[ActivityLine]:
        """Lines of the organization and all its events, for those who may change it. OrganizationUnknown outside."""
        await self._access.require(person, organization_id, "organization.write", hidden=OrganizationUnknown)
        return _lines(await store.of_organization(self._pool, organization_id, _wanted(wanted), _below(before), limit))

    async def of_order(self, person: Person, order_id: str, organization_id: str) -> list[ActivityLine]:
        """What was done to an order, newest first, for those who may read the organization's orders."""
        await self._access.require(person, organization_id, "orders.read", hidden=OrganizationUnknown)
        return _lines(await store.of_target(self._pool, order_id, NEWEST, OF_ORDER_MAX))

    async def of_platform(
        self, person: Person, before: int | None, limit: int, wanted: ActivityFilter = EVERYTHING
    ) -> list[ActivityLine]:
        """All lines, for platform admins. Forbidden."""
        if not person.is_admin:
            raise Forbidden("Only platform admins may do this")
        return _lines(await store.of_platform(self._pool, _wanted(wanted), _below(before), limit))


def _wanted(wanted: ActivityFilter) -> store.Wanted:
    return store.Wanted(kinds=wanted.kinds, who=wanted.who, since=wanted.since, until=wanted.until)


def _below(before: int | None) -> int:
    return NEWEST if before is None else before


def _lines(rows: list[dict[str, Any]]) -> list[ActivityLine]:
    return [ActivityLine(**row, summary=in_words(row["action"])) for row in rows]
