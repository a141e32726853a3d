"""What is held about people without an account: asked for by address, downloaded and deleted by a mailed link."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web
from yarl import URL

from engine.domain.accounts.errors import MailThrottled, TokenExpired, TokenInvalid
from engine.domain.accounts.mailed_links import AddressGiven
from engine.domain.accounts.people import EMAIL_CHARS_MAX
from engine.domain.insight.personal_data import LINK_GOOD_FOR_S
from engine.foundation import manners, shapes
from engine.foundation.errors import Invalid
from engine.foundation.manners import FORM, Manners
from engine.foundation.speech.tongue import later, say
from engine.pages import frame
from engine.pages.accounts.signing import caller, posted
from engine.services.accounts.agreements.sealed_links import TOKEN_CHARS_MAX
from engine.services.appkeys import CONSENTS, GUEST_DATA

_SIGNING: Final = Manners("sign_in", takes=FORM)
# What each face says.
FACES: Final[dict[str, dict[str, str]]] = {
    "ask": {
        "title": later("What we hold about you"),
        "lead": later("You bought without an account? We mail you a link to all of it."),
    },
    "asked": {
        "title": later("Look at your mail"),
        "lead": later(
            "If we hold anything about this address, a link is on its way. It is good for %(minutes)s minutes."
        ),
    },
    "open": {
        "title": later("What we hold about you"),
        "lead": later("Of the address %(address)s."),
    },
    "erased": {
        "title": later("It is on its way out"),
        "lead": later(
            "Within a day everything is gone that the law does not keep. Tickets of events to come stay good."
        ),
    },
    "over": {
        "title": later("This link is no longer good"),
        "lead": later("It is too old, or not whole. We can mail you another."),
    },
}


def setup(app: web.Application) -> None:
    """Register the pages."""
    frame.serve(app, "GET", "/my-data", show, manners.PAGE)
    frame.serve(app, "POST", "/my-data", ask, _SIGNING)
    frame.serve(app, "GET", "/my-data/open", show_open, manners.PAGE)
    frame.serve(app, "POST", "/my-data/export", export, Manners("document", takes=FORM))
    frame.serve(app, "POST", "/my-data/erase", erase, _SIGNING)


async def show(request: web.Request) -> web.Response:
    """Asks for the address."""
    return _face(request, "ask")


async def ask(request: web.Request) -> web.Response:
    """Mail the link; said alike whether or not anything is held."""
    form = await posted(request)
    email, asker = form.get("email", "")[:EMAIL_CHARS_MAX], caller(request)
    try:
        given = shapes.build({"email": email}, AddressGiven)
        await request.config_dict[GUEST_DATA].ask(given, asker.address, asker.language)
    except Invalid as refusal:
        return _face(request, "ask", email=email, fault=say("This is no e-mail address."), status=refusal.status)
    except MailThrottled as refusal:
        fault = say("Too many mails were asked for. Try again later.")
        return _face(request, "ask", email=email, fault=fault, status=refusal.status)
    return _face(request, "asked")


async def show_open(request: web.Request) -> web.Response:
    """What can be done with it; nothing is done by opening the link."""
    token = request.query.get("token", "")[: TOKEN_CHARS_MAX + 1]
    try:
        address = request.config_dict[GUEST_DATA].address(token)
    except (TokenInvalid, TokenExpired) as refusal:
        return _face(request, "over", status=refusal.status)
    choices_url = URL(request.config_dict[CONSENTS].choices_url(address)).path_qs
    return _face(request, "open", token=token, address=address, choices_url=choices_url)


async def export(request: web.Request) -> web.Response:
    """All of it in one file."""
    form = await posted(request)
    try:
        document = await request.config_dict[GUEST_DATA].export(form.get("token", "")[: TOKEN_CHARS_MAX + 1])
    except (TokenInvalid, TokenExpired) as refusal:
        return _face(request, "over", status=refusal.status)
    headers = {"Content-Disposition": 'attachment; filename="onsale-export.zip"', "Cache-Control": "no-store"}
    return web.Response(body=document, content_type="application/zip", headers=headers)


async def erase(request: web.Request) -> web.Response:
    """Be forgotten, once a box says that it is meant."""
    form = await posted(request)
    token = form.get("token", "")[: TOKEN_CHARS_MAX + 1]
    data, consents = request.config_dict[GUEST_DATA], request.config_dict[CONSENTS]
    try:
        if form.get("sure") != "yes":
            address = data.address(token)
            more = {"token": token, "address": address, "choices_url": URL(consents.choices_url(address)).path_qs}
            return _face(request, "open", fault=say("Tick the box to say that you mean it."), status=422, **more)
        await data.erase(token)
    except (TokenInvalid, TokenExpired) as refusal:
        return _face(request, "over", status=refusal.status)
    return _face(request, "erased")


def _face(
    request: web.Request, face: str, *, email: str = "", fault: str = "", status: int = 200, **more: Any
) -> web.Response:
    known = {"token": "", "address": "", "choices_url": "", "minutes": LINK_GOOD_FOR_S // 60}
    context = {"face": face, "said": FACES[face], "email": email, "fault": fault, **known, **more}
    response = frame.render(request, "accounts/my_data.html", context, status=status)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
