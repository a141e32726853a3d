"""The platform's own pages: accounts and organizations, for platform admins alone."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from admin import reach
from admin.visit import Visit, address
from engine.foundation.errors import NotFound

SEARCH_CHARS_MAX: Final = 100


async def list_people(visit: Visit) -> web.Response:
    """Accounts by name or address, newest first."""
    text = visit.query.get("q", "").strip()[:SEARCH_CHARS_MAX]
    rows = await visit.services.accounts.moderation.people(
        visit.person, text or None, visit.query.get("before") or None, reach.PAGE + 1
    )
    page, more = reach.cut(rows)
    return await visit.page("moderation/people.html", people=page, more=more, q=text)


async def disable(visit: Visit) -> web.Response:
    return await _set_disabled(visit, "The account is shut; its sessions have ended.", disabled=True)


async def enable(visit: Visit) -> web.Response:
    return await _set_disabled(visit, "The account is open again.", disabled=False)


async def suspend(visit: Visit) -> web.Response:
    organization_id = visit.at("organization")
    await visit.services.accounts.moderation.set_suspended(visit.person, organization_id, suspended=True)
    return await visit.go(
        address("o", organization_id), "Suspended: it offers and sells nothing more; its gates go on.", tone="warn"
    )


async def reinstate(visit: Visit) -> web.Response:
    organization_id = visit.at("organization")
    await visit.services.accounts.moderation.set_suspended(visit.person, organization_id, suspended=False)
    return await visit.go(address("o", organization_id), "Active again.")


async def _set_disabled(visit: Visit, note: str, *, disabled: bool) -> web.Response:
    try:
        await visit.services.accounts.moderation.set_disabled(visit.person, visit.at("user"), disabled=disabled)
    except NotFound as refusal:
        return await visit.go("/people", str(refusal.detail), tone="bad")
    return await visit.go("/people", note)
