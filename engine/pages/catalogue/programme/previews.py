"""The preview of an event for those who have its link: as a buyer sees it at a moment of their choice.

Nothing can be bought from it: it has no way into the shop, and a draft's shop is shut by the ledger.
"""

from __future__ import annotations

from datetime import datetime

from aiohttp import web

from engine.domain.catalogue.events import Event
from engine.domain.catalogue.programme.publication import TOKEN_CHARS_MAX
from engine.domain.fields import is_moment
from engine.foundation import local_time, manners
from engine.foundation.clock import now
from engine.pages import frame
from engine.pages.catalogue.dates import ALONE
from engine.pages.catalogue.discovery.places import city_path
from engine.pages.catalogue.faces import face_of
from engine.pages.catalogue.offers import group_notes, offers_of
from engine.pages.catalogue.texts import rich
from engine.services.appkeys import IMAGES, PUBLICATION

LOCAL_CHARS_MAX = 32


def setup(app: web.Application) -> None:
    frame.serve(app, "GET", "/preview", preview, manners.PAGE)


async def preview(request: web.Request) -> web.Response:
    """One event by its preview link. PreviewOver."""
    token = request.query.get("token", "")[:TOKEN_CHARS_MAX]
    event, kinds = await request.config_dict[PUBLICATION].previewed(token)
    at = _chosen(request.query.get("at", "")[:LOCAL_CHARS_MAX], event)
    context = {
        "event": event,
        "about": rich(event.description),
        "city_path": city_path,
        "related": [],
        "pictures": await request.config_dict[IMAGES].others(event),
        "video": None,  # another site's frame: for the public page, whose policy allows it
        "face": face_of(event, at),
        "told": None,
        "dates": ALONE,
        "offers": offers_of(event, kinds, {}, at),
        "discounts": group_notes(event, kinds),
        "token": token,
        "at": at,
        "at_local": local_time.wall(at, event.timezone).strftime("%Y-%m-%dT%H:%M"),
    }
    response = frame.render(request, "events/preview.html", context)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "no-referrer"  # the address is the key
    return response


def _chosen(text: str, event: Event) -> datetime:
    """The moment a visitor chose, by the clocks of the event; now if it is none."""
    try:
        shown = datetime.fromisoformat(text)
        at = local_time.instant(shown, event.timezone) if shown.tzinfo is None else shown
    except (ValueError, OverflowError):
        return now()
    return at if is_moment(at) else now()
