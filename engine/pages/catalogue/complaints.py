"""The form by which anybody reports a public event to the platform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from engine.domain.accounts.people import EMAIL_CHARS_MAX
from engine.domain.catalogue.complaints import MESSAGE_CHARS_MAX, REASONS, NewComplaint
from engine.foundation import bodies, manners, shapes
from engine.foundation.errors import Invalid
from engine.foundation.manners import FORM, Manners
from engine.foundation.speech.tongue import later, say
from engine.pages import csrf, frame
from engine.pages.catalogue.events import find
from engine.services.appkeys import COMPLAINTS

FORM_BYTES_MAX: Final = 32 * 1024
# What a field's fault says here; the domain's own words are for those who write JSON.
FAULTS: Final = {
    "reason": later("Choose what is wrong"),
    "message": later("Say what is wrong, in at most 2,000 characters"),
    "email": later("This is not an e-mail address"),
}


def setup(app: web.Application) -> None:
    manners.serve(app, "GET", "/e/{slug}/report", show, manners.PAGE)
    manners.serve(app, "POST", "/e/{slug}/report", file, Manners("report", takes=FORM))


async def show(request: web.Request) -> web.Response:
    """The empty form; after it was sent, thanks."""
    return await _page(request, {}, {}, sent="sent" in request.query)


async def file(request: web.Request) -> web.Response:
    """Keep what was reported. A mistake shows the form again with what was typed."""
    shown = await find(request, request.match_info["slug"])
    form = await bodies.form(request, FORM_BYTES_MAX)
    csrf.check(request, form)
    given = {name: form.get(name, "") for name in ("reason", "message", "email")}
    try:
        await request.config_dict[COMPLAINTS].file(shown.event.id, shapes.build(given, NewComplaint))
    except Invalid as refusal:
        faults = {error["pointer"].strip("/"): error["message"] for error in refusal.errors}
        return await _page(
            request, form, {name: say(FAULTS[name]) if name in FAULTS else said for name, said in faults.items()}
        )
    raise web.HTTPSeeOther(f"/e/{shown.event.slug}/report?sent=1")


async def _page(
    request: web.Request, form: Mapping[str, str], faults: Mapping[str, str], *, sent: bool = False
) -> web.Response:
    shown = await find(request, request.match_info["slug"])
    context = {
        "event": shown.event,
        "reasons": [(code, say(text)) for code, text in REASONS.items()],
        "message_max": MESSAGE_CHARS_MAX,
        "email_max": EMAIL_CHARS_MAX,
        "form": {name: form.get(name, "") for name in ("reason", "message", "email")},
        "faults": faults,
        "sent": sent,
    }
    return frame.render(request, "events/report.html", context, status=422 if faults else 200)
