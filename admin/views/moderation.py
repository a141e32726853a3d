"""The platform's own pages: accounts and organizations, for platform admins alone."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from admin import reach, sessions
from admin.appkeys import SESSIONS
from admin.forms import filled
from admin.forms.complaints import SuspendForm
from admin.visit import Visit, address
from engine.foundation.bearer import Person
from engine.foundation.errors import Forbidden, Invalid, NotFound

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
    """Its name typed once more, and the reason that its people read."""
    if not visit.person.is_admin:
        raise Forbidden("Only platform admins may do this")
    organization = await reach.organization(visit)
    form = filled.read(SuspendForm, visit.form)

    async def act(typed: SuspendForm) -> bool:
        if typed.typed_name.casefold() != organization.name.casefold():
            raise Invalid.at("/typed_name", "different", "Type the name of this organization exactly")
        moderation = visit.services.accounts.moderation
        await moderation.set_suspended(visit.person, organization.id, suspended=True, reason=typed.reason)
        return True

    if await form.carry_out(act) is None:
        text = " ".join([*form.errors.values(), *form.general])
        return await visit.go(address("o", organization.id, "settings"), f"Not suspended. {text}.", tone="bad")
    note = "Suspended: it offers and sells nothing more; its gates go on."
    return await visit.go(address("o", organization.id), note, tone="warn")


async def reinstate(visit: Visit) -> web.Response:
    organization_id = visit.at("organization")
    await visit.services.accounts.moderation.set_suspended(visit.person, organization_id, suspended=False)
    return await visit.go(address("o", organization_id), "Active again.")


async def view_as(visit: Visit) -> web.Response:
    """See what an organizer sees, for half an hour. A platform admin's eyes are not borrowed, nor those of the shut."""
    moderation = visit.services.accounts.moderation
    try:
        await moderation.begin_view(visit.person, visit.at("user"), sessions.VIEW_S)
    except NotFound as refusal:
        return await visit.go("/people", str(refusal.detail), tone="bad")
    await visit.request.app[SESSIONS].view_as(visit.session, visit.at("user"))
    return await visit.go("/")


async def end_view(visit: Visit) -> web.Response:
    """Be oneself again. Twice is fine."""
    if visit.viewer is not None:
        admin = Person(visit.viewer.id, is_admin=True)
        await visit.services.accounts.moderation.end_view(admin, visit.person.user_id)
        await visit.request.app[SESSIONS].view_as(visit.session, "")
    return await visit.go("/people" if visit.viewer is not None else "/")


async def _set_disabled(visit: Visit, note: str, *, disabled: bool) -> web.Response:
    try:
        await visit.services.accounts.moderation.set_disabled(visit.person, visit.at("user"), disabled=disabled)
    except NotFound as refusal:
        return await visit.go("/people", str(refusal.detail), tone="bad")
    return await visit.go("/people", note)
