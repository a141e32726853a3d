"""Signing in and out, registering, the account's own page."""

from __future__ import annotations

import contextlib
import re
import secrets
from typing import Final

from aiohttp import web
from multidict import MultiDict

from admin import frame, guard
from admin.appkeys import SERVICES, SESSIONS, SETTINGS
from admin.forms import filled
from admin.forms.accounts import PasswordForm, RegisterForm, SecondFactorForm, SignInForm
from admin.sessions import ABSOLUTE_S
from admin.visit import Visit
from engine.domain.accounts.errors import (
    ChallengeOver,
    SecondFactorRequired,
    SecondFactorWrong,
    TokenExpired,
    TokenInvalid,
)
from engine.domain.accounts.mailed_links import TOKEN_CHARS_MAX
from engine.domain.accounts.openid import ATTEMPT_TTL_S, START, Answered
from engine.domain.accounts.people import Session as Tokens
from engine.domain.accounts.sessions import AGENT_CHARS_MAX, Caller
from engine.foundation import http, shapes
from engine.foundation.errors import Forbidden, Refusal, Unauthenticated
from engine.foundation.world import languages

FORM_COOKIE: Final = "onsale_admin_form"
ATTEMPT_COOKIE: Final = "onsale_admin_attempt"
FORM_COOKIE_S: Final = 3600
_SANE = re.compile(r"[A-Za-z0-9_-]{32}\Z")
_OWN_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*\Z")


async def show_sign_in(request: web.Request) -> web.Response:
    """The sign-in page; those who are signed in go on."""
    shown = guard.cookie_rules(request).own(request, guard.SESSION_COOKIE)
    session = await request.app[SESSIONS].find(shown, touch=False)
    if session is not None:
        return frame.redirect(_next(request))
    return _page(request, "accounts/sign_in.html", filled.Filled())


async def sign_in(request: web.Request) -> web.Response:
    """A new session under a new id, whatever cookie came with the form."""
    form = await _posted(request)
    if "challenge" in form:
        return await _second_factor(request, form)
    typed = filled.read(SignInForm, form)
    people = request.app[SERVICES].accounts.people
    try:
        tokens = await typed.carry_out(lambda form: people.sign_in(form.given(), caller_of(request)))
    except SecondFactorRequired as needed:
        fresh = filled.fresh(SecondFactorForm, challenge=needed.facts["challenge"])
        return _page(request, "accounts/second_factor.html", fresh)
    except (Unauthenticated, Forbidden) as refusal:
        typed.general.append(str(refusal.detail))
        tokens = None
    if tokens is None:
        return _page(request, "accounts/sign_in.html", typed)
    return await _signed_in(request, tokens, _next(request))


async def _second_factor(request: web.Request, form: MultiDict[str]) -> web.Response:
    """The code that follows the password; with too many wrong ones it begins with the password again."""
    typed = filled.read(SecondFactorForm, form)
    sign_ins = request.app[SERVICES].accounts.sign_ins
    try:
        tokens = await typed.carry_out(lambda form: sign_ins.answer(form.given(), caller_of(request)))
    except SecondFactorWrong as refusal:
        typed.errors["code"] = str(refusal.detail)
        tokens = None
    except (ChallengeOver, Unauthenticated, Forbidden) as refusal:
        return _not_signed_in(request, refusal)
    if tokens is None:
        return _page(request, "accounts/second_factor.html", typed)
    return await _signed_in(request, tokens, _next(request))


async def start_elsewhere(request: web.Request) -> web.Response:
    """Away to an OpenID provider, and back to ``come_back``. What is refused is said on the sign-in page."""
    name, rules = request.match_info["provider"], guard.cookie_rules(request)
    callback = request.app[SETTINGS].admin_url.rstrip("/") + f"/oauth/{name}/callback"
    kept = rules.own(request, ATTEMPT_COOKIE)
    try:
        begun = await request.app[SERVICES].accounts.openid.begin(name, callback, _next(request), kept)
    except Refusal as refusal:
        return _not_signed_in(request, refusal)
    response = frame.redirect(begun.url)
    rules.keep(response, ATTEMPT_COOKIE, begun.browser, max_age_s=ATTEMPT_TTL_S)
    return response


async def come_back(request: web.Request) -> web.Response:
    """The browser is back from a provider: signed in, or asked for its code."""
    answered = {name: request.query.get(name, "") for name in Answered.__struct_fields__}
    shown = guard.cookie_rules(request).own(request, ATTEMPT_COOKIE)
    try:
        finished = await request.app[SERVICES].accounts.openid.finish(
            request.match_info["provider"], shapes.build(answered, Answered), shown, caller_of(request)
        )
    except Refusal as refusal:
        return _not_signed_in(request, refusal)
    path = "/" if finished.return_to == START else finished.return_to
    if finished.session is None:
        fresh = filled.fresh(SecondFactorForm, challenge=finished.challenge)
        return _page(request, "accounts/second_factor.html", fresh, path)
    response = await _signed_in(request, finished.session, path)
    guard.cookie_rules(request).drop(response, ATTEMPT_COOKIE)
    return response


