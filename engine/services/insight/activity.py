"""Who did what to an event: the activity log as its organization reads it."""

from __future__ import annotations

from typing import Any, Final

from engine.domain.catalogue.events import Event
from engine.foundation.bearer import Person
from engine.services.accounts.access import Access
from engine.stores import activity as store
from engine.stores.database import Pool

NEWEST: Final = 2**62  # above every number that a line will ever have


class Activity:
    """Reads the activity log; nobody writes it but those who act."""

    def __init__(self, *, pool: Pool, access: Access) -> None:
        self._pool = pool
        self._access = access

    async def of_event(self, person: Person, event: Event, before: int | None, limit: int) -> list[dict[str, Any]]:
        """Lines newest first, for those who may change the event: id, actor_kind, actor_name, action, target, facts."""
        await self._access.require(person, event.organization_id, "events.write")
        return await store.of_event(self._pool, event.id, NEWEST if before is None else before, limit)
