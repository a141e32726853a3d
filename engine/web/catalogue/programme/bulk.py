"""Several events at once over HTTP."""

from __future__ import annotations

from aiohttp import web

from engine.domain.accounts.errors import OrganizationUnknown
from engine.domain.catalogue.programme.bulk import Bulk, BulkDone
from engine.foundation import http
from engine.foundation.errors import Forbidden
from engine.services.appkeys import BULK
from engine.web.auth import person
from engine.web.forms import form
from engine.web.route import Route


async def change_events(request: web.Request) -> web.Response:
    """Change, publish, take back or delete several events, each by itself: what is refused keeps no other from it.

    Deleting is for drafts that nobody ordered from.
    """
    actor, given = person(request), await form(request, Bulk)
    change = given.change.of if given.change is not None else None
    organization_id = request.match_info["organization_id"]
    return http.json(await request.config_dict[BULK].run(actor, organization_id, given.event_ids, given.deed, change))


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/v1/organizations/{organization_id}/events/bulk",
        change_events,
        "organizer",
        "operate",
        needs="events.write",
        takes=Bulk,
        gives=BulkDone,
    ).refuses(Forbidden, OrganizationUnknown),
)
