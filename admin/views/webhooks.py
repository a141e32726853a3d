"""Webhooks of an organization: endpoints, their secrets shown once, what was tried at each, messages sent again."""

from __future__ import annotations

from aiohttp import web

from admin import formats, reach
from admin.forms import filled
from admin.forms import webhooks as forms
from admin.forms.webhooks import EndpointChangeForm, EndpointForm, ReplayForm
from admin.visit import Visit, address
from engine.domain.accounts.organizations import Organization
from engine.domain.messages.webhook_kinds import TELLS
from engine.domain.messages.webhooks import ENDPOINTS_MAX, MESSAGES_KEPT_DAYS, OLDER_SECRET_H, WebhookEndpoint


async def list_all(visit: Visit) -> web.Response:
    return await _list(visit, await reach.organization(visit, "keys.read"), filled.Filled())


async def make(visit: Visit) -> web.Response:
    """The page that this answers is the only one that ever shows the secret."""
    organization = await reach.organization(visit, "keys.write")
    form = filled.read(EndpointForm, visit.form)
    made = await form.carry_out(
        lambda typed: visit.services.messages.webhook_endpoints.make(visit.person, organization.id, typed.given())
    )
    if made is None:
        return await _list(visit, organization, form)
    return await visit.page(
        "webhooks/secret.html", organization=organization, endpoint=made, secret=made.secret, older_h=0, status=201
    )


async def show(visit: Visit) -> web.Response:
    """Its settings, and the newest tries, page by page."""
    organization, endpoint = await _endpoint(visit)
    return await _show(visit, organization, endpoint, forms.of(endpoint), filled.Filled())


async def change(visit: Visit) -> web.Response:
    organization, endpoint = await _endpoint(visit)
    form = filled.read(EndpointChangeForm, visit.form)
    changed = await form.carry_out(
        lambda typed: visit.services.messages.webhook_endpoints.change(
            visit.person, organization.id, endpoint.id, typed.version, typed.change()
        )
    )
    if changed is None:
        return await _show(visit, organization, endpoint, form, filled.Filled())
    return await visit.go(_at(organization, endpoint), "Saved.")


async def rotate(visit: Visit) -> web.Response:
    """Another secret, shown on this page alone."""
    organization, endpoint = await _endpoint(visit)
    made = await visit.services.messages.webhook_endpoints.rotate(visit.person, organization.id, endpoint.id)
    return await visit.page(
        "webhooks/secret.html",
        organization=organization,
        endpoint=endpoint,
        secret=made.secret,
        older_h=OLDER_SECRET_H,
        status=201,
    )


async def replay(visit: Visit) -> web.Response:
    organization, endpoint = await _endpoint(visit)
    form = filled.read(ReplayForm, visit.form)
    done = await form.carry_out(
        lambda typed: visit.services.messages.webhook_endpoints.replay(
            visit.person, organization.id, endpoint.id, typed.given()
        )
    )
    if done is None:
        return await _show(visit, organization, endpoint, forms.of(endpoint), form)
    told = f"{formats.counted(done.queued, 'message')} will be sent again."
    if done.has_more:
        told += " There are more: do it again once these have arrived."
    return await visit.go(_at(organization, endpoint), told)


async def delete(visit: Visit) -> web.Response:
    organization, endpoint = await _endpoint(visit)
    await visit.services.messages.webhook_endpoints.delete(visit.person, organization.id, endpoint.id, "*")
    return await visit.go(address("o", organization.id, "webhooks"), "Deleted. Nothing is sent there any more.")


async def _endpoint(visit: Visit) -> tuple[Organization, WebhookEndpoint]:
    organization = await reach.organization(visit, "keys.read")
    endpoint = await visit.services.messages.webhook_endpoints.get(visit.person, organization.id, visit.at("endpoint"))
    return organization, endpoint


async def _list(visit: Visit, organization: Organization, form: filled.Filled[EndpointForm]) -> web.Response:
    endpoints = await visit.services.messages.webhook_endpoints.of_organization(
        visit.person, organization.id, "", ENDPOINTS_MAX
    )
    return await visit.page(
        "webhooks/list.html",
        organization=organization,
        endpoints=endpoints,
        form=form,
        kinds=TELLS.items(),
        endpoints_max=ENDPOINTS_MAX,
        status=form.status,
    )


async def _show(
    visit: Visit,
    organization: Organization,
    endpoint: WebhookEndpoint,
    form: filled.Filled[EndpointChangeForm],
    again: filled.Filled[ReplayForm],
) -> web.Response:
    before = visit.query.get("before") or None
    rows = await visit.services.messages.webhook_endpoints.attempts(
        visit.person, organization.id, endpoint.id, before, reach.PAGE + 1
    )
    page, more = reach.cut(rows)
    return await visit.page(
        "webhooks/show.html",
        organization=organization,
        endpoint=endpoint,
        form=form,
        again=again,
        kinds=TELLS.items(),
        back=forms.BACK,
        kept_days=MESSAGES_KEPT_DAYS,
        older_h=OLDER_SECRET_H,
        attempts=page,
        more=more,
        status=max(form.status, again.status),
    )


def _at(organization: Organization, endpoint: WebhookEndpoint) -> str:
    return address("o", organization.id, "webhooks", endpoint.id)
