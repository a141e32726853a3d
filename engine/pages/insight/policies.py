"""Terms and privacy policies as people read them: the newest, or a version that an order or an account names."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from engine.domain.accounts.policies import KINDS, PLATFORM, Kind, Policy
from engine.foundation import manners
from engine.foundation.errors import NotFound
from engine.foundation.speech.tongue import later
from engine.pages import frame
from engine.pages.catalogue.texts import rich
from engine.services.appkeys import POLICIES

VERSION_DIGITS_MAX: Final = 6
TITLES: Final[dict[Kind, str]] = {"privacy": later("Privacy policy"), "terms": later("Terms")}


def setup(app: web.Application) -> None:
    """Register the pages."""
    for kind in KINDS:
        frame.serve(app, "GET", f"/{kind}", show_platform, manners.PAGE)
        frame.serve(app, "GET", f"/organizers/{{slug}}/{kind}", show_organizer, manners.PAGE)


async def show_platform(request: web.Request) -> web.Response:
    """The platform's own. NotFound for a version that was never published."""
    return await _page(request, PLATFORM, "")


async def show_organizer(request: web.Request) -> web.Response:
    """An organizer's, which stands next to the platform's. OrganizationUnknown, NotFound."""
    owner, name = await request.config_dict[POLICIES].organization(request.match_info["slug"])
    return await _page(request, owner, name)


async def _page(request: web.Request, owner: str, name: str) -> web.Response:
    kind = next(each for each in KINDS if request.path.endswith(f"/{each}"))
    policies, asked = request.config_dict[POLICIES], request.query.get("version", "")
    version = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) <= VERSION_DIGITS_MAX else None
    shown: Policy | None = await policies.shown(owner, kind, version)
    if asked and (version is None or shown is None):
        raise NotFound("This version was never published")
    context = {
        "title": TITLES[kind],
        "kind": kind,
        "organizer": name,
        "policy": shown,
        "text": rich(shown.text) if shown is not None else "",
        "versions": await policies.versions(owner, kind),
        "path": request.path,
    }
    return frame.render(request, "accounts/policy.html", context)
