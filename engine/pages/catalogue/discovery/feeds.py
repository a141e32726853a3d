"""Events for programs that come back: RSS of a list or a place, iCalendar of a place or one event."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC
from email.utils import format_datetime
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from aiohttp import web

from engine.domain.catalogue.event_cards import EventCard
from engine.domain.catalogue.event_search import ListingFilter
from engine.foundation import manners
from engine.pages.catalogue.discovery.documents import child, home, shared, xml
from engine.pages.catalogue.discovery.places import ADDRESSES, Find, Place
from engine.pages.catalogue.search import Search
from engine.pages.formats import said
from engine.services.appkeys import DISCOVERY, EVENTS, SERIES
from engine.services.catalogue.calendars import ICS, ics, where

FEED_EVENTS_MAX: Final = 100
CALENDAR_EVENTS_MAX: Final = 500
STANDS_S: Final = 60  # feed readers come every few minutes at most
RSS: Final = "application/rss+xml; charset=utf-8"
_ATOM: Final = "http://www.w3.org/2005/Atom"


def setup(app: web.Application) -> None:
    manners.serve(app, "GET", "/events.rss", listing_feed, manners.PAGE)
    manners.serve(app, "GET", "/e/{slug}/calendar.ics", event_calendar, manners.PAGE)
    manners.serve(app, "GET", "/series/{series_id}/calendar.ics", _calendar_of(series), manners.PAGE)
    for path, find in ADDRESSES.items():
        manners.serve(app, "GET", f"{path}/events.rss", _feed_of(find), manners.PAGE)
        manners.serve(app, "GET", f"{path}/calendar.ics", _calendar_of(find), manners.PAGE)


async def listing_feed(request: web.Request) -> web.StreamResponse:
    """The list of events, narrowed as its page is; every date of a series is an item."""
    search = Search.read(request.query)

    async def made() -> bytes:
        events = await _events(request, replace(search.filter(), once=False), FEED_EVENTS_MAX)
        return rss("Events", home(request), search.url(), request.rel_url.raw_path_qs, events)

    return await shared(request, made, content_type=RSS, stands_s=STANDS_S)


async def event_calendar(request: web.Request) -> web.StreamResponse:
    """One event, for the calendar of somebody who means to go."""
    event = await request.config_dict[EVENTS].get(None, request.match_info["slug"])

    async def made() -> bytes:
        return ics(event.title, home(request), [event])

    return await shared(request, made, content_type=ICS, stands_s=STANDS_S, topic=event.id)


async def series(request: web.Request) -> Place:
    """All dates of a series. SeriesUnknown."""
    found = await request.config_dict[SERIES].get(None, request.match_info["series_id"])
    return Place("series", found.title, f"/series/{found.id}", ListingFilter(series_id=found.id))


def rss(title: str, base: str, path: str, own_path: str, events: list[EventCard]) -> bytes:
    """RSS 2.0 with the link to itself that readers ask for."""
    root = Element("rss", {"version": "2.0", "xmlns:atom": _ATOM})
    channel = SubElement(root, "channel")
    child(channel, "title", f"{title} · onsale")
    child(channel, "link", base + path)
    child(channel, "description", f"{title}: what is on and when tickets are sold")
    SubElement(channel, "atom:link", {"href": base + own_path, "rel": "self", "type": "application/rss+xml"})
    for event in events:
        item = SubElement(channel, "item")
        child(item, "title", event.title)
        child(item, "link", f"{base}/e/{event.slug}")
        child(item, "guid", event.id, isPermaLink="false")
        when = f"{said(event.starts_at, event.timezone)}, {where(event)}"
        child(item, "description", f"{when}. {event.summary}" if event.summary else when)
        child(item, "category", event.category)
        if event.published_at is not None:
            child(item, "pubDate", format_datetime(event.published_at.astimezone(UTC)))
    return xml(root)


def _feed_of(find: Find) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def feed(request: web.Request) -> web.StreamResponse:
        place = await find(request)

        async def made() -> bytes:
            events = await _events(request, place.wanted, FEED_EVENTS_MAX)
            return rss(place.title, home(request), place.path, f"{place.path}/events.rss", events)

        return await shared(request, made, content_type=RSS, stands_s=STANDS_S)

    return feed


def _calendar_of(find: Find) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def calendar(request: web.Request) -> web.StreamResponse:
        place = await find(request)

        async def made() -> bytes:
            return ics(place.title, home(request), await _events(request, place.wanted, CALENDAR_EVENTS_MAX))

        return await shared(request, made, content_type=ICS, stands_s=STANDS_S)

    return calendar


async def _events(request: web.Request, wanted: ListingFilter, most: int) -> list[EventCard]:
    return [found.card for found in await request.config_dict[DISCOVERY].published(wanted, None, most)]
