"""The list of events, what narrows it, and what the platform shows first. The same for everybody."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from aiohttp import web

from engine.domain.catalogue.event_search import Found
from engine.foundation import manners
from engine.foundation.world.categories import CATEGORIES
from engine.foundation.world.currencies import CHARGEABLE
from engine.pages import frame
from engine.pages.catalogue.cards import cards_of
from engine.pages.catalogue.discovery.documents import home
from engine.pages.catalogue.narrowing import groups_of, marks_of
from engine.pages.catalogue.search import Search, cursor_after, place_of
from engine.services.appkeys import DISCOVERY

CARDS_PER_PAGE: Final = 24
FEATURED_SHOWN_MAX: Final = 6


def setup(app: web.Application) -> None:
    frame.serve(app, "GET", "/", index, manners.PAGE)
    frame.serve(app, "GET", "/tickets/events", to_index, manners.PAGE)


async def index(request: web.Request) -> web.StreamResponse:
    """Published events that are still to come: the soonest, the best answer to words, or the nearest first."""
    search, cursor = Search.read(request.query), request.query.get("cursor", "")

    async def context() -> dict[str, Any]:
        discovery, wanted = request.config_dict[DISCOVERY], search.filter()
        first = not search.narrowed and not cursor
        found, facets, meant, featured = await asyncio.gather(
            discovery.published(wanted, place_of(cursor), CARDS_PER_PAGE + 1),
            discovery.facets(wanted),
            discovery.understood(search.q),
            discovery.featured(FEATURED_SHOWN_MAX) if first else _none(),
        )
        shown = found[:CARDS_PER_PAGE]
        cards = await cards_of(request, shown)
        cities = {each.value: each.title for each in facets.city}
        return {
            "search": search,
            "home": home(request),
            "feed_url": search.url().replace("/", "/events.rss", 1),
            "meant": meant,
            "categories": _categories(search.category),
            "currencies": CHARGEABLE,
            "spoken_currencies": sorted({event.currency for event, _ in cards}),
            "featured": await cards_of(request, featured),
            "cards": cards,
            "total": facets.total,
            "groups": groups_of(search, facets),
            "marks": marks_of(search, cities.get(search.city, "")),
            "city": cities.get(search.city, search.city),
            "next_url": search.url(cursor_after(shown[-1])) if len(found) > CARDS_PER_PAGE else None,
        }

    here = search.url(cursor)
    return await frame.shared(request, (search, cursor), "events/list.html", context, asks_where=True, here=here)


async def to_index(request: web.Request) -> web.Response:
    """The list's other address."""
    raise web.HTTPMovedPermanently("/" + (f"?{request.query_string}" if request.query_string else ""))


async def _none() -> list[Found]:
    return []


def _categories(chosen: str) -> list[str]:
    return [*CATEGORIES] if not chosen or chosen in CATEGORIES else [chosen, *CATEGORIES]
