"""Signing in on the fans' pages: by a password, a mailed link, a code; making an account; finding a guest's orders.

A browser is signed in by one HttpOnly cookie: a refresh token that is never renewed, good for its thirty days or until
its session ends. The pages ask the same services as the API.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from engine.domain.accounts.errors import (
    AccountDisabled,
    ChallengeOver,
    RegistrationInvited,
    SecondFactorRequired,
    SecondFactorWrong,
    SignInRefused,
    TokenExpired,
    TokenInvalid,
)
from engine.domain.accounts.mailed_links import TOKEN_CHARS_MAX, AddressGiven
from engine.domain.accounts.openid import CHALLENGE_COOKIE, START, return_path
from engine.domain.accounts.people import (
    EMAIL_CHARS_MAX,
    PASSWORD_CHARS_MAX,
    PASSWORD_CHARS_MIN,
    REFRESH_TTL_D,
    Credentials,
    Registration,
    Session,
)
from engine.domain.accounts.second_factor import CHALLENGE_CHARS_MAX, CODE_CHARS_MAX, ChallengeAnswer
from engine.domain.accounts.sessions import AGENT_CHARS_MAX, Caller
from engine.domain.fields import NAME_CHARS_MAX
from engine.foundation import bodies, http, manners, shapes
from engine.foundation.bearer import Person
from engine.foundation.errors import Invalid, Refusal, TooMany
from engine.foundation.manners import FORM, Manners
from engine.foundation.speech.tongue import spoken
from engine.foundation.world.languages import DEFAULT
from engine.pages import cookies, csrf, frame
from engine.services.appkeys import MAILED_LINKS, OPENID, PASSKEYS, PEOPLE, SETTINGS, SIGN_INS

FORM_BYTES_MAX: Final = 8 * 1024
HERE: Final = Path(__file__).parent / "account_words"
WORDS: Final[dict[str, dict[str, Any]]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(HERE.glob("*.json"))
}
WITH_PROVIDERS: Final = frozenset({"sign_in", "register"})
_SIGNING: Final = Manners("sign_in", takes=FORM)
# What a fault is called in the words of the page.
_FAULTS: Final[dict[type[Refusal], str]] = {
    SignInRefused: "wrong",
    AccountDisabled: "shut",
    SecondFactorWrong: "wrong_code",
    ChallengeOver: "too_late",
}


def setup(app: web.Application) -> None:
    """Register the pages."""
    for face in ("sign-in", "register", "by-mail", "magic"):
        frame.serve(app, "GET", f"/account/{face}", show, manners.PAGE)
    frame.serve(app, "GET", "/account/code", show_code, manners.PAGE)
    frame.serve(app, "POST", "/account/sign-in", sign_in, _SIGNING)
    frame.serve(app, "POST", "/account/register", register, _SIGNING)
    frame.serve(app, "POST", "/account/by-mail", by_mail, _SIGNING)
    frame.serve(app, "POST", "/account/magic", magic, _SIGNING)
    frame.serve(app, "POST", "/account/code", code, _SIGNING)
    frame.serve(app, "POST", "/account/sign-out", sign_out, Manners("own", takes=FORM))


async def show(request: web.Request) -> web.Response:
    """The form; a mailed link is not used up by opening it. ``said``: what was refused before, by its code."""
    face = request.path.rpartition("/")[2].replace("-", "_")
    said, path = request.query.get("said", ""), return_path(request.query.get("next", ""))
    return sign_face(request, face, token=request.query.get("token", "")[:TOKEN_CHARS_MAX], said=said, path=path)


async def show_code(request: web.Request) -> web.Response:
    """The code, asked for after an account elsewhere was the first factor; the cookie says which challenge it is."""
    challenge = cookies.rules(request).own(request, CHALLENGE_COOKIE)[:CHALLENGE_CHARS_MAX]
    if not challenge:
        raise web.HTTPSeeOther("/account/sign-in")
    return sign_face(request, "code", challenge=challenge, path=return_path(request.query.get("next", "")))


async def sign_in(request: web.Request) -> web.Response:
    """By address and password."""
    form = await posted(request)
    email, password = form.get("email", "")[:EMAIL_CHARS_MAX], form.get("password", "")[:PASSWORD_CHARS_MAX]
    path = return_path(form.get("next", ""))
    people = request.config_dict[PEOPLE]
    try:
        session = await people.sign_in(Credentials(email=email, password=password), caller(request))
    except SecondFactorRequired as needed:
        return sign_face(request, "code", challenge=needed.facts["challenge"], path=path)
    except (SignInRefused, AccountDisabled, TooMany) as refusal:
        return sign_face(request, "sign_in", email=email, refusal=refusal, path=path)
    raise signed_in(request, session, path)


async def register(request: web.Request) -> web.Response:
    """An account, signed in at once; said alike whether or not the address has one."""
    form = await posted(request)
    email, name = form.get("email", "")[:EMAIL_CHARS_MAX], form.get("name", "")[:NAME_CHARS_MAX]
    given = {"email": email, "password": form.get("password", "")[: PASSWORD_CHARS_MAX + 1], "name": name or None}
    people, path = request.config_dict[PEOPLE], return_path(form.get("next", ""))
    try:
        session = await people.register(shapes.build(given, Registration), caller(request))
    except (Invalid, RegistrationInvited, TooMany) as refusal:
        return sign_face(request, "register", email=email, name=name, refusal=refusal, path=path)
    raise signed_in(request, session, path)


async def by_mail(request: web.Request) -> web.Response:
    """Mail a link that signs in; said alike whether or not anybody has the address."""
    form = await posted(request)
    email = form.get("email", "")[:EMAIL_CHARS_MAX]
    asker = caller(request)
    try:
        given = shapes.build({"email": email}, AddressGiven)
        await request.config_dict[MAILED_LINKS].ask("magic_link", given, asker.address, asker.language)
    except (Invalid, TooMany) as refusal:
        return sign_face(request, "by_mail", email=email, refusal=refusal)
    return sign_face(request, "asked")


async def magic(request: web.Request) -> web.Response:
    """The mailed link is used up by this click."""
    form = await posted(request)
    people = request.config_dict[PEOPLE]
    try:
        session = await people.redeem(form.get("token", "")[:TOKEN_CHARS_MAX], caller(request))
    except SecondFactorRequired as needed:
        return sign_face(request, "code", challenge=needed.facts["challenge"])
    except (TokenInvalid, TokenExpired) as refusal:
        return sign_face(request, "over", status=refusal.status)
    except (SignInRefused, AccountDisabled, TooMany) as refusal:
        return sign_face(request, "sign_in", refusal=refusal)
    raise signed_in(request, session)


async def code(request: web.Request) -> web.Response:
    """The second factor."""
    form = await posted(request)
    challenge = form.get("challenge", "")[:CHALLENGE_CHARS_MAX]
    given = ChallengeAnswer(challenge=challenge, code=form.get("code", "")[:CODE_CHARS_MAX])
    path = return_path(form.get("next", ""))
    try:
        session = await request.config_dict[SIGN_INS].answer(given, caller(request))
    except (SecondFactorWrong, TooMany) as refusal:
        return sign_face(request, "code", challenge=challenge, refusal=refusal, path=path)
    except (ChallengeOver, SignInRefused, AccountDisabled) as refusal:
        return sign_face(request, "sign_in", refusal=refusal, path=path)
    response = signed_in(request, session, path)
    cookies.rules(request).drop(response, CHALLENGE_COOKIE)
    raise response


async def sign_out(request: web.Request) -> web.Response:
    """End this browser's session."""
    await posted(request)
    token = cookies.kept(request, cookies.ACCOUNT_COOKIE)
    if token:
        await request.config_dict[PEOPLE].sign_out(token)
    response = web.HTTPSeeOther("/account/sign-in")
    cookies.drop_account(request, response)
    raise response


