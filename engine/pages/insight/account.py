"""The account's own page: orders, sessions, second factor, data; and the tickets of who bought without an account."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web
from markupsafe import Markup

from engine.domain.accounts.errors import (
    AdminStays,
    CodesThrottled,
    LastOwner,
    SecondFactorIsOff,
    SecondFactorIsOn,
    SecondFactorWrong,
    SessionUnknown,
    SignInRefused,
)
from engine.domain.accounts.mailed_links import AddressGiven
from engine.domain.accounts.people import EMAIL_CHARS_MAX, PASSWORD_CHARS_MAX
from engine.domain.accounts.second_factor import CODE_CHARS_MAX, Enabled, SecondFactorBegun, SecondFactorOff
from engine.domain.insight.personal_data import ErasureAsked
from engine.foundation import manners, shapes
from engine.foundation.bearer import Person
from engine.foundation.errors import Invalid, Refusal, TooMany, Unauthenticated
from engine.foundation.manners import FORM, Manners
from engine.foundation.speech.tongue import say
from engine.pages import cookies, frame
from engine.pages.accounts.signing import (
    WORDS,
    answered,
    caller,
    fault_of,
    language_of,
    passkey_address,
    posted,
    sign_face,
    visitor,
)
from engine.services.accounts.second_factors import app_address
from engine.services.appkeys import MAILED_LINKS, OPENID, ORDERS, PASSKEYS, PEOPLE, PERSONAL_DATA, SECOND_FACTORS
from engine.services.tickets import ticket_images

ORDERS_SHOWN_MAX: Final = 50
_OWN: Final = Manners("own", takes=FORM)
_SIGNING: Final = Manners("sign_in", takes=FORM)
_FAULTS: Final[dict[type[Refusal], str]] = {
    SignInRefused: "wrong_password",
    SecondFactorWrong: "wrong_code",
    CodesThrottled: "busy",
    LastOwner: "last_owner",
    AdminStays: "not_erased",
}


def setup(app: web.Application) -> None:
    """Register the pages."""
    frame.serve(app, "GET", "/account", show, manners.PAGE)
    frame.serve(app, "GET", "/account/export", export, Manners("document"))
    frame.serve(app, "GET", "/account/find", show_find, manners.PAGE)
    frame.serve(app, "POST", "/account/find", find, _SIGNING)
    frame.serve(app, "POST", "/account/orders/open", open_order, _OWN)
    frame.serve(app, "POST", "/account/sessions/end", end_session, _OWN)
    frame.serve(app, "POST", "/account/prove", prove, _SIGNING)
    frame.serve(app, "POST", "/account/2fa/enable", enable, _SIGNING)
    frame.serve(app, "POST", "/account/2fa/verify", confirm, _SIGNING)
    frame.serve(app, "POST", "/account/2fa/drop", drop, _SIGNING)
    frame.serve(app, "POST", "/account/erase", erase, _SIGNING)


async def show(request: web.Request) -> web.Response:
    """All of it; who is not signed in is led to the form."""
    return await _page(request, await _person(request))


async def export(request: web.Request) -> web.Response:
    """Everything that is held about the person."""
    document = await request.config_dict[PERSONAL_DATA].export(await _person(request))
    headers = {"Content-Disposition": 'attachment; filename="onsale-export.zip"', "Cache-Control": "no-store"}
    return web.Response(body=document, content_type="application/zip", headers=headers)


async def show_find(request: web.Request) -> web.Response:
    """Asks for the address."""
    return sign_face(request, "find")


async def find(request: web.Request) -> web.Response:
    """Mail a guest their tickets again; said alike whether or not anything was bought with the address."""
    form = await posted(request)
    email = form.get("email", "")[:EMAIL_CHARS_MAX]
    try:
        given = shapes.build({"email": email}, AddressGiven)
        await request.config_dict[MAILED_LINKS].find_orders(given, caller(request).address)
    except (Invalid, TooMany) as refusal:
        return sign_face(request, "find", email=email, refusal=refusal)
    return sign_face(request, "found")


async def open_order(request: web.Request) -> web.Response:
    """One's own order, opened in this browser. NotFound if it is another's."""
    form, person = await posted(request), await _person(request)
    order_id = form.get("order_id", "")
    token = await request.config_dict[ORDERS].token_for(order_id, person)
    response = web.HTTPSeeOther(cookies.order_path(order_id))
    cookies.keep_order(request, response, order_id, token)
    raise response


async def end_session(request: web.Request) -> web.Response:
    """Sign out somewhere else; one that ended already is no fault."""
    form, person = await posted(request), await _person(request)
    try:
        await request.config_dict[PEOPLE].end_session(person, form.get("session_id", ""))
    except SessionUnknown:
        return await _page(request, person)
    raise web.HTTPSeeOther("/account")


async def prove(request: web.Request) -> web.Response:
    """Mail the link again that proves the address."""
    await posted(request)
    person, asker = await _person(request), caller(request)
    user = await request.config_dict[PEOPLE].me(person)
    try:
        given = AddressGiven(email=user.email)
        await request.config_dict[MAILED_LINKS].ask("verify_email", given, asker.address, asker.language)
    except TooMany as refusal:
        return await _page(request, person, refusal=refusal)
    return sign_face(request, "asked")


async def enable(request: web.Request) -> web.Response:
    """Begin a second factor: the key for the app, and the field for its first code."""
    form, person = await posted(request), await _person(request)
    given = SecondFactorBegun(password=form.get("password", "")[:PASSWORD_CHARS_MAX])
    try:
        begun = await request.config_dict[PEOPLE].begin_second_factor(person, given, caller(request))
    except SecondFactorIsOn:
        return await _page(request, person)
    except (SignInRefused, TooMany) as refusal:
        return await _page(request, person, refusal=refusal)
    return await _page(request, person, begun=begun)


async def confirm(request: web.Request) -> web.Response:
    """The first code; the recovery codes are shown this once."""
    form, person = await posted(request), await _person(request)
    try:
        codes = await request.config_dict[SECOND_FACTORS].confirm(
            person, form.get("code", "")[:CODE_CHARS_MAX], caller(request)
        )
    except (SecondFactorWrong, CodesThrottled) as refusal:
        begun = Enabled(secret=form.get("secret", "")[:CODE_CHARS_MAX], otpauth_uri="")
        return await _page(request, person, begun=begun, refusal=refusal)
    except (SecondFactorIsOn, SecondFactorIsOff):
        return await _page(request, person)
    words = WORDS[language_of(request)]
    return answered(request, "accounts/codes.html", {"words": words, "codes": codes.recovery_codes})


async def drop(request: web.Request) -> web.Response:
    """Take the second factor away."""
    form, person = await posted(request), await _person(request)
    given = SecondFactorOff(
        password=form.get("password", "")[:PASSWORD_CHARS_MAX], code=form.get("code", "")[:CODE_CHARS_MAX]
    )
    try:
        await request.config_dict[PEOPLE].drop_second_factor(person, given, caller(request))
    except (SecondFactorWrong, SignInRefused, TooMany) as refusal:
        return await _page(request, person, refusal=refusal)
    except SecondFactorIsOff:
        return await _page(request, person)
    raise web.HTTPSeeOther("/account")


async def erase(request: web.Request) -> web.Response:
    """Be forgotten."""
    form, person = await posted(request), await _person(request)
    given = ErasureAsked(
        password=form.get("password", "")[:PASSWORD_CHARS_MAX], code=form.get("code", "")[:CODE_CHARS_MAX]
    )
    try:
        await request.config_dict[PERSONAL_DATA].ask(person, given, caller(request).address)
    except (SignInRefused, SecondFactorWrong, LastOwner, AdminStays, TooMany) as refusal:
        return await _page(request, person, refusal=refusal)
    response = sign_face(request, "erased")
    cookies.drop_account(request, response)
    return response


async def _person(request: web.Request) -> Person:
    """Who is signed in to this browser; anybody else is led to the form."""
    person = await visitor(request)
    if person is None:
        raise web.HTTPSeeOther("/account/sign-in")
    return person


async def _page(
    request: web.Request, person: Person, *, begun: Enabled | None = None, refusal: Refusal | None = None
) -> web.Response:
    people, words = request.config_dict[PEOPLE], WORDS[language_of(request)]
    try:
        user = await people.me(person)
    except Unauthenticated:
        raise web.HTTPSeeOther("/account/sign-in") from None
    orders = await request.config_dict[ORDERS].of_person(person, before=None, limit=ORDERS_SHOWN_MAX)
    context: dict[str, Any] = {
        "words": words,
        "user": user,
        "orders": orders[:ORDERS_SHOWN_MAX],
        "sessions": await people.sessions(person),
        "has_factor": await request.config_dict[SECOND_FACTORS].is_on(person.user_id),
        "begun": begun,
        "begun_code": _drawn(app_address(begun.secret, user.email)) if begun is not None else None,
        "fault": _fault(refusal, words) if refusal is not None else words["said"].get(request.query.get("said"), ""),
        "identities": await request.config_dict[OPENID].of_person(person),
        "titles": {each.name: each.title for each in request.config_dict[OPENID].offered},
        "passkeys": await request.config_dict[PASSKEYS].of_person(person),
        "passkey_at": passkey_address(request),
    }
    return answered(request, "accounts/account.html", context, status=refusal.status if refusal is not None else 200)


def _drawn(address: str) -> Markup | None:
    """The QR code that an app reads the key from; None if the address is too long for one: the key can be typed."""
    try:
        drawn = ticket_images.svg(address).decode()
    except ValueError:
        return None
    return Markup(drawn.replace("Ticket code", say("QR code for your app"), 1))  # noqa: S704 - drawn by us


def _fault(refusal: Refusal, words: dict[str, Any]) -> str:
    named = _FAULTS.get(type(refusal))
    return str(words[named]) if named is not None else fault_of(refusal, words)
