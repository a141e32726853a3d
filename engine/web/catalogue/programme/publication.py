"""When the world sees an event, over HTTP: planned publication, preview links, the archive."""

from __future__ import annotations

from aiohttp import web

from engine.domain.accounts.errors import OrganizationSuspended
from engine.domain.catalogue.errors import EventArchived, EventNotDraft, EventNotOver, EventUnknown
from engine.domain.catalogue.events import Event
from engine.domain.catalogue.programme.publication import PreviewLink, PublicationPlan
from engine.foundation import http
from engine.foundation.errors import Forbidden
from engine.services.appkeys import PUBLICATION
from engine.web.auth import person
from engine.web.forms import form, versioned
from engine.web.route import Route


async def plan_publication(request: web.Request) -> web.Response:
    """Publish the draft by itself at a moment.

    What ``publish`` checks is checked then; ``publication_failed`` says what was missing.
    """
    actor, given = person(request), await form(request, PublicationPlan)
    event = await request.config_dict[PUBLICATION].plan(actor, request.match_info["event_id"], given)
    return versioned(request, event, event.version)


async def unplan_publication(request: web.Request) -> web.Response:
    """Call a planned publication off."""
    event = await request.config_dict[PUBLICATION].unplan(person(request), request.match_info["event_id"])
    return versioned(request, event, event.version)


async def link_preview(request: web.Request) -> web.Response:
    """A link that shows the event as its page will be, drafts too; nothing can be bought from it."""
    link = await request.config_dict[PUBLICATION].link(person(request), request.match_info["event_id"])
    return http.json(link)


async def archive_event(request: web.Request) -> web.Response:
    """Put away a draft, or what is over or cancelled: lists leave it out."""
    publication, event_id = request.config_dict[PUBLICATION], request.match_info["event_id"]
    event = await publication.archive(person(request), event_id, archived=True)
    return versioned(request, event, event.version)


async def restore_event(request: web.Request) -> web.Response:
    """Take an event out of the archive."""
    publication, event_id = request.config_dict[PUBLICATION], request.match_info["event_id"]
    event = await publication.archive(person(request), event_id, archived=False)
    return versioned(request, event, event.version)


_ONE = "/v1/events/{event_id}"
_WRITES = (Forbidden, EventUnknown)
ROUTES: tuple[Route, ...] = (
    Route(
        "PUT",
        f"{_ONE}/publication",
        plan_publication,
        "organizer",
        "operate",
        needs="events.publish",
        takes=PublicationPlan,
        gives=Event,
    ).refuses(*_WRITES, EventArchived, EventNotDraft, OrganizationSuspended),
    Route(
        "DELETE",
        f"{_ONE}/publication",
        unplan_publication,
        "organizer",
        "operate",
        needs="events.publish",
        gives=Event,
    ).refuses(*_WRITES),
    Route(
        "POST", f"{_ONE}/preview", link_preview, "organizer", "operate", needs="events.write", gives=PreviewLink
    ).refuses(*_WRITES),
    Route(
        "POST", f"{_ONE}/archive", archive_event, "organizer", "operate", needs="events.publish", gives=Event
    ).refuses(*_WRITES, EventNotOver),
    Route(
        "POST", f"{_ONE}/restore", restore_event, "organizer", "operate", needs="events.publish", gives=Event
    ).refuses(*_WRITES),
)
