"""What every page stands in: the template environment, the security headers, the HTML face of a refusal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp_jinja2
import jinja2
import msgspec
from aiohttp import web
from markupsafe import Markup
from yarl import URL

from engine.foundation import asked_language as asked
from engine.foundation import http, manners
from engine.foundation.assets import ROUTE, Assets, files_below
from engine.foundation.errors import Invalid, Refusal
from engine.foundation.manners import Handler, Manners
from engine.foundation.shelf import EVERYTHING, SHELF, for_a_moment
from engine.foundation.speech import catalogues, tongue
from engine.foundation.world.languages import DEFAULT, TABLE, Language
from engine.pages import cookies, csrf
from engine.pages.formats import FILTERS
from engine.pages.memo import Memo
from engine.pages.poster import poster
from engine.services.appkeys import SETTINGS
from engine.settings import Settings

HERE: Final = Path(__file__).parent
STRIPE_JS: Final = "https://js.stripe.com"
STRIPE_API: Final = "https://api.stripe.com"
STRIPE_HOOKS: Final = "https://hooks.stripe.com"
ASSETS: Final = web.AppKey("assets", Assets)
SHARED: Final[web.AppKey[Memo[str]]] = web.AppKey("shared")
SHARED_CACHE_S: Final = 1
NONE: Final = "'none'"
SERVER_NOW: Final = "@server-now-ms@"
SCRIPTS: Final = "engine/pages/static/"
REFUSALS: Final = ("engine/domain/errors.py", "engine/foundation/errors.py")  # which scripts are answered
FRAMED_BY: Final = "frame-ancestors"
_IS_SPOKEN: Final = web.RequestKey("is_spoken", bool)
_FRAMERS: Final = web.RequestKey("framers", tuple[str, ...])


@dataclass(frozen=True, slots=True)
class Tongue:
    """The same page in another language; ``url`` is relative to it."""

    language: Language
    url: str


def setup(app: web.Application) -> None:
    """Templates, static files and HTML refusals for this application."""
    assets = Assets(files_below(HERE / "static"))
    manners.serve(app, "GET", ROUTE, assets.serve, manners.FILE)
    app[ASSETS] = assets
    app[SHARED] = Memo[str]()
    environment = aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        undefined=jinja2.StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        filters=FILTERS,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(tongue.gettext, tongue.ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.globals.update(static=assets.url, poster=poster, script_words=script_words)
    catalogues.warm()
    app[http.PROBLEM_PAGE] = problem_page


def may_be_framed(request: web.Request, origins: tuple[str, ...]) -> None:
    """The answer to this request may be shown inside of these sites' pages, and of no other's."""
    request[_FRAMERS] = origins


def serve(app: web.Application, method: str, path: str, handler: Handler, manners_: Manners) -> None:
    """Register a page, or a form of one: it is answered in the language that is asked for."""

    @wraps(handler)
    async def spoken(request: web.Request) -> web.StreamResponse:
        _speak(request)
        return await handler(request)

    manners.serve(app, method, path, spoken, manners_)


def text(request: web.Request, template: str, context: Mapping[str, Any], here: str | None = None) -> str:
    """A page in the language that is spoken. ``here``: its address, if not all of the request's says what it is."""
    return aiohttp_jinja2.render_string(template, request, {**_frame(request, here), **context})


def script_words(*scripts: str, refusals: bool = False) -> Markup:
    """What these scripts, or those in these folders, say, for words.js; nothing in English: they are written in it."""
    tag = tongue.spoken().tag
    if tag == DEFAULT:
        return Markup()
    words = catalogues.of_scripts(tag, *(SCRIPTS + script for script in scripts), *(REFUSALS if refusals else ()))
    return Markup('<script type="application/json" id="words">{}</script>').format(script_data(words))


def script_data(data: Any) -> Markup:
    """JSON that may stand inside a ``<script type="application/json">``: no character of it can close the element."""
    text = msgspec.json.encode(data).decode()
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704 - escaped here


async def shared(
    request: web.Request,
    key: Hashable,
    template: str,
    make: Callable[[], Awaitable[Mapping[str, Any]]],
    *,
    topic: str = EVERYTHING,
    asks_where: bool = False,
    frames: Sequence[str] = (),
    here: str | None = None,
) -> web.StreamResponse:
    """A page that is the same for everybody, rendered once a moment: a render costs 2 ms, and a crowd comes at once.

    The template writes SERVER_NOW if its scripts need the server's clock; that is filled in for each visitor. ``topic``
    is the event that it shows. ``frames``: origins of which it may show a page inside of its own. ``asks_where``: it
    has a button by which a visitor may tell the browser to say where. ``here``: its address, if more than the path
    says what it shows. It stands once a language.
    """
    shelf = request.config_dict[SHELF]
    since = shelf.changes

    async def rendered() -> str:
        return text(request, template, {"server_now_ms": SERVER_NOW, **await make()}, here or request.rel_url.raw_path)

    made = await request.config_dict[SHARED].get((template, key, tongue.spoken().tag), rendered)
    return shelf.give(
        request,
        made.encode(),
        since=since,
        topic=topic,
        stands=for_a_moment(SHARED_CACHE_S),
        content_type="text/html; charset=utf-8",
        cache=f"public, max-age={SHARED_CACHE_S}",
        moment=SERVER_NOW.encode(),
        headers=guards(request, frames=frames, asks_where=asks_where) | said_in(request),
    )


