"""Templates of events and lists of events over HTTP."""

from __future__ import annotations

from aiohttp import web

from engine.domain.accounts.errors import OrganizationSuspended, OrganizationUnknown, TooManyOfThem
from engine.domain.catalogue.errors import EventUnknown, TemplateNameTaken, TemplateUnknown
from engine.domain.catalogue.events import Event
from engine.domain.catalogue.programme.imports import EventImport, EventsImported
from engine.domain.catalogue.programme.templates import EventTemplate, FromTemplate, NewTemplate
from engine.foundation import http, lists
from engine.foundation.errors import Forbidden, Malformed
from engine.foundation.lists import Page, PageQuery
from engine.services.appkeys import TEMPLATES
from engine.web.auth import person
from engine.web.forms import created, form
from engine.web.route import Route


async def save_template(request: web.Request) -> web.Response:
    """Keep an event with its ticket types and its on-sale as a template."""
    actor, given = person(request), await form(request, NewTemplate)
    template = await request.config_dict[TEMPLATES].save(actor, request.match_info["event_id"], given)
    return http.json(template, status=201)


async def list_templates(request: web.Request) -> web.Response:
    """An organization's templates by name."""
    templates = request.config_dict[TEMPLATES]
    rows = await templates.of_organization(person(request), request.match_info["organization_id"])
    return lists.listed(request, rows, lambda row: row.id)


async def delete_template(request: web.Request) -> web.Response:
    """Forget a template; events that were made from it stay."""
    await request.config_dict[TEMPLATES].delete(person(request), request.match_info["template_id"])
    return web.Response(status=204)


async def make_from_template(request: web.Request) -> web.Response:
    """Begin a draft from a template: all its times move along with the start."""
    actor, given = person(request), await form(request, FromTemplate)
    event = await request.config_dict[TEMPLATES].make(actor, request.match_info["template_id"], given)
    return created(event, event.version, f"/v1/events/{event.id}")


async def import_events(request: web.Request) -> web.Response:
    """Begin a draft for each row of a list in CSV; a row with faults makes nothing, and the others are made.

    Rows whose ``external_id`` an event of the organization has are passed over: a list may be sent again.
    """
    actor, given = person(request), await form(request, EventImport)
    done = await request.config_dict[TEMPLATES].read_in(actor, request.match_info["organization_id"], given)
    return http.json(done)


_OF_ORGANIZATION, _ONE = "/v1/organizations/{organization_id}", "/v1/templates/{template_id}"
ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/v1/events/{event_id}/template",
        save_template,
        "organizer",
        "operate",
        needs="events.write",
        takes=NewTemplate,
        gives=EventTemplate,
        status=201,
    ).refuses(Forbidden, EventUnknown, TemplateNameTaken, TooManyOfThem, OrganizationSuspended),
    Route(
        "GET",
        f"{_OF_ORGANIZATION}/templates",
        list_templates,
        "organizer",
        "operate",
        needs="events.read",
        gives=Page[EventTemplate],
        query=PageQuery,
    ).refuses(Forbidden, OrganizationUnknown, Malformed),
    Route("DELETE", _ONE, delete_template, "organizer", "operate", needs="events.write", status=204).refuses(
        Forbidden, TemplateUnknown
    ),
    Route(
        "POST",
        f"{_ONE}/events",
        make_from_template,
        "organizer",
        "operate",
        needs="events.write",
        takes=FromTemplate,
        gives=Event,
        status=201,
    ).refuses(Forbidden, TemplateUnknown, TooManyOfThem, OrganizationSuspended),
    Route(
        "POST",
        f"{_OF_ORGANIZATION}/events/import",
        import_events,
        "organizer",
        "operate",
        needs="events.write",
        takes=EventImport,
        gives=EventsImported,
    ).refuses(Forbidden, OrganizationUnknown, OrganizationSuspended),
)
