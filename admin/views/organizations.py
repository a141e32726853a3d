"""Organizations, their settings and who works for them."""

from __future__ import annotations

import contextlib

from aiohttp import web

from admin import reach
from admin.forms import filled
from admin.forms import organizations as forms
from admin.forms.organizations import OrganizationChangeForm, OrganizationForm, RoleForm
from admin.views import branding
from admin.visit import Visit, address
from engine.domain.accounts.invitations import INVITATIONS_MAX
from engine.domain.accounts.organizations import Organization
from engine.domain.catalogue.media.images import ImageUnknown
from engine.foundation.errors import Conflict


async def list_all(visit: Visit) -> web.Response:
    """All organizations the person may see, page by page."""
    rows = await visit.services.accounts.organizations.of_person(
        visit.person, visit.query.get("after", ""), reach.PAGE + 1
    )
    page, more = reach.cut(rows)
    return await visit.page("organizations/list.html", organizations=page, more=more)


async def show_new(visit: Visit) -> web.Response:
    return await visit.page("organizations/new.html", form=filled.Filled())


async def create(visit: Visit) -> web.Response:
    form = filled.read(OrganizationForm, visit.form)
    made = await form.carry_out(lambda typed: visit.services.accounts.organizations.create(visit.person, typed.given()))
    if made is None:
        return await visit.page("organizations/new.html", form=form, status=422)
    return await visit.go(address("o", made.id), f"{made.name} is ready. Add a venue next.")


async def show(visit: Visit) -> web.Response:
    """Its events and venues on one page, and what is still to do before the first sale."""
    organization = await reach.organization(visit)
    services = visit.services
    venues = await services.catalogue.venues.of_organization(visit.person, organization.id, "", reach.PAGE + 1)
    events = await services.catalogue.events.of_organization(visit.person, organization.id, None, reach.PAGE + 1)
    steps = await services.insight.onboarding.of(visit.person, organization.id)
    return await visit.page(
        "organizations/show.html", organization=organization, venues=venues, events=events, steps=steps
    )


async def show_settings(visit: Visit) -> web.Response:
    organization = await reach.organization(visit, "organization.write")
    return await _settings(visit, organization, forms.of(organization))


async def change(visit: Visit) -> web.Response:
    organization = await reach.organization(visit, "organization.write")
    form = filled.read(OrganizationChangeForm, visit.form)
    changed = await form.carry_out(
        lambda typed: visit.services.accounts.organizations.change(
            visit.person, organization.id, typed.version, typed.given()
        )
    )
    if changed is None:
        return await _settings(visit, organization, form)
    return await visit.go(address("o", organization.id, "settings"), "Saved.")


async def list_members(visit: Visit) -> web.Response:
    return await show_members(visit, filled.Filled())


async def set_role(visit: Visit) -> web.Response:
    organization = await reach.organization(visit, "members.write")
    form = filled.read(RoleForm, visit.form)
    member = await form.carry_out(
        lambda typed: visit.services.accounts.organizations.set_role(
            visit.person, organization.id, visit.at("user"), typed.given()
        )
    )
    if member is None:
        return await show_members(visit, form)
    return await visit.go(address("o", organization.id, "members"), f"{member.name} has another role now.")


async def remove_member(visit: Visit) -> web.Response:
    """Let somebody out; who leaves by themselves needs no right for it, and goes home."""
    organization = await reach.organization(visit)
    leaving = visit.at("user") == visit.person.user_id
    path = "/" if leaving else address("o", organization.id, "members")
    try:
        await visit.services.accounts.organizations.remove_member(visit.person, organization.id, visit.at("user"))
    except Conflict as refusal:
        return await visit.go(address("o", organization.id, "members"), str(refusal.detail), tone="bad")
    return await visit.go(path, "Removed.")


async def show_members(visit: Visit, form: filled.Filled[filled.F]) -> web.Response:
    """Who works here, and who was invited."""
    organization = await reach.organization(visit, "members.read")
    rows = await visit.services.accounts.organizations.members(
        visit.person, organization.id, visit.query.get("after", ""), reach.PAGE + 1
    )
    page, more = reach.cut(rows)
    invitations = await visit.services.accounts.invitations.of_organization(
        visit.person, organization.id, "", INVITATIONS_MAX
    )
    return await visit.page(
        "organizations/members.html",
        organization=organization,
        members=page,
        invitations=invitations,
        more=more,
        form=form,
        roles=forms.ROLES,
        may_write=await visit.may(organization.id, "members.write"),
        status=form.status,
    )


async def _settings(visit: Visit, organization: Organization, form: filled.Filled[filled.F]) -> web.Response:
    logo = None
    with contextlib.suppress(ImageUnknown):
        logo = await visit.services.catalogue.logos.get(organization.id)
    return await visit.page(
        "organizations/settings.html",
        organization=organization,
        organization_id=organization.id,
        logo=logo,
        form=form,
        status=form.status,
        **branding.preview(form.value("accent").strip().lower()),
    )