def _not_signed_in(request: web.Request, refusal: Refusal) -> web.Response:
    again: filled.Filled[SignInForm] = filled.Filled()
    again.general.append(str(refusal.detail))
    return _page(request, "accounts/sign_in.html", again)


async def show_register(request: web.Request) -> web.Response:
    """The form; who comes from an invitation finds its address filled in."""
    token = request.query.get("invitation", "").replace("\0", "")[:TOKEN_CHARS_MAX]
    form: filled.Filled[RegisterForm] = filled.Filled()
    if token:
        with contextlib.suppress(TokenInvalid, TokenExpired):
            invitation = await request.app[SERVICES].accounts.invitations.shown(token)
            form = filled.fresh(RegisterForm, email=invitation.email, invitation=token)
    return _page(request, "accounts/register.html", form)


async def register(request: web.Request) -> web.Response:
    """An account, signed in at once; its address is proven by mail, or by the invitation it came with."""
    typed = filled.read(RegisterForm, await _posted(request))
    people = request.app[SERVICES].accounts.people
    try:
        tokens = await typed.carry_out(lambda form: people.register(form.given(), caller_of(request)))
    except (Forbidden, TokenInvalid, TokenExpired) as refusal:
        typed.general.append(str(refusal.detail))
        tokens = None
    if tokens is None:
        return _page(request, "accounts/register.html", typed)
    note = None
    if tokens.user.email_verified_at is None:
        note = f"We mailed a link to {tokens.user.email}: open it to confirm that the address is yours."
    return await _signed_in(request, tokens, _next(request), note=note)


async def sign_out(visit: Visit) -> web.Response:
    """End the session here and the account's tokens with it."""
    await visit.request.app[SESSIONS].end(visit.session)
    response = frame.redirect("/sign-in")
    guard.cookie_rules(visit.request).drop(response, guard.SESSION_COOKIE)
    return response


async def show(visit: Visit) -> web.Response:
    return await visit.page("accounts/show.html", form=filled.Filled())


async def change_password(visit: Visit) -> web.Response:
    """A new password ends every session of the account but the one that this answers."""
    typed = filled.read(PasswordForm, visit.form)
    caller = caller_of(visit.request)
    try:
        tokens = await typed.carry_out(
            lambda form: visit.services.accounts.people.change_password(visit.person, form.given(), caller)
        )
    except Unauthenticated as refusal:
        typed.errors["current_password"] = str(refusal.detail)
        tokens = None
    if tokens is None:
        return await visit.page("accounts/show.html", form=typed, status=422)
    await visit.request.app[SESSIONS].end(visit.session)
    note = "Your password is changed. Other sessions have ended."
    return await _signed_in(visit.request, tokens, "/account", note=note)


def caller_of(request: web.Request) -> Caller:
    """Who asks: the address as the settings let it be known, the device, the language."""
    address = http.client_address(request, trust_forwarded=request.app[SETTINGS].trust_forwarded)
    agent = request.headers.get("User-Agent", "")[:AGENT_CHARS_MAX]
    return Caller(address=address, agent=agent, language=languages.choose(request.headers.get("Accept-Language", "")))


async def _signed_in(request: web.Request, tokens: Tokens, path: str, note: str | None = None) -> web.Response:
    sessions = request.app[SESSIONS]
    session = await sessions.begin(tokens)
    if note is not None:
        await sessions.note(session, note)
    response = frame.redirect(path)
    rules = guard.cookie_rules(request)
    rules.keep(response, guard.SESSION_COOKIE, sessions.cookie(session), max_age_s=ABSOLUTE_S)
    rules.drop(response, FORM_COOKIE)
    return response


async def _posted(request: web.Request) -> MultiDict[str]:
    """The form of somebody without a session: its token is the MAC of a random cookie."""
    form = await guard.read_form(request, guard.FORM_BYTES_MAX)
    guard.check_token(request, form, _token(request, guard.cookie_rules(request).own(request, FORM_COOKIE)))
    return form


def _page(request: web.Request, template: str, form: filled.Filled[filled.F], path: str | None = None) -> web.Response:
    kept = guard.cookie_rules(request).own(request, FORM_COOKIE)
    nonce = kept if _SANE.match(kept) else secrets.token_urlsafe(24)
    providers = [one for one in request.app[SERVICES].accounts.openid.offered if not one.posts]
    context = {
        "form": form,
        "csrf": _token(request, nonce),
        "next": path if path is not None else _next(request),
        "providers": providers,
    }
    response = frame.render(request, template, context, status=form.status)
    guard.cookie_rules(request).keep(response, FORM_COOKIE, nonce, max_age_s=FORM_COOKIE_S, same_site="Strict")
    return response


def _token(request: web.Request, nonce: str) -> str:
    return request.app[SESSIONS].mac("form " + nonce)


def _next(request: web.Request) -> str:
    """Where to go after signing in: a path of our own, or the start."""
    path = request.query.get("next", "")
    return path if _OWN_PATH.match(path) and not path.startswith("/sign-in") else "/"
