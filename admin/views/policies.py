"""Terms and privacy policy, of the platform and of an organization: written here, each version kept."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from admin import reach
from admin.forms import filled
from admin.forms.policies import PolicyForm
from admin.visit import Visit, address
from engine.domain.accounts.organizations import Organization
from engine.domain.accounts.policies import KINDS, PLATFORM, Kind
from engine.foundation.errors import Forbidden

NAMES: Final[dict[Kind, str]] = {"terms": "Terms", "privacy": "Privacy policy"}


async def show_platform(visit: Visit) -> web.Response:
    _require_admin(visit)
    return await _page(visit, None, await _fresh(visit, PLATFORM))


async def publish_platform(visit: Visit) -> web.Response:
    """The platform's next version."""
    _require_admin(visit)
    return await _publish(visit, None)


async def show_organization(visit: Visit) -> web.Response:
    organization = await reach.organization(visit, "organization.write")
    return await _page(visit, organization, await _fresh(visit, organization.id))


async def publish_organization(visit: Visit) -> web.Response:
    """The organization's next version."""
    return await _publish(visit, await reach.organization(visit, "organization.write"))


async def _publish(visit: Visit, organization: Organization | None) -> web.Response:
    form = filled.read(PolicyForm, visit.form)
    owner = organization.id if organization is not None else PLATFORM
    version = await form.carry_out(
        lambda typed: visit.services.accounts.policies.publish(visit.person, owner, typed.kind, typed.given())
    )
    if version is None:
        return await _page(visit, organization, form)
    assert form.form is not None
    path = address("o", owner, "policies") if organization is not None else "/policies"
    note = f"{NAMES[form.form.kind]}: version {version} is published. Orders from now on name it."
    return await visit.go(f"{path}?kind={form.form.kind}", note)


async def _fresh(visit: Visit, owner: str) -> filled.Filled[PolicyForm]:
    kind = _kind(visit.query.get("kind", ""))
    newest = await visit.services.accounts.policies.shown(owner, kind)
    text, version = (newest.text, newest.version) if newest is not None else ("", 0)
    return filled.fresh(PolicyForm, kind=kind, version=version, text=text)


async def _page(visit: Visit, organization: Organization | None, form: filled.Filled[PolicyForm]) -> web.Response:
    kind = _kind(form.value("kind"))
    owner = organization.id if organization is not None else PLATFORM
    return await visit.page(
        "policies/show.html",
        organization=organization,
        kind=kind,
        names=NAMES,
        public=f"/organizers/{organization.slug}/{kind}" if organization is not None else f"/{kind}",
        versions=await visit.services.accounts.policies.versions(owner, kind),
        form=form,
        status=form.status,
    )


def _kind(text: str) -> Kind:
    return next((kind for kind in KINDS if kind == text), "terms")


def _require_admin(visit: Visit) -> None:
    if not visit.person.is_admin:
        raise Forbidden("Only platform admins may do this")