def signed_in(request: web.Request, session: Session, path: str = START) -> web.HTTPSeeOther:
    """The answer that signs this browser in."""
    response = web.HTTPSeeOther(path)
    cookies.keep_account(request, response, session.refresh_token, days=REFRESH_TTL_D)
    return response


async def visitor(request: web.Request) -> Person | None:
    """Who is signed in to this browser."""
    token = cookies.kept(request, cookies.ACCOUNT_COOKIE)
    return await request.config_dict[PEOPLE].visitor(token) if token else None


async def posted(request: web.Request) -> dict[str, str]:
    """The form. FormForged."""
    form = await bodies.form(request, FORM_BYTES_MAX)
    csrf.check(request, form)
    return dict(form)


def caller(request: web.Request) -> Caller:
    """Who asks, as the settings let it be known."""
    address = http.client_address(request, trust_forwarded=request.config_dict[SETTINGS].trust_forwarded)
    agent = request.headers.get("User-Agent", "")[:AGENT_CHARS_MAX]
    return Caller(address=address, agent=agent, language=spoken().tag)


def language_of(_request: web.Request) -> str:
    """What its reader is spoken to in, of the languages that these pages know; else English."""
    tag = spoken().tag
    return tag if tag in WORDS else DEFAULT


def fault_of(refusal: Refusal, words: dict[str, Any]) -> str:
    """What went wrong, for the reader."""
    if isinstance(refusal, TooMany):
        return str(words["busy"])
    if isinstance(refusal, Invalid) and refusal.errors:
        fault = refusal.errors[0]
        return str(words["no_address"] if fault["pointer"] == "/email" else fault["message"])
    named = _FAULTS.get(type(refusal))
    return str(words[named] if named is not None else words["said"].get(refusal.code, refusal.detail))


def sign_face(
    request: web.Request,
    face: str,
    *,
    email: str = "",
    name: str = "",
    token: str = "",
    challenge: str = "",
    refusal: Refusal | None = None,
    status: int = 200,
    said: str = "",
    path: str = START,
) -> web.Response:
    """One of the forms. ``said``: the code of what was refused before; ``path``: where to go on to once signed in."""
    words = WORDS[language_of(request)]
    context = {
        "words": words,
        "face": face,
        "email": email,
        "name": name,
        "token": token,
        "challenge": challenge,
        "fault": fault_of(refusal, words) if refusal is not None else words["said"].get(said, ""),
        "path": path,
        "next": urlencode({"next": path}) if path != START else "",
        "providers": request.config_dict[OPENID].offered if face in WITH_PROVIDERS else (),
        "return_to": urlencode({"return_to": path}),
        "passkey_at": passkey_address(request),
        "least": PASSWORD_CHARS_MIN,
    }
    return answered(request, "accounts/sign.html", context, status=refusal.status if refusal is not None else status)


def passkey_address(request: web.Request) -> str:
    """Where passkeys work, if that is another address than this page's: browsers know none of bare addresses."""
    origins = request.config_dict[PASSKEYS].party.origins
    return "" if any(origin.partition("://")[2] == request.host for origin in origins) else origins[0]


def answered(request: web.Request, template: str, context: dict[str, Any], *, status: int = 200) -> web.Response:
    """A page that nobody else may keep, in its reader's language."""
    language = language_of(request)
    response = frame.render(request, template, {"tongue": language, **context}, status=status)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
