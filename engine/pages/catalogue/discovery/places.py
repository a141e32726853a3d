"""Pages of cities, venues and organizers: what is on there. The same for everybody, as the list is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote

from aiohttp import web

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
    """Something that has events. ``path`` is its page's address here; ``venue`` is known of a venue alone."""

    kind: str
    title: str
    path: str
    wanted: ListingFilter
    venue: Venue | None = None


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
    """A venue that something public makes public. VenueUnknown."""
    found = await request.config_dict[VENUES].get(None, request.match_info["venue_id"])
    return Place("venue", found.name, f"/venues/{found.id}", ListingFilter(venue_id=found.id), found)


async def organizer(request: web.Request) -> Place:
    """An organization that published something. OrganizationUnknown."""
    found = await request.config_dict[DISCOVERY].organizer(request.match_info["slug"])
    return Place("organizer", found.name, f"/organizers/{found.slug}", ListingFilter(organization_id=found.id))


ADDRESSES: Final[dict[str, Find]] = {
    "/cities/{slug}": city,
    "/venues/{venue_id}": venue,
    "/organizers/{slug}": organizer,
}


def _page_of(find: Find) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def page(request: web.Request) -> web.StreamResponse:
        place, cursor = await find(request), request.query.get("cursor", "")
        if unquote(request.rel_url.raw_path) != unquote(place.path):
            raise web.HTTPMovedPermanently(place.path)

        async def context() -> dict[str, Any]:
            discovery = request.config_dict[DISCOVERY]
            found = await discovery.published(place.wanted, place_of(cursor), CARDS_PER_PAGE + 1)
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
