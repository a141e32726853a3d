"""Links in mails over HTTP: asking for one, and what opening one does. The pages behind the links ask the same."""

from __future__ import annotations

from aiohttp import web

from engine.domain.accounts.errors import (
    AccountDisabled,
    HashesThrottled,
    MailThrottled,
    SecondFactorRequired,
    SignInRefused,
    TokenExpired,
    TokenInvalid,
)
from engine.domain.accounts.mailed_links import Accepted, AddressGiven, PasswordReset, TokenShown
from engine.domain.accounts.people import Session
from engine.foundation import http
from engine.services.appkeys import MAILED_LINKS, PEOPLE
from engine.web.accounts.asking import caller
from engine.web.auth import client_address, known_person, reader_language
from engine.web.forms import form
from engine.web.route import Route


async def ask_to_verify(request: web.Request) -> web.Response:
    """Mail the link that proves an address, if somebody registered with it; said alike if nobody did."""
    given = await form(request, AddressGiven)
    links = request.config_dict[MAILED_LINKS]
    await links.ask("verify_email", given, client_address(request), reader_language(request))
    return http.json(Accepted(), status=202)


async def verify_email(request: web.Request) -> web.Response:
    """Prove an address: its invitations count from now on, and its past guest orders if the account is signed in.

    Without the account's own bearer token those orders come with the next password that is set by mail.
    """
    given = await form(request, TokenShown)
    person = known_person(request)
    await request.config_dict[MAILED_LINKS].verify(given.token, person.user_id if person is not None else None)
    return web.Response(status=204)


async def forgot_password(request: web.Request) -> web.Response:
    """Mail a link that sets a new password, if somebody registered with this address; said alike if nobody did."""
    given = await form(request, AddressGiven)
    links = request.config_dict[MAILED_LINKS]
    await links.ask("reset_password", given, client_address(request), reader_language(request))
    return http.json(Accepted(), status=202)


async def reset_password(request: web.Request) -> web.Response:
    """Set a new password with a mailed link; every session ends."""
    given = await form(request, PasswordReset)
    await request.config_dict[MAILED_LINKS].reset(given, client_address(request))
    return web.Response(status=204)


async def ask_to_sign_in(request: web.Request) -> web.Response:
    """Mail a link that signs in, if somebody registered with this address; said alike if nobody did."""
    given = await form(request, AddressGiven)
    links = request.config_dict[MAILED_LINKS]
    await links.ask("magic_link", given, client_address(request), reader_language(request))
    return http.json(Accepted(), status=202)


async def redeem(request: web.Request) -> web.Response:
    """Sign in by a mailed link; it proves the address. With a second factor on, a challenge is answered first."""
    given = await form(request, TokenShown)
    session = await request.config_dict[PEOPLE].redeem(given.token, caller(request))
    return http.json(session, headers={"Cache-Control": "no-store"})


_AT = "/v1/auth"
ROUTES: tuple[Route, ...] = (
    Route("POST", f"{_AT}/verify-email", verify_email, "public", "sign_in", takes=TokenShown, status=204).refuses(
        TokenInvalid, TokenExpired
    ),
    Route(
        "POST",
        f"{_AT}/verify-email/resend",
        ask_to_verify,
        "public",
        "sign_in",
        takes=AddressGiven,
        gives=Accepted,
        status=202,
    ).refuses(MailThrottled),
    Route(
        "POST",
        f"{_AT}/forgot-password",
        forgot_password,
        "public",
        "sign_in",
        takes=AddressGiven,
        gives=Accepted,
        status=202,
    ).refuses(MailThrottled),
    Route(
        "POST", f"{_AT}/reset-password", reset_password, "public", "sign_in", takes=PasswordReset, status=204
    ).refuses(TokenInvalid, TokenExpired, HashesThrottled),
    Route(
        "POST", f"{_AT}/magic-link", ask_to_sign_in, "public", "sign_in", takes=AddressGiven, gives=Accepted, status=202
    ).refuses(MailThrottled),
    Route(
        "POST",
        f"{_AT}/magic-link/redeem",
        redeem,
        "public",
        "sign_in",
        takes=TokenShown,
        gives=Session,
        repeats="always",
    ).refuses(TokenInvalid, TokenExpired, SecondFactorRequired, AccountDisabled, SignInRefused, HashesThrottled),
)
