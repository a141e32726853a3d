"""How an organization looks, and where its events are shown: the colour while it is typed, and sites of its own."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from admin import reach
from admin.forms import filled
from admin.forms import organizations as forms
from admin.forms.organizations import EmbeddingForm
from admin.visit import Visit, address
from engine.domain.accounts import accents
from engine.domain.accounts.organizations import Organization
from engine.foundation.errors import Invalid


async def show_accent(visit: Visit) -> web.Response:
    """What a colour looks like on a button and as text, or why it is not taken; a piece of the settings."""
    organization = await reach.organization(visit, "organization.write")
    shown = preview(visit.query.get("accent", "").strip().lower())
    return visit.piece("organizations/accent.html", organization_id=organization.id, **shown)


def preview(text: str) -> dict[str, Any]:
    """What that piece shows of a colour as it was typed."""
    shown: dict[str, Any] = {"palette": None, "fault": "", "grounds": (accents.LIGHT_GROUNDS[0], accents.DARK)}
    if not text:
        return shown
    if not accents.is_colour(text):
        return {**shown, "fault": "Write it as # and six digits, like #d6336c"}
    try:
        return {**shown, "palette": accents.palette(accents.checked(text))}
    except Invalid as refusal:
        return {**shown, "fault": str(refusal.detail), "palette": accents.palette(accents.nearest(text))}


async def show_embedding(visit: Visit) -> web.Response:
    organization = await reach.organization(visit, "organization.write")
    return await _embedding(visit, organization, forms.embedding_of(organization))


async def change_embedding(visit: Visit) -> web.Response:
    organization = await reach.organization(visit, "organization.write")
    form = filled.read(EmbeddingForm, visit.form)
    changed = await form.carry_out(
        lambda typed: visit.services.accounts.organizations.change(
            visit.person, organization.id, typed.version, typed.given()
        )
    )
    if changed is None:
        return await _embedding(visit, organization, form)
    return await visit.go(address("o", organization.id, "embedding"), "Saved. The pages know it within seconds.")


async def _embedding(visit: Visit, organization: Organization, form: filled.Filled[EmbeddingForm]) -> web.Response:
    """The sites, and for each public event the lines to copy."""
    events = await visit.services.catalogue.events.of_organization(visit.person, organization.id, None, reach.PAGE)
    return await visit.page(
        "organizations/embedding.html",
        organization=organization,
        form=form,
        events=[event for event in events if event.status == "published"],
        status=form.status,
    )
