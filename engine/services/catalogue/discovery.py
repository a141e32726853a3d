"""What is found without knowing its name: lists and what narrows them, names, places, what goes with an event."""

from __future__ import annotations

from collections.abc import Sequence

from engine.domain.accounts.errors import OrganizationUnknown
from engine.domain.catalogue.discovery import City, Facets, FoundVenue, Organizer, Suggestion, Visited
from engine.domain.catalogue.errors import CityUnknown
from engine.domain.catalogue.event_search import Found, ListingFilter, Position
from engine.foundation.bearer import Person
from engine.foundation.crowd import Crowd
from engine.foundation.errors import Forbidden, Invalid
from engine.stores import activity
from engine.stores.catalogue import event_search
from engine.stores.catalogue.discovery import chosen, facets, names, places, vocabulary
from engine.stores.database import Pool

LISTINGS_AT_ONCE_MAX = 2  # connections of a process's pool, which orders and scans share
NAMES_AT_ONCE_MAX = 1  # who types does not keep others from the list
LISTINGS_WAITING_MAX, LISTING_WAIT_S_MAX = 200, 3.0
WORDS_PER_STEP = 500


class Discovery:
    """Public reads over everything that is published. Overloaded: searches never take the ledger from buyers."""

    def __init__(self, *, pool: Pool) -> None:
        self._pool = pool
        self._words_after = ""  # where the next look at the vocabulary begins
        self._crowd = Crowd(
            "listing", at_work_max=LISTINGS_AT_ONCE_MAX, line_max=LISTINGS_WAITING_MAX, wait_max_s=LISTING_WAIT_S_MAX
        )
        self._typing = Crowd(
            "names", at_work_max=NAMES_AT_ONCE_MAX, line_max=LISTINGS_WAITING_MAX, wait_max_s=LISTING_WAIT_S_MAX
        )

    async def published(self, wanted: ListingFilter, after: Position | None, limit: int) -> list[Found]:
        """Published events after a position, in the order that was asked for."""
        async with self._crowd:
            return await event_search.published(self._pool, wanted, after, limit)

    async def facets(self, wanted: ListingFilter) -> Facets:
        """What that list can be narrowed by, with how much is left then."""
        async with self._crowd:
            return await facets.of_listing(self._pool, wanted)

    async def understood(self, q: str) -> str | None:
        """As what words were read that nothing begins with; None if they were taken as they are."""
        if not q:
            return None
        async with self._typing:
            return await names.understood(self._pool, q)

    async def forget_words(self) -> int:
        """Look at the next WORDS_PER_STEP words of the vocabulary, around; those of no listed event go. Always 0."""
        async with self._pool.acquire() as db, db.transaction():
            self._words_after, _ = await vocabulary.prune(db, self._words_after, WORDS_PER_STEP)
        return 0

    async def suggested(self, typed: str, limit: int) -> tuple[Suggestion, ...]:
        """Names of events, cities and venues that begin as was typed, or nearly."""
        async with self._typing:
            return await names.suggested(self._pool, typed, limit)

    async def venues(
        self, q: str | None, city: str | None, after: tuple[str, str] | None, limit: int
    ) -> list[FoundVenue]:
        """Venues at which something is to come, by name."""
        async with self._crowd:
            return await names.venues(self._pool, q, city, after, limit)

    async def city(self, slug: str) -> City:
        """A city at which something was published. CityUnknown."""
        found = await places.city(self._pool, slug)
        if found is None:
            raise CityUnknown
        return found

    async def organizer(self, slug: str) -> Organizer:
        """An organization that published something. OrganizationUnknown."""
        found = await places.organizer(self._pool, slug)
        if found is None:
            raise OrganizationUnknown
        return found

    async def featured(self, limit: int) -> list[Found]:
        """What the platform shows first; nothing if it chose nothing."""
        async with self._crowd:
            return await chosen.featured(self._pool, limit)

    async def choice(self, person: Person, limit: int) -> list[Found]:
        """The same, to be changed. For platform admins."""
        _only_admins(person)
        return await self.featured(limit)

    async def related(self, event_id: str, limit: int) -> list[Found]:
        """Events that go with one: bought by the same people, of its organizer, its kind, its city."""
        async with self._crowd:
            return await chosen.related(self._pool, event_id, limit)

    async def feature(self, person: Person, event_ids: Sequence[str]) -> None:
        """Show these first, in this order, and no others. For platform admins; Invalid if one is not published."""
        _only_admins(person)
        wanted = list(dict.fromkeys(event_ids))
        async with self._pool.acquire() as db, db.transaction():
            before = await chosen.featured_ids(db)
            listed = await chosen.listed_of(db, wanted)
            for place, event_id in enumerate(event_ids):
                if event_id not in listed:
                    raise Invalid.at(f"/event_ids/{place}", "unknown_event", "No such event is published")
            await chosen.feature(db, wanted)
            for event_id in wanted:
                if event_id not in before:
                    await activity.record(db, person, "event.featured", event_id)
            for event_id in before:
                if event_id not in listed:
                    await activity.record(db, person, "event.unfeatured", event_id)

    async def event_pages(self, begin: int, limit: int) -> list[Visited]:
        """Pages of published events, for search engines."""
        async with self._crowd:
            return await places.event_pages(self._pool, begin, limit)

    async def events_count(self) -> int:
        """How many events are published."""
        return await places.events_count(self._pool)

    async def place_pages(self) -> dict[str, list[Visited]]:
        """Pages of cities, venues and organizers at which something is to come, by kind."""
        async with self._crowd:
            return await places.place_pages(self._pool)


def _only_admins(person: Person) -> None:
    if not person.is_admin:
        raise Forbidden("Only platform admins may do this")
