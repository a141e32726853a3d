"""Templates of events, and lists of events read in."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from admin import reach
from admin.forms import filled
from admin.forms.templates import FromTemplateForm, ImportForm, TemplateForm
from admin.visit import Visit, address
from engine.domain.accounts.organizations import Organization
from engine.domain.catalogue.events import Event
from engine.domain.catalogue.programme.imports import COLUMNS, REQUIRED, ROWS_MAX
from engine.foundation.errors import Invalid

VENUES_OFFERED_MAX = 200


async def save(visit: Visit) -> web.Response:
    """Keep an event as a template."""
    event = await reach.event(visit, "events.write")
    form = filled.read(TemplateForm, visit.form)
    kept = await form.carry_out(
        lambda typed: visit.services.catalogue.templates.save(visit.person, event.id, typed.given())
    )
    if kept is None:
        faults = " ".join([*form.general, *form.errors.values()])
        return await visit.go(address("events", event.id, "settings"), f"Not kept. {faults}.", tone="bad")
    return await visit.go(address("o", event.organization_id, "templates"), f"{kept.name} is a template now.")


async def list_all(visit: Visit) -> web.Response:
    organization = await reach.organization(visit, "events.read")
    return await _templates(visit, organization, filled.Filled())


async def make(visit: Visit) -> web.Response:
    """A draft of a template."""
    organization = await reach.organization(visit, "events.write")
    form = filled.read(FromTemplateForm, visit.form)

    async def act(typed: FromTemplateForm) -> Event:
        venues = await visit.services.catalogue.venues.of_organization(
            visit.person, organization.id, "", VENUES_OFFERED_MAX
        )
        venue = next((one for one in venues if one.id == typed.venue_id), None)
        if venue is None:
            raise Invalid.at("/venue_id", "unknown_venue", "Choose a venue")
        given = typed.given(venue.timezone)
        return await visit.services.catalogue.templates.make(visit.person, visit.at("template"), given)

    made = await form.carry_out(act)
    if made is None:
        return await _templates(visit, organization, form)
    return await visit.go(address("events", made.id), f"{made.title} is a draft now.")


async def delete(visit: Visit) -> web.Response:
    organization = await reach.organization(visit, "events.write")
    await visit.services.catalogue.templates.delete(visit.person, visit.at("template"))
    return await visit.go(address("o", organization.id, "templates"), "The template is deleted.")


async def show_import(visit: Visit) -> web.Response:
    organization = await reach.organization(visit, "events.write")
    return await _import(visit, organization, filled.Filled(), None)


async def read_in(visit: Visit) -> web.Response:
    """Try a list, or make its drafts; either way what came of each row is shown."""
    organization = await reach.organization(visit, "events.write")
    form = filled.read(ImportForm, visit.form)
    done = await form.carry_out(
        lambda typed: visit.services.catalogue.templates.read_in(visit.person, organization.id, typed.given())
    )
    return await _import(visit, organization, form, done)


async def _templates(visit: Visit, organization: Organization, form: filled.Filled[Any]) -> web.Response:
    catalogue = visit.services.catalogue
    return await visit.page(
        "templates/list.html",
        organization=organization,
        templates=await catalogue.templates.of_organization(visit.person, organization.id),
        venues=await catalogue.venues.of_organization(visit.person, organization.id, "", VENUES_OFFERED_MAX),
        form=form,
        tried=visit.request.match_info.get("template", ""),
        may_write=await visit.may(organization.id, "events.write"),
        status=form.status,
    )


async def _import(visit: Visit, organization: Organization, form: filled.Filled[Any], done: Any) -> web.Response:
    return await visit.page(
        "templates/import.html",
        organization=organization,
        form=form,
        done=done,
        columns=COLUMNS,
        required=REQUIRED,
        rows_max=ROWS_MAX,
        status=form.status,
    )
