"""Who is asking: the credentials of the contract, read from a request. Rights are decided in the services.

KeyRefused  401 key_refused: a key of an organization where a person must be signed in
"""

from __future__ import annotations

import hashlib
from typing import Final

from aiohttp import web

from engine.foundation import asked_language, http
from engine.foundation.bearer import KEY_PREFIX, Bearers, Person
from engine.foundation.cookies import shown
from engine.foundation.errors import Malformed, Unauthenticated
from engine.services.appkeys import API_KEYS, BEARERS, LIMITS, SETTINGS
from engine.web.callers import visitor

ADMISSION_COOKIE = "onsale_admission"
HOLD_COOKIE = "onsale_hold"
ORDER_COOKIE = "onsale_order"
CREDENTIAL_CHARS_MAX = 4096
PROGRAM: Final = web.RequestKey("program", Person)


class KeyRefused(Unauthenticated):
    code, title = "key_refused", "A key of an organization opens nothing here: sign in"


def _scheme(request: web.Request, scheme: str) -> str | None:
    header = request.headers.get("Authorization", "")
    name, _, value = header.partition(" ")
    if name.lower() != scheme or not value or len(value) > CREDENTIAL_CHARS_MAX:
        return None
    return value.strip()


def person(request: web.Request) -> Person:
    """The signed-in person, or the program that shows a key. Unauthenticated without a valid token, SlowDown."""
    program: Person | None = request.get(PROGRAM)
    if program is not None:
        return program
    found = _person(request, request.config_dict[BEARERS])
    if found.key is not None:
        raise KeyRefused
    limits = request.config_dict.get(LIMITS)
    if limits is not None:
        limits.check_person(found.user_id, client_address(request))
    return found


def _person(request: web.Request, bearers: Bearers) -> Person:
    token = _scheme(request, "bearer")
    if token is None:
        raise Unauthenticated(headers={"WWW-Authenticate": "Bearer"})
    if token.startswith(KEY_PREFIX):
        raise KeyRefused
    return bearers.verify(token)


async def open_key(request: web.Request) -> None:
    """Let a key of an organization, or a token of it, stand for a person in this request. Unauthenticated."""
    token = _scheme(request, "bearer")
    if token is None:
        return
    keys = request.config_dict[API_KEYS]
    if token.startswith(KEY_PREFIX):
        request[PROGRAM] = await keys.open(token)
        return
    shown = known_person(request, keyed=True)
    if shown is not None and shown.key is not None:
        request[PROGRAM] = await keys.open_token(shown)


def key_shown(request: web.Request) -> str:
    """The key of an organization as sent. Malformed if none is."""
    token = _scheme(request, "bearer") or ""
    if not token.startswith(KEY_PREFIX):
        raise Malformed("Show a key of an organization as a bearer token")
    return token


def optional_person(request: web.Request) -> Person | None:
    """The signed-in person, or None for a guest; a bad token is refused, not ignored."""
    return person(request) if _scheme(request, "bearer") is not None else None


def known_person(request: web.Request, *, keyed: bool = False) -> Person | None:
    """The signed-in person, or None if nothing valid says who asks: one who signs out may come with an old token.

    ``keyed``: a program that shows a token of its key as well.
    """
    try:
        return _person(request, request.config_dict[BEARERS]) if keyed else optional_person(request)
    except Unauthenticated:
        return None


def admission_text(request: web.Request) -> str | None:
    """The admission token as sent: ``Authorization: Admission`` or the HttpOnly cookie."""
    return _scheme(request, "admission") or shown(request.cookies, ADMISSION_COOKIE)


def device_text(request: web.Request) -> str | None:
    """``<device_id>.<secret>`` as sent by a scanner."""
    return _scheme(request, "device")


def order_token(request: web.Request) -> str | None:
    """The capability of a guest's hold or order: X-Order-Token, else the cookie."""
    return request.headers.get("X-Order-Token") or shown(request.cookies, ORDER_COOKIE)


def ticket_token(request: web.Request) -> str | None:
    """The capability of a ticket that was handed on: X-Ticket-Token."""
    return request.headers.get("X-Ticket-Token")


def hold_token(request: web.Request) -> str | None:
    """The capability of a guest's hold: X-Order-Token, X-Hold-Token, else the cookie."""
    headers = request.headers
    return headers.get("X-Order-Token") or headers.get("X-Hold-Token") or shown(request.cookies, HOLD_COOKIE)


def client_address(request: web.Request) -> str:
    """The caller's address, as the settings let it be known."""
    return http.client_address(request, trust_forwarded=request.config_dict[SETTINGS].trust_forwarded)


def reader_language(request: web.Request) -> str:
    """The language that mails to this caller are written in: that of the pages they read, else of their browser."""
    return asked_language.language(request)


def buyer(request: web.Request, *, bearers: Bearers, trust_forwarded: bool) -> tuple[str, str | None]:
    """``principal`` and ``admission_text`` before the request is routed, with one look at the header."""
    header = request.headers.get("Authorization", "")
    if header.startswith("Admission ") and len(header) <= CREDENTIAL_CHARS_MAX:
        value = header[len("Admission ") :]
        return "admission:" + value, value.strip() or shown(request.cookies, ADMISSION_COOKIE)
    return principal_of(request, bearers=bearers, trust_forwarded=trust_forwarded), admission_text(request)


def principal(request: web.Request) -> str:
    """Who an Idempotency-Key belongs to: the credential or capability shown, else the visitor (``callers``)."""
    app = request.config_dict
    return principal_of(request, bearers=app[BEARERS], trust_forwarded=app[SETTINGS].trust_forwarded)


def principal_of(request: web.Request, *, bearers: Bearers, trust_forwarded: bool) -> str:
    """As ``principal``, before the request is routed."""
    header = request.headers.get("Authorization")
    if header:
        scheme, _, value = header.partition(" ")
        if scheme.lower() == "bearer":
            return _program(value) or "person:" + _person(request, bearers).user_id
        if scheme.lower() == "device":
            return "device:" + value.partition(".")[0]
        return "admission:" + value
    capability = request.headers.get("X-Order-Token") or request.headers.get("X-Hold-Token")
    if capability:
        return "capability:" + capability
    cookie = shown(request.cookies, ADMISSION_COOKIE)
    if cookie:
        return "admission:" + cookie
    return "visitor:" + visitor(request, trust_forwarded=trust_forwarded)


def _program(value: str) -> str:
    """The principal of a key, whether or not it is good; "" for a person's token."""
    return (
        "key:" + hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
        if value.lstrip().startswith(KEY_PREFIX)
        else ""
    )
