"""Who did what to an event or an organization: the activity log as those read it who may change it."""

from __future__ import annotations

from typing import Any, Final

from engine.domain.accounts.errors import OrganizationUnknown
from engine.domain.catalogue.errors import EventUnknown
from engine.domain.insight.activity import ActivityLine, in_words
from engine.foundation.bearer import Person
from engine.foundation.ids import is_id
from engine.services.accounts.access import Access
from engine.stores import activity as store
from engine.stores.catalogue import events
from engine.stores.database import Pool

NEWEST: Final = 2**62  # above every number that a line will ever have


class Activity:
    """Reads the activity log; nobody writes it but those who act."""

    def __init__(self, *, pool: Pool, access: Access) -> None:
        self._pool = pool
        self._access = access

    async def of_event(self, person: Person, event_id: str, before: int | None, limit: int) -> list[ActivityLine]:
        """Lines newest first, for those who may change the event. EventUnknown to everybody outside."""
        organization_id = await events.organization_of(self._pool, event_id) if is_id("evt", event_id) else None
        if organization_id is None:
            raise EventUnknown
        await self._access.require(person, organization_id, "events.write", hidden=EventUnknown)
        return _lines(await store.of_event(self._pool, event_id, NEWEST if before is None else before, limit))

    async def of_organization(
        self, person: Person, organization_id: str, before: int | None, limit: int
    ) -> list[ActivityLine]:
        """Lines of the organization and all its events, for those who may change it. OrganizationUnknown outside."""
        await self._access.require(person, organization_id, "organization.write", hidden=OrganizationUnknown)
        newest = NEWEST if before is None else before
        return _lines(await store.of_organization(self._pool, organization_id, newest, limit))


def _lines(rows: list[dict[str, Any]]) -> list[ActivityLine]:
    return [ActivityLine(**row, summary=in_words(row["action"])) for row in rows]
