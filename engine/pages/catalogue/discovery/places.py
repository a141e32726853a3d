"""Pages of cities, venues and organizers: what is on there. The same for everybody, as the list is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote, unquote

from aiohttp import web

from engine.domain.catalogue.discovery import Organizer
from engine.domain.catalogue.event_search import ListingFilter
from engine.domain.catalogue.venues import Venue
from engine.foundation import manners
from engine.pages import frame
from engine.pages.catalogue.cards import cards_of
from engine.pages.catalogue.discovery.documents import home
from engine.pages.catalogue.search import cursor_after, place_of
from engine.services.appkeys import DISCOVERY, VENUES

CARDS_PER_PAGE: Final = 24


@dataclass(frozen=True, slots=True)
class Place:
    """Something that has events. ``path`` is its page's address; ``venue`` and ``organizer`` are known of those."""

    kind: str
    title: str
    path: str
    wanted: ListingFilter
    venue: Venue | None = None
    organizer: Organizer | None = None


Find = Callable[[web.Request], Awaitable[Place]]


def setup(app: web.Application) -> None:
    for path, find in ADDRESSES.items():
        frame.serve(app, "GET", path, _page_of(find), manners.PAGE)


def city_path(slug: str) -> str:
    return f"/cities/{quote(slug, safe='')}"


async def city(request: web.Request) -> Place:
    """A city by its slug, or any spelling of its name. CityUnknown."""
    found = await request.config_dict[DISCOVERY].city(request.match_info["slug"])
    return Place("city", found.name, city_path(found.slug), ListingFilter(city=found.slug))


async def venue(request: web.Request) -> Place:
    """A venue that something public makes public, by its slug or its id. VenueUnknown."""
    found = await request.config_dict[VENUES].named(None, request.match_info["venue"])
    return Place("venue", found.name, f"/venues/{found.slug}", ListingFilter(venue_id=found.id), found)


async def organizer(request: web.Request) -> Place:
    """An organization that published something. OrganizationUnknown."""
    found = await request.config_dict[DISCOVERY].organizer(request.match_info["slug"])
    wanted = ListingFilter(organization_id=found.id)
    return Place("organizer", found.name, f"/organizers/{found.slug}", wanted, organizer=found)


ADDRESSES: Final[dict[str, Find]] = {
    "/cities/{slug}": city,
    "/venues/{venue}": venue,
    "/organizers/{slug}": organizer,
}


def _page_of(find: Find) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def page(request: web.Request) -> web.StreamResponse:
        place, cursor = await find(request), request.query.get("cursor", "")
        if unquote(request.rel_url.raw_path) != unquote(place.path):
            raise web.HTTPMovedPermanently(place.path)

        async def context() -> dict[str, Any]:
            discovery = request.config_dict[DISCOVERY]
            wanted = replace(place.wanted, once=True)
            found = await discovery.published(wanted, place_of(cursor), CARDS_PER_PAGE + 1)
            shown = found[:CARDS_PER_PAGE]
            more = len(found) > CARDS_PER_PAGE
            return {
                "place": place,
                "home": home(request),
                "cards": await cards_of(request, shown),
                "city_path": city_path,
                "next_url": f"{place.path}?cursor={cursor_after(shown[-1])}" if more else None,
            }

        return await frame.shared(request, (place.path, cursor), "events/place.html", context)

    return page
