"""Several events changed, published, taken back or deleted at once, each as if it were alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.domain.accounts.errors import OrganizationUnknown
from engine.domain.accounts.organizations import Permission
from engine.domain.catalogue.errors import EventUnknown
from engine.domain.catalogue.events import Event, EventChange
from engine.domain.catalogue.programme.bulk import BULK_MAX, BulkDone, BulkRefused, Deed
from engine.foundation.bearer import Person
from engine.foundation.errors import Conflict, Forbidden, Invalid, NotFound, PreconditionFailed, Refusal, Unavailable
from engine.services.accounts.access import Access
from engine.services.catalogue.events import Events

ANY_VERSION = "*"
_TOLD = (Conflict, Forbidden, Invalid, NotFound, PreconditionFailed, Unavailable)


class BulkOfEvents:
    """Nothing of its own: each event goes through ``Events``, and leaves its own line in the activity log."""

    def __init__(self, *, access: Access, events: Events) -> None:
        self._access = access
        self._events = events

    async def run(
        self,
        person: Person,
        organization_id: str,
        event_ids: Sequence[str],
        deed: Deed,
        change: Callable[[Event], EventChange] | None = None,
    ) -> BulkDone:
        """Do it to each event of this organization; what is refused keeps no other from it.

        Forbidden if the person may do it to none. Invalid without events, with more than BULK_MAX of them, or if
        ``deed`` is to change them and ``change`` is left out.
        """
        needs: Permission = "events.publish" if deed in {"publish", "unpublish"} else "events.write"
        await self._access.require(person, organization_id, needs, hidden=OrganizationUnknown)
        chosen = list(dict.fromkeys(event_ids))
        if not 1 <= len(chosen) <= BULK_MAX:
            raise Invalid.at("/event_ids", "out_of_range", f"Choose from 1 to {BULK_MAX} events")
        if deed == "change" and change is None:
            raise Invalid.at("/change", "missing", "Say what is to change")
        done: list[str] = []
        refused: list[BulkRefused] = []
        for event_id in chosen:
            title = ""
            try:
                event = await self._events.get(person, event_id)
                if event.id != event_id or event.organization_id != organization_id:
                    raise EventUnknown
                title = event.title
                await self._do(person, event, deed, change)
                done.append(event_id)
            except _TOLD as refusal:
                refused.append(_told(event_id, title, refusal))
        return BulkDone(deed=deed, event_ids=done, refused=refused)

    async def _do(
        self, person: Person, event: Event, deed: Deed, change: Callable[[Event], EventChange] | None
    ) -> None:
        if deed == "publish":
            await self._events.publish(person, event.id)
        elif deed == "unpublish":
            await self._events.unpublish(person, event.id)
        elif deed == "delete":
            await self._events.delete(person, event.id, ANY_VERSION)
        elif change is not None:
            await self._events.change(person, event.id, str(event.version), change(event))


def _told(event_id: str, title: str, refusal: Refusal) -> BulkRefused:
    detail = refusal.errors[0]["message"] if isinstance(refusal, Invalid) and refusal.errors else str(refusal.detail)
    missing = list(refusal.facts.get("missing", ()))
    return BulkRefused(event_id=event_id, title=title, code=refusal.code, detail=detail, missing=missing)
