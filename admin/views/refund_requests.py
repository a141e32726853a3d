"""What buyers of an organization's events ask to give back, and its answers."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from admin import reach
from admin.forms import filled
from admin.forms.orders import ApproveForm, DeclineForm
from admin.visit import Visit, address
from engine.domain.accounts.organizations import Organization
from engine.domain.errors import RefundRequestUnknown
from engine.domain.money.asked_refunds import AskedRefund, AskedStatus

SHOWN: tuple[AskedStatus, ...] = ("requested", "refunded", "declined")


async def list_all(visit: Visit) -> web.Response:
    """Those that wait first, unless others are asked for; newest first."""
    organization = await reach.organization(visit, "refunds.read")
    status: AskedStatus = next((one for one in SHOWN if one == visit.query.get("state")), "requested")
    rows = await visit.services.money.asked_refunds.of_organization(
        visit.person, organization.id, status, visit.query.get("before") or None, reach.PAGE + 1
    )
    page, more = reach.cut(rows)
    return await visit.page(
        "refund_requests/list.html",
        organization=organization,
        requests=page,
        more=more,
        state=status,
        states=SHOWN,
        may_answer=await visit.may(organization.id, "refunds.write"),
    )


async def approve(visit: Visit) -> web.Response:
    """Give back what was asked for."""
    organization, asked = await _asked(visit)
    form = filled.read(ApproveForm, visit.form)

    async def act(typed: ApproveForm) -> AskedRefund:
        return await visit.services.money.asked_refunds.approve(visit.person, asked.id, typed.message)

    return await _answered(visit, organization, form, await form.carry_out(act), "Given back. The buyer is told.")


async def decline(visit: Visit) -> web.Response:
    """Say no, in words that the buyer reads."""
    organization, asked = await _asked(visit)
    form = filled.read(DeclineForm, visit.form)

    async def act(typed: DeclineForm) -> AskedRefund:
        return await visit.services.money.asked_refunds.decline(visit.person, asked.id, typed.message)

    return await _answered(visit, organization, form, await form.carry_out(act), "Declined. The buyer is told why.")


async def _answered(
    visit: Visit, organization: Organization, form: filled.Filled[Any], done: AskedRefund | None, note: str
) -> web.Response:
    path = address("o", organization.id, "refund-requests")
    if done is not None:
        return await visit.go(path, note)
    faults = [*form.general, *(f"{form.label(name)}: {message}" for name, message in form.errors.items())]
    return await visit.go(path, f"Not answered. {' '.join(faults)}", tone="bad")


async def _asked(visit: Visit) -> tuple[Organization, AskedRefund]:
    """The organization and the request of it. RefundRequestUnknown for another's."""
    organization = await reach.organization(visit, "refunds.write")
    asked = await visit.services.money.asked_refunds.read(visit.at("request"))
    if asked.organization_id != organization.id:
        raise RefundRequestUnknown
    return organization, asked
