"""The script for organizers' own pages: a button that opens an event there. Ready bytes, the same for everybody."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from typing import Final

import aiohttp_jinja2
from aiohttp import web

from engine.foundation import http, manners
from engine.foundation.speech.tongue import later, say, speaking
from engine.foundation.world.languages import LANGUAGES
from engine.pages.frame import origin, script_data
from engine.services.appkeys import SETTINGS

PATH: Final = "/widget.js"
CACHE_S: Final = 300
WORDS: Final = {
    "buy": later("Buy tickets"),
    "close": later("Close"),
    "elsewhere": later("Open in a new tab"),
    "refused": later("This page may not show the event: open it in a new tab."),
    "forgetful": later("Your browser keeps nothing for us on this page: buy in a new tab."),
}


@dataclass(frozen=True, slots=True)
class Written:
    """The script as it is sent."""

    body: bytes
    compressed: bytes
    etag: str


WRITTEN: Final = web.AppKey("widget", Written)


def setup(app: web.Application) -> None:
    """Register it; it is written once, at the start."""
    app.on_startup.append(_write)
    manners.serve(app, "GET", PATH, script, manners.FILE)


async def _write(app: web.Application) -> None:
    """The script with the room's origin and its words in every language."""
    setup_data = {"room": origin(app[SETTINGS].waitingroom_url), "words": {tag: _words(tag) for tag in LANGUAGES}}
    template = aiohttp_jinja2.get_env(app).get_template("widget/widget.js")
    body = template.render(setup=script_data(setup_data)).encode()
    app[WRITTEN] = Written(body, gzip.compress(body, mtime=0), hashlib.sha256(body).hexdigest()[:32])


async def script(request: web.Request) -> web.Response:
    """The script, or its 304. A page of any site may load it."""
    made = request.config_dict[WRITTEN]
    headers = {
        "Cache-Control": f"public, max-age={CACHE_S}, stale-while-revalidate={CACHE_S}",
        "ETag": f'"{made.etag}"',
        "Vary": "Accept-Encoding",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "X-Content-Type-Options": "nosniff",
    }
    if http.fresh(request, made.etag):
        return web.Response(status=304, headers=headers)
    body = made.body
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        body = made.compressed
        headers["Content-Encoding"] = "gzip"
    return web.Response(body=body, content_type="text/javascript", charset="utf-8", headers=headers)


def _words(tag: str) -> dict[str, str]:
    with speaking(tag):
        return {name: say(text) for name, text in WORDS.items()}
