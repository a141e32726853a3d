"""Disputes of an organization: what buyers' banks took back, until when evidence is taken, and places on sale again."""

from __future__ import annotations

from aiohttp import web

from admin import reach
from admin.visit import Visit, address
from engine.foundation.errors import Conflict


async def list_all(visit: Visit) -> web.Response:
    """Newest first."""
    organization = await reach.organization(visit, "refunds.read")
    rows = await visit.services.money.disputes.of_organization(
        visit.person, organization.id, visit.query.get("before") or None, reach.PAGE + 1
    )
    page, more = reach.cut(rows)
    may_release = await visit.may(organization.id, "refunds.write")
    return await visit.page(
        "disputes/list.html", organization=organization, disputes=page, more=more, may_release=may_release
    )


async def release(visit: Visit) -> web.Response:
    """The places of a lost dispute, but for those of used tickets."""
    organization = await reach.organization(visit, "refunds.write")
    path = address("o", organization.id, "disputes")
    try:
        await visit.services.money.disputes.release(visit.person, visit.at("dispute"))
    except Conflict as refusal:
        return await visit.go(path, str(refusal.detail), tone="bad")
    return await visit.go(path, "The places are on sale again.")
