"""Keys of an organization for its programs: made, shown once, listed, revoked."""

from __future__ import annotations

from aiohttp import web

from admin import reach
from admin.forms import filled
from admin.forms.api_keys import SCOPES, ApiKeyForm
from admin.visit import Visit, address
from engine.domain.accounts.api_keys import API_KEYS_MAX, ApiKeyMade
from engine.domain.accounts.errors import ApiKeyUnknown
from engine.domain.accounts.organizations import Organization


async def list_all(visit: Visit) -> web.Response:
    return await _list(visit, await reach.organization(visit, "keys.read"), filled.Filled())


async def create(visit: Visit) -> web.Response:
    """The page that this answers is the only one that ever shows the key."""
    organization = await reach.organization(visit, "keys.write")
    form = filled.read(ApiKeyForm, visit.form)
    made = await form.carry_out(
        lambda typed: visit.services.accounts.api_keys.make(visit.person, organization.id, typed.given())
    )
    if made is None:
        return await _list(visit, organization, form)
    return await _list(visit, organization, filled.Filled(), made)


async def revoke(visit: Visit) -> web.Response:
    """Its programs are out at once; one that is revoked already is no fault."""
    organization = await reach.organization(visit, "keys.write")
    path = address("o", organization.id, "keys")
    try:
        await visit.services.accounts.api_keys.revoke(visit.person, organization.id, visit.at("key"))
    except ApiKeyUnknown:
        return await visit.go(path)
    return await visit.go(path, "The key is revoked. It opens nothing any more.")


async def _list(
    visit: Visit, organization: Organization, form: filled.Filled[ApiKeyForm], made: ApiKeyMade | None = None
) -> web.Response:
    keys = await visit.services.accounts.api_keys.of_organization(visit.person, organization.id, "", API_KEYS_MAX)
    return await visit.page(
        "api_keys/list.html",
        organization=organization,
        keys=keys,
        made=made,
        form=form,
        scopes=SCOPES,
        may_write=await visit.may(organization.id, "keys.write"),
        status=201 if made is not None else form.status,
    )
