"""Letting somebody in: inviting, and the page behind the mailed link, which signs in or registers first."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from admin import frame, guard, reach
from admin.appkeys import SERVICES, SESSIONS
from admin.forms import filled
from admin.forms.organizations import MemberForm
from admin.views.organizations import show_members
from admin.visit import Visit, address
from engine.domain.accounts.errors import EmailUnverified, OrganizationSuspended, TokenExpired, TokenInvalid
from engine.domain.accounts.mailed_links import TOKEN_CHARS_MAX, AddressGiven
from engine.foundation import http
from engine.foundation.bearer import Person
from engine.foundation.errors import Conflict, Forbidden, NotFound, TooMany, Unauthenticated
from engine.foundation.world import languages

PATH: Final = "/invitations/accept"


async def invite(visit: Visit) -> web.Response:
    """Mail an invitation; nothing is given to anybody until it is accepted."""
    organization = await reach.organization(visit, "members.write")
    form = filled.read(MemberForm, visit.form)
    language = languages.choose(visit.request.headers.get("Accept-Language", ""))
    whence, invitations = _whence(visit), visit.services.accounts.invitations
    invited = await form.carry_out(
        lambda typed: invitations.invite(visit.person, organization.id, typed.given(), whence, language)
    )
    if invited is None:
        return await show_members(visit, form)
    return await visit.go(address("o", organization.id, "members"), f"{invited.email} is invited by mail.")


async def resend(visit: Visit) -> web.Response:
    organization = await reach.organization(visit, "members.write")
    at = address("o", organization.id, "members")
    try:
        await visit.services.accounts.invitations.resend(
            visit.person, organization.id, visit.at("invitation"), _whence(visit)
        )
    except (OrganizationSuspended, TooMany) as refusal:
        return await visit.go(at, str(refusal.detail), tone="bad")
    return await visit.go(at, "The invitation is mailed again.")


async def revoke(visit: Visit) -> web.Response:
    organization = await reach.organization(visit, "members.write")
    await visit.services.accounts.invitations.revoke(visit.person, organization.id, visit.at("invitation"))
    return await visit.go(address("o", organization.id, "members"), "The invitation is called back.")


async def show(request: web.Request) -> web.Response:
    """The page behind the mailed link, for somebody who may not be signed in yet. Opening it accepts nothing."""
    token = request.query.get("token", "").replace("\0", "")[:TOKEN_CHARS_MAX]
    services = request.app[SERVICES]
    invitation, over = None, False
    try:
        invitation = await services.accounts.invitations.shown(token)
    except (TokenInvalid, TokenExpired) as refusal:
        over = isinstance(refusal, TokenExpired)
    shown = guard.cookie_rules(request).own(request, guard.SESSION_COOKIE)
    session = await request.app[SESSIONS].find(shown, touch=False)
    user = None
    if session is not None:
        try:
            user = await services.accounts.people.me(Person(session.user_id, is_admin=False))
        except Unauthenticated:
            session = None
    here = f"{PATH}?{urlencode({'token': token})}"
    context = {
        "visitor": user,
        "csrf": session.csrf if session is not None else "",
        "notes": await request.app[SESSIONS].take_notes(session) if session is not None else [],
        "invitation": invitation,
        "over": over,
        "token": token,
        "sign_in_at": "/sign-in?" + urlencode({"next": here}),
        "register_at": "/register?" + urlencode({"next": here, "invitation": token}),
    }
    status = 200 if invitation is not None else TokenExpired.status if over else TokenInvalid.status
    response = frame.render(request, "invitations/accept.html", context, status=status)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


async def accept(visit: Visit) -> web.Response:
    """The click of the person it was mailed to."""
    token = (visit.form.get("token") or "")[:TOKEN_CHARS_MAX]
    try:
        invitation = await visit.services.accounts.invitations.shown(token)
        await visit.services.accounts.invitations.accept(visit.person, token)
    except EmailUnverified as refusal:
        return await visit.go(f"{PATH}?{urlencode({'token': token})}", str(refusal.detail), tone="bad")
    except (TokenInvalid, TokenExpired, Forbidden, Conflict, NotFound) as refusal:
        return await visit.go("/organizations", str(refusal.detail), tone="bad")
    return await visit.go("/organizations", f"You work for {invitation.organization} now.")


async def ask_to_verify(visit: Visit) -> web.Response:
    """Mail the link that proves the address of who is signed in."""
    request = visit.request
    language = languages.choose(request.headers.get("Accept-Language", ""))
    try:
        await visit.services.accounts.mailed_links.ask(
            "verify_email", AddressGiven(email=visit.user.email), _whence(visit), language
        )
    except TooMany as refusal:
        return await visit.go("/account", str(refusal.detail), tone="bad")
    return await visit.go("/account", f"A link is on its way to {visit.user.email}.")


def _whence(visit: Visit) -> str:
    """The address that a request came from."""
    return http.client_address(visit.request, trust_forwarded=visit.services.common.settings.trust_forwarded)
