"""What every page stands in: templates, static files, security headers, the HTML face of a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp_jinja2
import jinja2
from aiohttp import web

from admin import assets, formats
from admin.appkeys import SETTINGS
from engine.domain.accounts.organizations import Permission, allows
from engine.domain.accounts.people import User
from engine.foundation import charts, http, manners
from engine.foundation.assets import ROUTE
from engine.foundation.clock import now_ms
from engine.foundation.errors import Refusal
from engine.foundation.world import countries

TEMPLATES: Final = Path(__file__).parent / "templates"
GUARDS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}


@dataclass(frozen=True, slots=True)
class View:
    """What the banner says while a platform admin views as somebody; ``csrf`` is for its button."""

    admin: str
    person: str
    until_ms: int
    csrf: str

    @property
    def minutes_left(self) -> int:
        """Rounded up."""
        return max(1, -(-(self.until_ms - now_ms()) // 60_000))


VIEW: Final = web.RequestKey("view", View)


def setup(app: web.Application) -> None:
    """Templates, static files and HTML refusals."""
    files = assets.read()
    manners.serve(app, "GET", ROUTE, files.serve, manners.FILE)
    environment = aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        filters=formats.FILTERS,
    )
    settings = app[SETTINGS]
    environment.globals.update(
        countries=countries.offered,
        static=files.url,
        charts=charts,
        may=may,
        infinite=float("inf"),
        engine_url=settings.engine_url,
        waitingroom_url=settings.waitingroom_url,
    )
    app[http.PROBLEM_PAGE] = problem_page


def may(visitor: User, organization_id: str, permission: Permission) -> bool:
    """Whether a page offers this to its visitor. Services decide again when it is asked for."""
    roles = [one.role for one in visitor.organizations if one.organization_id == organization_id]
    return visitor.is_admin or any(allows(role, permission) for role in roles)


def render(
    request: web.Request, template: str, context: Mapping[str, Any] | None = None, *, status: int = 200
) -> web.Response:
    """A page for this person only."""
    bare: dict[str, Any] = {"view": request.get(VIEW), "visitor": None, "notes": [], "here": request.path, "csrf": ""}
    page = {**bare, **(context or {})}
    response = aiohttp_jinja2.render_template(template, request, page, status=status)
    response.headers.update(GUARDS)
    return response


def redirect(path: str) -> web.Response:
    """See other: what was posted is not posted again."""
    return web.Response(status=303, headers={"Location": path, **GUARDS})


def problem_page(request: web.Request, refusal: Refusal, request_id: str) -> web.Response | None:
    """A refusal as a page, or None if the caller wants the problem document."""
    if request.headers.get("Accept", "").startswith("application/json"):
        return None
    response = render(request, "problem.html", {"refusal": refusal, "request_id": request_id}, status=refusal.status)
    response.headers.update({"X-Request-Id": request_id, **refusal.headers})
    if refusal.retry_after_s is not None:
        response.headers["Retry-After"] = str(refusal.retry_after_s)
    return response
