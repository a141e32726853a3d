"""What one is written about: all choices on one page, and the page behind the link of a mail that stops one of them.

Who comes by a mailed link needs no account. A mail program's own button posts to the link (RFC 8058): nothing is asked
of that request but the link itself, and it is not sent elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web
from yarl import URL

from engine.domain.accounts.consents import OF_ORGANIZERS, OWN, Consent, ConsentChange, Purpose
from engine.domain.accounts.errors import EmailUnverified, TokenInvalid
from engine.foundation import manners
from engine.foundation.bearer import Person
from engine.foundation.manners import FORM, UPLOAD, Manners
from engine.foundation.speech.tongue import later, say, spoken
from engine.pages import frame
from engine.pages.accounts.signing import posted, visitor
from engine.services.accounts.agreements.sealed_links import TOKEN_CHARS_MAX
from engine.services.appkeys import CONSENTS

LABELS: Final[dict[Purpose, str]] = {
    "organizer_marketing": later("%(name)s may e-mail me about other events."),
    "platform_marketing": later("onsale may e-mail me about events that may please me."),
    "sms_reminders": later("Remind me of my events by SMS."),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One box. ``field`` is its name in the form."""

    purpose: Purpose
    organization_id: str | None
    label: str
    given: bool

    @property
    def field(self) -> str:
        return f"about-{self.purpose}-{self.organization_id or ''}"


def setup(app: web.Application) -> None:
    """Register the pages."""
    frame.serve(app, "GET", "/preferences", show, manners.PAGE)
    frame.serve(app, "POST", "/preferences", save, Manners("own", takes=FORM))
    frame.serve(app, "GET", "/unsubscribe", show_stop, manners.PAGE)
    frame.serve(app, "POST", "/unsubscribe", stop, Manners("own", takes=UPLOAD, from_anywhere=True))


async def show(request: web.Request) -> web.Response:
    """All choices of who shows the link, or is signed in; anybody else is led to the form."""
    token = request.query.get("token", "")[: TOKEN_CHARS_MAX + 1]
    return await _page(request, token, None if token else await _person(request))


async def save(request: web.Request) -> web.Response:
    """Keep what is ticked."""
    form = await posted(request)
    token = form.get("token", "")[: TOKEN_CHARS_MAX + 1]
    person = None if token else await _person(request)
    consents, language = request.config_dict[CONSENTS], spoken().tag
    try:
        _, kept = await _kept(request, token, person)
        changes = [
            ConsentChange(purpose=each.purpose, given=not each.given, organization_id=each.organization_id)
            for each in _choices(kept)
            if (form.get(each.field) == "yes") != each.given
        ]
        if person is None:
            await consents.change_by_link(token, changes, language)
        else:
            await consents.change(person, changes, language)
    except TokenInvalid as refusal:
        return _over(request, refusal)
    except EmailUnverified:
        return await _page(request, token, person)
    return await _page(request, token, person, saved=True)


async def show_stop(request: web.Request) -> web.Response:
    """Asks for a click: programs of mail servers open links too."""
    return await _stopping(request, stopped=False)


async def stop(request: web.Request) -> web.Response:
    """Write no more about what the mail was about. Whatever the body holds is not looked at."""
    try:
        await request.config_dict[CONSENTS].stop(_token(request))
    except TokenInvalid as refusal:
        return _over(request, refusal)
    return await _stopping(request, stopped=True)


async def _stopping(request: web.Request, *, stopped: bool) -> web.Response:
    consents, token = request.config_dict[CONSENTS], _token(request)
    try:
        asked, name = await consents.asked_for(token)
    except TokenInvalid as refusal:
        return _over(request, refusal)
    context = {
        "stopped": stopped,
        "token": token,
        "what": say(LABELS[asked.purpose], name=name or ""),
        "choices_url": URL(consents.choices_url(asked.address)).path_qs,
    }
    return _answered(request, "accounts/unsubscribe.html", context)


async def _page(request: web.Request, token: str, person: Person | None, *, saved: bool = False) -> web.Response:
    try:
        address, kept = await _kept(request, token, person)
    except TokenInvalid as refusal:
        return _over(request, refusal)
    context = {"address": address, "choices": _choices(kept), "token": token, "saved": saved}
    return _answered(request, "accounts/preferences.html", context)


async def _kept(request: web.Request, token: str, person: Person | None) -> tuple[str, tuple[Consent, ...]]:
    """(whose choices they are, "" for an account whose address is not proven; what was said so far). TokenInvalid."""
    consents = request.config_dict[CONSENTS]
    if person is None:
        found: tuple[str, tuple[Consent, ...]] = await consents.of_link(token)
        return found
    return await consents.address_of(person), await consents.of_person(person)


def _choices(kept: Iterable[Consent]) -> list[Choice]:
    """The platform's boxes, and one for each organizer who ever was agreed to."""
    given = {(each.purpose, each.organization_id): each for each in kept}
    own = [Choice(purpose, None, say(LABELS[purpose]), _is_given(given.get((purpose, None)))) for purpose in OWN]
    theirs = [
        Choice(OF_ORGANIZERS, each.organization_id, say(LABELS[OF_ORGANIZERS], name=each.organization), each.is_given)
        for each in given.values()
        if each.purpose == OF_ORGANIZERS
    ]
    return own + theirs


def _is_given(consent: Consent | None) -> bool:
    return consent is not None and consent.is_given


async def _person(request: web.Request) -> Person:
    person = await visitor(request)
    if person is None:
        raise web.HTTPSeeOther("/account/sign-in")
    return person


def _over(request: web.Request, refusal: TokenInvalid) -> web.Response:
    return _answered(request, "accounts/preferences.html", {"over": True}, status=refusal.status)


def _answered(request: web.Request, template: str, context: dict[str, Any], *, status: int = 200) -> web.Response:
    """A page that nobody else may keep, and whose address is told to nobody."""
    response = frame.render(request, template, {"over": False, **context}, status=status)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _token(request: web.Request) -> str:
    return request.query.get("token", "")[: TOKEN_CHARS_MAX + 1]
