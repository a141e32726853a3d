"""One event's page. The same for everybody, so it may be cached for a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from engine.domain.catalogue.event_news import Told, together
from engine.domain.catalogue.event_search import Found
from engine.domain.catalogue.events import Event
from engine.domain.catalogue.media import videos
from engine.domain.catalogue.media.images import Picture
from engine.domain.catalogue.pricing.steps_shown import PriceStepShown
from engine.domain.catalogue.ticket_types import TicketType
from engine.foundation import manners
from engine.foundation.asked_language import FIELD
from engine.foundation.batching import Overloaded
from engine.foundation.clock import now
from engine.foundation.errors import NotFound
from engine.foundation.speech.tongue import spoken
from engine.foundation.world.languages import DEFAULT
from engine.pages import frame
from engine.pages.catalogue.cards import cards_of, rows_of
from engine.pages.catalogue.dates import dates_around
from engine.pages.catalogue.discovery import linked_data, pictures
from engine.pages.catalogue.discovery.documents import home
from engine.pages.catalogue.discovery.places import city_path
from engine.pages.catalogue.faces import Face, face_of
from engine.pages.catalogue.offers import Level, group_notes, offers_of
from engine.pages.catalogue.texts import rich, snippet
from engine.pages.memo import Memo
from engine.services.appkeys import DISCOVERY, EVENTS, FLAGS, IMAGES, SELLING, SETTINGS, TICKET_TYPES


@dataclass(frozen=True, slots=True)
class Shown:
    """An event with what its pages say of it."""

    event: Event
    kinds: list[TicketType]
    levels: dict[str, Level]
    steps: dict[str, PriceStepShown]  # of the types that have price steps
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
RELATED: Final[web.AppKey[Memo[list[Found]]]] = web.AppKey("related")
RELATED_SHOWN_MAX: Final = 3
RELATED_KEPT_S: Final = 60.0  # what people bought together is looked up in their orders


def setup(app: web.Application) -> None:
    app[SHOWN] = Memo[Shown]()
    app[RELATED] = Memo[list[Found]](RELATED_KEPT_S)
    frame.serve(app, "GET", "/e/{slug}", detail, manners.PAGE)
    frame.serve(app, "GET", "/checkout/{event_id}/{ticket_type_id}", to_shop, manners.PAGE)


async def detail(request: web.Request) -> web.StreamResponse:
    """One event: its facts, its prices, and the one thing to do now."""
    shown = await find(request, request.match_info["slug"])
    event = shown.event
    if request.match_info["slug"] != event.slug:
        asked = f"?{request.query_string}" if request.query_string else ""
        raise web.HTTPMovedPermanently(f"/e/{event.slug}{asked}")

    video = videos.find(event.video_url) if event.video_url else None

    async def context() -> dict[str, Any]:
        offers, face, address = (
            offers_of(event, shown.kinds, shown.levels, now(), steps=shown.steps),
            shown.face,
            home(request),
        )
        preview = f"{address}/events/{event.slug}/og.png?v={pictures.version_of(event)}"
        cover = address + event.cover.path(1280) if event.cover else event.cover_url
        images = [preview, *([cover] if cover else [])]
        page, seller = f"{address}/e/{event.slug}", f"{address}/organizers/{event.organization.slug}"
        related = await request.config_dict[RELATED].get(event.id, lambda: _related(request, event))
        return {
            "event": event,
            "about": rich(event.description),
            "snippet": event.summary or snippet(event.description) or event.title,
            "face": face,
            "page": page,
            "preview": preview,
            "city_path": city_path,
            "linked_data": linked_data.block(event, offers, face, shown.told, url=page, images=images, seller=seller),
            "related": await cards_of(request, related),
            "told": shown.told,
            "dates": await dates_around(request, event),
            "codes_open": shown.sold_out and await _codes_open(request, event),
            "pictures": shown.pictures,
            "video": video,
            "engine_url": address,
            "offers": offers,
            "discounts": group_notes(event, shown.kinds),
            "room_url": room_url(request, event),
            "selling_enabled": request.config_dict[FLAGS].switches.selling,
        }

    changes = request.config_dict[SELLING].changes
    key, frames = (event.slug, changes), videos.FRAMES if video is not None else ()
    return await frame.shared(request, key, "events/detail.html", context, topic=event.id, frames=frames)


async def to_shop(request: web.Request) -> web.Response:
    """One ticket type's own address: its event's shop with one of it asked for."""
    shown = await find(request, request.match_info["event_id"])
    raise web.HTTPSeeOther(f"/e/{shown.event.slug}/shop?" + urlencode({"type": request.match_info["ticket_type_id"]}))


async def find(request: web.Request, slug: str) -> Shown:
    """A published event by its slug or id, whose organization says who may frame the answer; EventUnknown elsewhere."""
    changes = request.config_dict[SELLING].changes  # a change shows at once, not when the page is a second old
    shown = await request.config_dict[SHOWN].get((slug, changes), lambda: _find(request, slug))
    frame.may_be_framed(request, shown.event.organization.embed_origins)
    return shown


def room_url(request: web.Request, event: Event) -> str:
    """The page on which one queues for an event; what stands elsewhere is told the language in the address."""
    address = f"{request.config_dict[SETTINGS].waitingroom_url.rstrip('/')}/r/{event.id}"
    tag = spoken().tag
    return address if tag == DEFAULT else f"{address}?{FIELD}={tag}"


async def _find(request: web.Request, slug: str) -> Shown:
    event = await request.config_dict[EVENTS].get(None, slug)
    kinds = await request.config_dict[TICKET_TYPES].of_event(None, event.id)
    chosen = await request.config_dict[IMAGES].others(event)
    rows = await rows_of(request, event)
    levels: dict[str, Level] = {row.id: row.level for row in rows}
    steps = {row.id: row.price_step for row in rows if row.price_step is not None}
    return Shown(event, kinds, levels, steps, await told_of(request, event), chosen)


async def told_of(request: web.Request, event: Event, since: datetime | None = None) -> Told | None:
    """What became of an event's time and place (since then), as one change; None if nothing did."""
    news = await request.config_dict[EVENTS].news(event)
    told = together([one for one in news if since is None or one.created_at > since])
    return told if told is not None and told.says_something else None


async def _related(request: web.Request, event: Event) -> list[Found]:
    """What goes with it; nothing if searches are shed: the page sells without."""
    try:
        return await request.config_dict[DISCOVERY].related(event.id, RELATED_SHOWN_MAX)
    except Overloaded:
        return []


async def _codes_open(request: web.Request, event: Event) -> bool:
    """Whether places are set apart for those who have a code: they are not on sale to others, and may be left."""
    try:
        selling = await request.config_dict[SELLING].get(event.id)
    except NotFound:
        return False
    return selling.opens_to_codes
