"""The list of events and one event's page. The same for everybody, so they may be cached for a moment."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from engine.domain.catalogue.event_cards import EventCard
from engine.domain.catalogue.event_news import Told, together
from engine.domain.catalogue.events import Event
from engine.domain.catalogue.media import videos
from engine.domain.catalogue.media.images import Picture
from engine.domain.catalogue.ticket_types import TicketType
from engine.foundation import manners
from engine.foundation.clock import now
from engine.foundation.errors import NotFound, Refusal
from engine.foundation.world.categories import CATEGORIES
from engine.foundation.world.currencies import CHARGEABLE
from engine.pages import frame
from engine.pages.catalogue.faces import Face, face_of
from engine.pages.catalogue.offers import Level, offers_of
from engine.pages.catalogue.programme.series import other_dates
from engine.pages.catalogue.search import Search, cursor_after, place_of
from engine.pages.catalogue.texts import rich, snippet
from engine.pages.memo import Memo
from engine.services.appkeys import AVAILABILITY, EVENTS, IMAGES, SELLING, SETTINGS, TICKET_TYPES

CARDS_PER_PAGE: Final = 24


@dataclass(frozen=True, slots=True)
class Shown:
    """An event with what its pages say of it."""

    event: Event
    kinds: list[TicketType]
    levels: dict[str, Level]
    told: Told | None
    pictures: list[Picture]  # but for its cover

    @property
    def sold_out(self) -> bool:
        """Nothing of any public type is left. Unknown is not sold out."""
        return bool(self.levels) and all(level == "none" for level in self.levels.values())

    @property
    def face(self) -> Face:
        return face_of(self.event, now(), sold_out=self.sold_out)


SHOWN: Final[web.AppKey[Memo[Shown]]] = web.AppKey("shown")


def setup(app: web.Application) -> None:
    app[SHOWN] = Memo[Shown]()
    manners.serve(app, "GET", "/", index, manners.PAGE)
    manners.serve(app, "GET", "/e/{slug}", detail, manners.PAGE)
    manners.serve(app, "GET", "/tickets/events", to_index, manners.PAGE)
    manners.serve(app, "GET", "/checkout/{event_id}/{ticket_type_id}", to_shop, manners.PAGE)


async def index(request: web.Request) -> web.StreamResponse:
    """Published events that are still to come, soonest first."""
    search = Search.read(request.query)
    cursor = request.query.get("cursor", "")

    async def context() -> dict[str, Any]:
        found = await _listed(request, search, cursor)
        cards = found[:CARDS_PER_PAGE]
        return {
            "search": search,
            "categories": _categories(search.category),
            "currencies": CHARGEABLE,
            "spoken_currencies": sorted({event.currency for event, _ in cards}),
            "cards": cards,
            "next_url": search.url(cursor_after(cards[-1][0])) if len(found) > CARDS_PER_PAGE else None,
        }

    return await frame.shared(request, (search, cursor), "events/list.html", context)


async def detail(request: web.Request) -> web.StreamResponse:
    """One event: its facts, its prices, and the one thing to do now."""
    shown = await find(request, request.match_info["slug"])
    event, settings = shown.event, request.config_dict[SETTINGS]
    if request.match_info["slug"] != event.slug:
        raise web.HTTPMovedPermanently(f"/e/{event.slug}")

    video = videos.find(event.video_url) if event.video_url else None

    async def context() -> dict[str, Any]:
        return {
            "event": event,
            "about": rich(event.description),
            "snippet": event.summary or snippet(event.description) or event.title,
            "face": shown.face,
            "told": shown.told,
            "other_dates": await other_dates(request, event),
            "codes_open": shown.sold_out and await _codes_open(request, event),
            "pictures": shown.pictures,
            "video": video,
            "engine_url": settings.engine_url.rstrip("/"),
            "offers": offers_of(event, shown.kinds, shown.levels, now()),
            "room_url": room_url(request, event),
            "selling_enabled": settings.selling_enabled,
        }

    changes = request.config_dict[SELLING].changes
    key, frames = (event.slug, changes), videos.FRAMES if video is not None else ()
    return await frame.shared(request, key, "events/detail.html", context, topic=event.id, frames=frames)


async def to_index(request: web.Request) -> web.Response:
    """The list's other address."""
    raise web.HTTPMovedPermanently("/" + (f"?{request.query_string}" if request.query_string else ""))


async def to_shop(request: web.Request) -> web.Response:
    """One ticket type's own address: its event's shop with one of it asked for."""
    shown = await find(request, request.match_info["event_id"])
    raise web.HTTPSeeOther(f"/e/{shown.event.slug}/shop?" + urlencode({"type": request.match_info["ticket_type_id"]}))


async def find(request: web.Request, slug: str) -> Shown:
    """A published event by its slug or id; EventUnknown elsewhere."""
    changes = request.config_dict[SELLING].changes  # a change shows at once, not when the page is a second old
    return await request.config_dict[SHOWN].get((slug, changes), lambda: _find(request, slug))


def room_url(request: web.Request, event: Event) -> str:
    """Where one queues for an event."""
    return f"{request.config_dict[SETTINGS].waitingroom_url.rstrip('/')}/r/{event.id}"


async def _find(request: web.Request, slug: str) -> Shown:
    event = await request.config_dict[EVENTS].get(None, slug)
    kinds = await request.config_dict[TICKET_TYPES].of_event(None, event.id)
    pictures = await request.config_dict[IMAGES].others(event)
    return Shown(event, kinds, await _levels(request, event), await told_of(request, event), pictures)


async def told_of(request: web.Request, event: Event, since: datetime | None = None) -> Told | None:
    """What became of an event's time and place (since then), as one change; None if nothing did."""
    news = await request.config_dict[EVENTS].news(event)
    told = together([one for one in news if since is None or one.created_at > since])
    return told if told is not None and told.says_something else None


async def _codes_open(request: web.Request, event: Event) -> bool:
    """Whether places are set apart for those who have a code: they are not on sale to others, and may be left."""
    try:
        selling = await request.config_dict[SELLING].get(event.id)
    except NotFound:
        return False
    return any(lot.open_to for lot in selling.allotments)


async def _levels(request: web.Request, event: Event | EventCard) -> dict[str, Level]:
    """How much is left of each public type; nothing if the inventory is away or not there yet."""
    try:
        document = await request.config_dict[AVAILABILITY].document(event.id)
    except (Refusal, NotFound):
        return {}
    return {row["id"]: row["level"] for row in msgspec.json.decode(document)["ticket_types"]}


async def _listed(request: web.Request, search: Search, cursor: str) -> list[tuple[EventCard, Face]]:
    events = await request.config_dict[EVENTS].published(search.filter(), place_of(cursor), CARDS_PER_PAGE + 1)
    return await asyncio.gather(*(_card(request, event) for event in events))


async def _card(request: web.Request, event: EventCard) -> tuple[EventCard, Face]:
    """Only what is on sale can be sold out: the others are not asked about."""
    face = face_of(event, now())
    if face.buyable:
        levels: dict[str, Any] = await _levels(request, event)
        sold_out = bool(levels) and all(level == "none" for level in levels.values())
        face = face_of(event, now(), sold_out=sold_out)
    return event, face


def _categories(chosen: str) -> list[str]:
    return [*CATEGORIES] if not chosen or chosen in CATEGORIES else [chosen, *CATEGORIES]