def render(
    request: web.Request,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
    cache_s: int = 0,
) -> web.Response:
    """A page. ``cache_s`` > 0 lets shared caches keep it: only for pages that are the same for everybody."""
    shown = text(request, template, {"csrf_token": lambda: csrf.token(request), **(context or {})})
    response = web.Response(text=shown, content_type="text/html", charset="utf-8", status=status)
    if _IS_SPOKEN in request:
        response.headers.update(said_in(request))
    response.headers["Cache-Control"] = f"public, max-age={cache_s}" if cache_s else "private, no-store"
    csrf.keep(request, response)
    response.headers.update(guards(request))
    return response


def said_in(request: web.Request) -> dict[str, str]:
    """What an answer says of its language; an address that names one has the browser keep it.

    That cookie is the same for everybody who asks at the address, so a cache may keep it too.
    """
    headers = {"Content-Language": tongue.spoken().tag}
    named = asked.named(request)
    if named is None:
        return headers | {"Vary": asked.VARY}
    return headers | {"Set-Cookie": asked.cookie_line(cookies.rules(request), named)}


def guards(request: web.Request, *, frames: Sequence[str] = (), asks_where: bool = False) -> dict[str, str]:
    """The headers that keep a page from loading, framing or leaking anything we did not name."""
    where, framers = "self" if asks_where else "", request.get(_FRAMERS, ())
    return {
        "Content-Security-Policy": content_security_policy(request.config_dict[SETTINGS], frames, framers),
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        # It knows no list: where there is one, the policy above says more.
        **({} if framers else {"X-Frame-Options": "DENY"}),
        "Permissions-Policy": f"camera=(), microphone=(), geolocation=({where}), payment=(self)",
        "Cross-Origin-Opener-Policy": "same-origin",
    }


def content_security_policy(settings: Settings, frames: Sequence[str] = (), framers: Sequence[str] = ()) -> str:
    """Files of our own origin only; the payment provider's script and frames only if real keys are set.

    ``frames`` may stand inside of the page, and the page inside of those of ``framers``.
    """
    sandboxed = settings.payments_are_sandboxed
    provider = origin(settings.stripe_public_url or settings.stripe_url) if sandboxed else STRIPE_API
    framed = [*([] if sandboxed else [STRIPE_JS, STRIPE_HOOKS]), *frames]
    stripe_js = "" if sandboxed else f" {STRIPE_JS}"
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self'{stripe_js}",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "manifest-src 'self'",
            f"connect-src 'self' {origin(settings.waitingroom_url)} {provider}",
            f"frame-src {' '.join(framed) or NONE}",
            "form-action 'self'",
            f"{FRAMED_BY} {' '.join(framers) or NONE}",
            "base-uri 'none'",
        ]
    )


def origin(url: str) -> str:
    """``scheme://host:port`` of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def wants_html(request: web.Request) -> bool:
    """Whether a browser is asking for a page: the API always answers JSON."""
    return "text/html" in request.headers.get("Accept", "") and not request.path.startswith(("/v1/", "/api/"))


def problem_page(request: web.Request, refusal: Refusal, request_id: str) -> web.Response | None:
    """A refusal as a page, or None if the caller wants the problem document."""
    if not wants_html(request):
        return None
    _speak(request)
    title, detail = said_of(refusal)
    context = {"refusal": refusal, "said_title": title, "said_detail": detail, "request_id": request_id}
    response = render(request, "problem.html", context, status=refusal.status)
    response.headers.update({"X-Request-Id": request_id, **refusal.headers})
    if refusal.retry_after_s is not None:
        response.headers["Retry-After"] = str(refusal.retry_after_s)
    return response


def said_of(refusal: Refusal) -> tuple[str, str]:
    """Its title and its detail in the language that is spoken; the title twice if the detail has no translation."""
    title = tongue.gettext(refusal.title)
    if tongue.spoken().tag == DEFAULT:
        return title, refusal.detail
    detail = tongue.gettext(refusal.detail)
    return title, detail if detail != refusal.detail else title


def fault_of(refusal: Refusal) -> str:
    """What is wrong with the first of its fields, in the language that is spoken; its title if it has no such words."""
    title, detail = said_of(refusal)
    if not isinstance(refusal, Invalid) or not refusal.errors:
        return title
    told = refusal.errors[0]["message"]
    if tongue.spoken().tag == DEFAULT:
        return told
    said = tongue.gettext(told)
    return said if said != told else detail


def _speak(request: web.Request) -> None:
    asked.speak(request)
    request[_IS_SPOKEN] = True


def _frame(request: web.Request, here: str | None) -> dict[str, Any]:
    """What the layout shows of every page: its language, and its address in the others if it has one."""
    language = tongue.spoken()
    tongues: list[Tongue] = []
    if request.get(_IS_SPOKEN) and request.method in manners.SAFE:
        address = URL(here, encoded=True) if here is not None else request.rel_url
        tongues = [Tongue(each, address.update_query({asked.FIELD: each.tag}).raw_path_qs) for each in TABLE.values()]
    return {"language": language, "tongues": tongues, "framers": request.get(_FRAMERS, ())}
