"""Finding events over HTTP: the listing, its facets, names while somebody types, venues."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from engine.domain.catalogue.discovery import (
    FEATURED_MAX,
    Facets,
    FeaturedChoice,
    FoundVenue,
    Suggestions,
)
from engine.domain.catalogue.errors import EventUnknown, VenueUnknown
from engine.domain.catalogue.event_cards import EventCard
from engine.domain.catalogue.event_search import Found, ListingFilter, Position
from engine.foundation import bodies, http, lists
from engine.foundation.batching import Overloaded
from engine.foundation.errors import Forbidden, Malformed
from engine.foundation.ids import is_id
from engine.foundation.lists import Page, PageQuery
from engine.foundation.shelf import EVERYTHING, SHELF, for_a_moment
from engine.services.appkeys import DISCOVERY, EVENTS, VENUES
from engine.web.auth import optional_person, person
from engine.web.catalogue.event_search import (
    FacetsQuery,
    FeaturedQuery,
    ListingQuery,
    RelatedQuery,
    SuggestionsQuery,
    Word,
    cursor_of,
    position_of,
    wanted,
)
from engine.web.forms import form, tagged
from engine.web.route import Route

SHELVED_S = 1.0  # a change is told at once; this bounds what of the rest may be old
RELATED_SHELVED_S = 60.0  # what people bought together changes slowly, and is looked up in their orders


class VenuesQuery(PageQuery, frozen=True, kw_only=True):
    q: Word | None = None
    city: Word | None = None


async def list_events(request: web.Request) -> web.StreamResponse:
    """Published events, filtered: by start, or the best answer to ``q`` or the nearest first; what is over if asked."""
    query = bodies.query(request, ListingQuery)
    after = position_of(query.cursor)

    async def made() -> object:
        return await _page(request, wanted(query), after, query.limit)

    return await _shelved(request, made)


async def list_events_at_venue(request: web.Request) -> web.Response:
    """Published events at one venue."""
    query = bodies.query(request, ListingQuery)
    venue = await request.config_dict[VENUES].get(optional_person(request), request.match_info["venue_id"])
    page = await _page(request, wanted(query, venue_id=venue.id), position_of(query.cursor), query.limit)
    return tagged(request, page)


async def read_facets(request: web.Request) -> web.StreamResponse:
    """What the same search of events can be narrowed by, and how much is left then."""
    filters = wanted(bodies.query(request, FacetsQuery))
    return await _shelved(request, lambda: request.config_dict[DISCOVERY].facets(filters))


async def suggest_names(request: web.Request) -> web.StreamResponse:
    """Names of events, cities and venues that begin as was typed, mistakes forgiven."""
    query = bodies.query(request, SuggestionsQuery)

    async def made() -> object:
        return Suggestions(data=await request.config_dict[DISCOVERY].suggested(query.q, query.limit))

    return await _shelved(request, made)


async def list_featured(request: web.Request) -> web.StreamResponse:
    """What the platform shows first; the soonest events if it chose none."""
    query = bodies.query(request, FeaturedQuery)

    async def made() -> object:
        discovery = request.config_dict[DISCOVERY]
        rows = await discovery.featured(query.limit)
        return _cards(rows or await discovery.published(ListingFilter(), None, query.limit))

    return await _shelved(request, made)


async def put_featured(request: web.Request) -> web.Response:
    """Choose what is shown first, in its order."""
    actor, given = person(request), await form(request, FeaturedChoice)
    discovery = request.config_dict[DISCOVERY]
    await discovery.feature(actor, given.event_ids)
    request.config_dict[SHELF].forget(EVERYTHING)
    return http.json(_cards(await discovery.featured(FEATURED_MAX)))


async def list_related(request: web.Request) -> web.StreamResponse:
    """Events that go with this one: bought by the same people, of its organizer, its kind, its city."""
    query = bodies.query(request, RelatedQuery)
    event = await request.config_dict[EVENTS].get(None, request.match_info["event_id"])

    async def made() -> object:
        return _cards(await request.config_dict[DISCOVERY].related(event.id, query.limit))

    return await _shelved(request, made, topic=event.id, shelved_s=RELATED_SHELVED_S)


async def search_venues(request: web.Request) -> web.StreamResponse:
    """Venues at which something is to come, by name."""
    query = bodies.query(request, VenuesQuery)
    after = _venue_position(query.cursor)

    async def made() -> object:
        rows = await request.config_dict[DISCOVERY].venues(query.q, query.city, after, query.limit + 1)
        return lists.page(rows, query.limit, lambda row: f"{row.id}|{row.title}")

    return await _shelved(request, made)


async def _page(request: web.Request, filters: ListingFilter, after: Position | None, limit: int) -> dict[str, Any]:
    rows = await request.config_dict[DISCOVERY].published(filters, after, limit + 1)
    page = lists.page(rows, limit, cursor_of)
    found: list[Found] = page["data"]
    return page | {"data": [one.card for one in found]}


def _cards(rows: list[Found]) -> Page[EventCard]:
    """A list that is short enough to be one page."""
    return Page(data=[one.card for one in rows], next_cursor=None, has_more=False)


async def _shelved(
    request: web.Request,
    make: Callable[[], Awaitable[object]],
    *,
    topic: str = EVERYTHING,
    shelved_s: float = SHELVED_S,
) -> web.StreamResponse:
    """The document, made once for all who ask at one address, and standing until something changes."""
    shelf = request.config_dict[SHELF]
    since = shelf.changes

    async def made() -> bytes:
        return http.dumps(await make())

    body = await shelf.made(request, since, made)
    return shelf.give(request, body, since=since, topic=topic, stands=for_a_moment(shelved_s))


def _venue_position(cursor: str | None) -> tuple[str, str] | None:
    """(name, id) behind a cursor. Malformed if it is none of ours."""
    text = lists.cursor_decode(cursor)
    if text is None:
        return None
    venue_id, _, name = text.partition("|")
    if not is_id("ven", venue_id) or "\x00" in name:
        raise Malformed("The cursor is not one of ours")
    return name, venue_id


ROUTES: tuple[Route, ...] = (
    Route("GET", "/v1/events", list_events, "public", "listing", gives=Page[EventCard], query=ListingQuery)
    .refuses(Malformed, Overloaded)
    .also("/v1/events/public", "/v1/events/search", "/v1/search/events"),
    Route(
        "GET", "/v1/events/featured", list_featured, "public", "listing", gives=Page[EventCard], query=FeaturedQuery
    ).refuses(Malformed, Overloaded),
    Route(
        "PUT", "/v1/platform/featured", put_featured, "admin", "operate", takes=FeaturedChoice, gives=Page[EventCard]
    ).refuses(Forbidden),
    Route(
        "GET",
        "/v1/events/{event_id}/related",
        list_related,
        "public",
        "read",
        gives=Page[EventCard],
        query=RelatedQuery,
    ).refuses(Malformed, EventUnknown, Overloaded),
    Route("GET", "/v1/events/facets", read_facets, "public", "listing", gives=Facets, query=FacetsQuery).refuses(
        Malformed, Overloaded
    ),
    Route("GET", "/v1/search/autocomplete", suggest_names, "public", "read", gives=Suggestions, query=SuggestionsQuery)
    .refuses(Malformed, Overloaded)
    .also("/v1/events/suggest"),
    Route(
        "GET", "/v1/search/venues", search_venues, "public", "listing", gives=Page[FoundVenue], query=VenuesQuery
    ).refuses(Malformed, Overloaded),
    Route(
        "GET",
        "/v1/venues/{venue_id}/events",
        list_events_at_venue,
        "public",
        "listing",
        gives=Page[EventCard],
        query=ListingQuery,
    ).refuses(Malformed, VenueUnknown, Overloaded),
)
