"""Ways to sign in to one's account, on the fans' pages: accounts elsewhere, passkeys; and the name it goes by.

FromElsewhere 403 from_elsewhere: another site's page led here

A page whose script asks for a passkey gets options as JSON, and sends what the browser made in a form like any other.
What is refused is said on the page that it leads back to, by its code (``said``).
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from engine.domain.accounts.errors import AccountDisabled, SecondFactorRequired, SignInRefused
from engine.domain.accounts.openid import ATTEMPT_COOKIE, ATTEMPT_TTL_S, return_path
from engine.domain.accounts.passkeys import CREDENTIAL_BYTES_MAX, NewPasskey, PasskeyRefused, PasskeyShown
from engine.domain.accounts.people import PersonChange
from engine.domain.fields import NAME_CHARS_MAX, SHORT_CHARS_MAX
from engine.foundation import bodies, http, manners, shapes
from engine.foundation.bearer import Person
from engine.foundation.errors import Forbidden, Invalid, Refusal
from engine.foundation.manners import FORM, Manners
from engine.pages import cookies, csrf, frame
from engine.pages.accounts.signing import caller, posted, sign_face, signed_in, visitor
from engine.services.appkeys import OPENID, PASSKEYS, PEOPLE, SETTINGS

CREDENTIAL_FORM_BYTES_MAX: Final = 4 * CREDENTIAL_BYTES_MAX  # url-encoded, with what stands around it
_OWN: Final = Manners("own", takes=FORM)
_SIGNING: Final = Manners("sign_in", takes=FORM)


class FromElsewhere(Forbidden):
    code, title = "from_elsewhere", "Begin this on the page of your account"


def setup(app: web.Application) -> None:
    """Register the pages."""
    frame.serve(app, "GET", "/account/connect/{provider}", connect, Manners("sign_in"))
    frame.serve(app, "POST", "/account/disconnect", disconnect, _SIGNING)
    frame.serve(app, "POST", "/account/name", set_name, _OWN)
    frame.serve(app, "POST", "/account/passkeys/make", begin_adding, _SIGNING)
    frame.serve(app, "POST", "/account/passkeys/add", add, _SIGNING)
    frame.serve(app, "POST", "/account/passkeys/remove", remove, _OWN)
    frame.serve(app, "POST", "/account/passkeys/ask", begin_signing, _SIGNING)
    frame.serve(app, "POST", "/account/passkeys/sign-in", sign_in, _SIGNING)


async def connect(request: web.Request) -> web.StreamResponse:
    """Away to a provider, to connect the account there with one's own: by a link of ours, and by no other site's."""
    if request.headers.get("Sec-Fetch-Site", "none") not in {"same-origin", "none"}:
        raise FromElsewhere
    person, name = await _person(request), request.match_info["provider"]
    base = request.config_dict[SETTINGS].engine_url.rstrip("/")
    kept = cookies.rules(request).own(request, ATTEMPT_COOKIE)
    try:
        begun = await request.config_dict[OPENID].begin(
            name, f"{base}/v1/auth/oauth/{name}/callback", "/account", kept, person
        )
    except Refusal as refusal:
        raise _back(refusal) from refusal
    response = web.HTTPSeeOther(begun.url)
    cookies.rules(request).keep(response, ATTEMPT_COOKIE, begun.browser, max_age_s=ATTEMPT_TTL_S)
    raise response


async def disconnect(request: web.Request) -> web.StreamResponse:
    """An account elsewhere signs in no more."""
    form, person = await posted(request), await _person(request)
    return await _done(request.config_dict[OPENID].disconnect(person, form.get("identity_id", "")))


async def set_name(request: web.Request) -> web.StreamResponse:
    """What the account, and the next checkout, calls its person."""
    form, person = await posted(request), await _person(request)
    return await _done(_named(request, person, form.get("name", "")[: NAME_CHARS_MAX + 1]))


async def begin_adding(request: web.Request) -> web.Response:
    """What the page's script makes a passkey with."""
    await posted(request)
    return _options(await request.config_dict[PASSKEYS].begin_adding(await _person(request)))


async def add(request: web.Request) -> web.StreamResponse:
    """Keep what the browser made."""
    form = await _with_credential(request)
    person, name = await _person(request), form.get("name", "")[: SHORT_CHARS_MAX + 1]
    return await _done(_added(request, person, {"name": name, "credential": _credential(form)}))


async def remove(request: web.Request) -> web.StreamResponse:
    """A passkey signs in no more."""
    form, person = await posted(request), await _person(request)
    return await _done(request.config_dict[PASSKEYS].remove(person, form.get("passkey_id", "")))


async def begin_signing(request: web.Request) -> web.Response:
    """What the page's script asks the browser with."""
    await posted(request)
    return _options(await request.config_dict[PASSKEYS].begin_signing())


async def sign_in(request: web.Request) -> web.StreamResponse:
    """By a passkey; its challenge is used up, so what fails begins again."""
    form = await _with_credential(request)
    path = return_path(form.get("next", ""))
    try:
        given = PasskeyShown(credential=_credential(form))
        session = await request.config_dict[PASSKEYS].sign_in(given, caller(request))
    except SecondFactorRequired as needed:
        return sign_face(request, "code", challenge=needed.facts["challenge"], path=path)
    except (PasskeyRefused, SignInRefused, AccountDisabled) as refusal:
        return sign_face(request, "sign_in", refusal=refusal, path=path)
    raise signed_in(request, session, path)


async def _named(request: web.Request, person: Person, name: str) -> None:
    await request.config_dict[PEOPLE].change_me(person, shapes.build({"name": name}, PersonChange))


async def _added(request: web.Request, person: Person, given: dict[str, Any]) -> None:
    await request.config_dict[PASSKEYS].add(person, shapes.build(given, NewPasskey), caller(request))


async def _done(deed: Awaitable[object]) -> web.StreamResponse:
    """Back to the account's page, which says what was refused."""
    try:
        await deed
    except Refusal as refusal:
        raise _back(refusal) from refusal
    raise web.HTTPSeeOther("/account")


def _back(refusal: Refusal) -> web.HTTPSeeOther:
    code = "invalid_name" if isinstance(refusal, Invalid) else refusal.code
    return web.HTTPSeeOther("/account?" + urlencode({"said": code}))


async def _person(request: web.Request) -> Person:
    person = await visitor(request)
    if person is None:
        raise web.HTTPSeeOther("/account/sign-in")
    return person


async def _with_credential(request: web.Request) -> dict[str, str]:
    """A form that carries what a browser made. FormForged, TooLarge."""
    form = await bodies.form(request, CREDENTIAL_FORM_BYTES_MAX)
    csrf.check(request, form)
    return dict(form)


def _credential(form: dict[str, str]) -> dict[str, Any]:
    try:
        return msgspec.json.decode(form.get("credential", "").encode("utf-8", "replace"), type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise PasskeyRefused from error


def _options(options: dict[str, Any]) -> web.Response:
    return http.json(options, headers={"Cache-Control": manners.PRIVATE})
