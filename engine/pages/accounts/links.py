"""The pages behind mailed links, and the one that asks for a new password. They ask the same services as the API.

Opening a link does nothing yet: programs of mail servers open links too. A click does.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from engine.domain.accounts.errors import MailThrottled, TokenExpired, TokenInvalid
from engine.domain.accounts.mailed_links import GOOD_FOR_S, TOKEN_CHARS_MAX, AddressGiven, PasswordReset, Purpose
from engine.domain.accounts.people import EMAIL_CHARS_MAX, PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN
from engine.foundation import bodies, http, manners, shapes
from engine.foundation.errors import Invalid
from engine.foundation.manners import FORM, Manners
from engine.foundation.speech.tongue import later, say, spoken
from engine.foundation.world.languages import DEFAULT
from engine.pages import csrf, frame
from engine.services.appkeys import MAILED_LINKS, SETTINGS

FORM_BYTES_MAX: Final = 8 * 1024
# What each face says; a face with a button has a form.
FACES: Final[dict[str, dict[str, str]]] = {
    "verify": {
        "title": later("Confirm your address"),
        "lead": later("Is this address yours, and did you make the account? Then confirm it."),
        "button": later("Confirm my address"),
    },
    "verified": {
        "title": later("Your address is confirmed"),
        "lead": later(
            "Invitations to it count from now on. If you made the account, sign in. What you bought with this address "
            "as a guest comes to the account once you set a new password by mail: somebody else may have made the "
            "account, and that puts them out."
        ),
        "set": later("Set a new password"),
    },
    "forgot": {
        "title": later("Forgot your password?"),
        "lead": later("We mail you a link that sets a new one."),
        "email": later("E-mail address"),
        "button": later("Mail me a link"),
    },
    "asked": {
        "title": later("Look at your mail"),
        "lead": later(
            "If somebody has an account with this address, a link is on its way. It is good for %(minutes)s minutes."
        ),
    },
    "reset": {
        "title": later("Choose a new password"),
        "lead": later("Everybody who is signed in to the account is signed out then."),
        "password": later("New password"),
        "hint": later("At least %(least)s characters that nobody guesses: several words do well."),
        "button": later("Set the password"),
    },
    "changed": {
        "title": later("Your password is changed"),
        "lead": later("Every session has ended. Sign in with the new password."),
    },
    "over": {
        "title": later("This link is no longer good"),
        "lead": later("It was used before, or is too old. We can mail you another."),
        "email": later("E-mail address"),
        "button": later("Mail me another"),
    },
}


def setup(app: web.Application) -> None:
    """Register the pages."""
    frame.serve(app, "GET", "/account/verify", show_verify, manners.PAGE)
    frame.serve(app, "POST", "/account/verify", verify, Manners("own", takes=FORM))
    frame.serve(app, "GET", "/account/reset", show_reset, manners.PAGE)
    frame.serve(app, "POST", "/account/reset", reset, Manners("sign_in", takes=FORM))
    frame.serve(app, "GET", "/account/forgot", show_forgot, manners.PAGE)
    frame.serve(app, "POST", "/account/mail", mail, Manners("sign_in", takes=FORM))


async def show_verify(request: web.Request) -> web.Response:
    """Asks for a click; the link is not used up yet."""
    return _face(request, "verify", token=_token(request))


async def verify(request: web.Request) -> web.Response:
    """The address is its owner's. Nobody is signed in here, so the page says how past orders come to the account."""
    form = await _form(request)
    try:
        await request.config_dict[MAILED_LINKS].verify(form.get("token", "")[:TOKEN_CHARS_MAX], None)
    except (TokenInvalid, TokenExpired) as refusal:
        return _face(request, "over", purpose="verify_email", status=refusal.status)
    return _face(request, "verified")


async def show_reset(request: web.Request) -> web.Response:
    """Asks for the new password."""
    return _face(request, "reset", token=_token(request))


async def reset(request: web.Request) -> web.Response:
    """Set it; a password that anybody guesses is told why."""
    form = await _form(request)
    token = form.get("token", "")[:TOKEN_CHARS_MAX]
    given = {"token": token, "password": form.get("password", "")[: PASSWORD_CHARS_MAX + 1]}
    try:
        await request.config_dict[MAILED_LINKS].reset(shapes.build(given, PasswordReset), _address(request))
    except (TokenInvalid, TokenExpired) as refusal:
        return _face(request, "over", purpose="reset_password", status=refusal.status)
    except Invalid as refusal:
        fault = refusal.errors[0]["message"] if refusal.errors else str(refusal.detail)
        if spoken().tag != DEFAULT:  # the hints are in English alone
            fault = say("This password is too short, or too easy to guess.")
        return _face(request, "reset", token=token, fault=fault, status=refusal.status)
    return _face(request, "changed")


async def show_forgot(request: web.Request) -> web.Response:
    """Asks for the address."""
    return _face(request, "forgot")


async def mail(request: web.Request) -> web.Response:
    """Mail a link; said alike whether or not anybody has the address."""
    form = await _form(request)
    purpose: Purpose = "verify_email" if form.get("purpose") == "verify_email" else "reset_password"
    email = form.get("email", "")[:EMAIL_CHARS_MAX]
    try:
        given = shapes.build({"email": email}, AddressGiven)
        await request.config_dict[MAILED_LINKS].ask(purpose, given, _address(request), spoken().tag)
    except Invalid as refusal:
        return _face(
            request,
            "forgot",
            purpose=purpose,
            email=email,
            fault=say("This is no e-mail address."),
            status=refusal.status,
        )
    except MailThrottled as refusal:
        return _face(
            request,
            "forgot",
            purpose=purpose,
            email=email,
            fault=say("Too many mails were asked for. Try again later."),
            status=refusal.status,
        )
    return _face(request, "asked")


async def _form(request: web.Request) -> dict[str, str]:
    form = await bodies.form(request, FORM_BYTES_MAX)
    csrf.check(request, form)
    return dict(form)


def _face(
    request: web.Request,
    face: str,
    *,
    token: str = "",
    purpose: Purpose = "reset_password",
    email: str = "",
    fault: str = "",
    status: int = 200,
) -> web.Response:
    context = {
        "said": FACES[face],
        "action": f"/account/{face}" if face in {"verify", "reset"} else "/account/mail",
        "token": token,
        "purpose": purpose,
        "email": email,
        "fault": fault,
        "minutes": GOOD_FOR_S[purpose] // 60,
        "least": PASSWORD_CHARS_MIN,
        "sign_in_url": request.config_dict[SETTINGS].admin_url.rstrip("/") + "/sign-in",
    }
    response = frame.render(request, "accounts/link.html", context, status=status)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _token(request: web.Request) -> str:
    return request.query.get("token", "")[:TOKEN_CHARS_MAX]


def _address(request: web.Request) -> str:
    return http.client_address(request, trust_forwarded=request.config_dict[SETTINGS].trust_forwarded)
