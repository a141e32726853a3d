"""The gate scanner: an installable page that reads codes with the camera and works on when the network does not.

The shell is the same for everybody and holds nothing secret; the scanner's credential is pasted or scanned once and
stays on the device. Everything else happens over /v1, with the device's own authorization.
"""

from __future__ import annotations

from typing import Any, Final

import aiohttp_jinja2
from aiohttp import web

from engine.foundation import http, manners
from engine.foundation.speech.tongue import say, spoken
from engine.pages import frame
from engine.pages.frame import ASSETS

SHELL_CACHE_S: Final = 300
SCOPE: Final = "/gate"
ICONS: Final = ((192, "gate/icons/192.png"), (512, "gate/icons/512.png"))
# What the service worker keeps: enough to start without a network.
KEPT: Final = (
    "tokens.css",
    "base.css",
    "components.css",
    "chevron.svg",
    "mark.svg",
    "gate/gate.css",
    "gate/app.js",
    "gate/bundle.js",
    "gate/camera.js",
    "gate/decoder.js",
    "gate/door.js",
    "gate/judge.js",
    "gate/losses.js",
    "gate/queue.js",
    "gate/search.js",
    "gate/server.js",
    "gate/sound.js",
    "gate/store.js",
    "gate/tabs.js",
    "gate/verdict.js",
    "gate/words.js",
    "words.js",
    "vendor/jsQR.js",
)


def setup(app: web.Application) -> None:
    """Register the scanner's page, its manifest and its service worker."""
    frame.serve(app, "GET", "/gate", shell, manners.PAGE)
    frame.serve(app, "GET", "/gate/manifest.webmanifest", manifest, manners.PAGE)
    manners.serve(app, "GET", "/gate/sw.js", service_worker, manners.PAGE)
    manners.serve(app, "GET", "/tickets/checkin", moved, manners.PAGE)


async def shell(request: web.Request) -> web.Response:
    """The scanner."""
    context = {"release": request.config_dict[ASSETS].version}
    response = frame.render(request, "gate/gate.html", context, cache_s=SHELL_CACHE_S)
    response.headers.update(
        {
            "Content-Security-Policy": _POLICY,
            "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=()",
        }
    )
    return response


async def manifest(request: web.Request) -> web.Response:
    """What makes the page installable."""
    assets = request.config_dict[ASSETS]
    icons: list[dict[str, Any]] = [
        {"src": assets.url(name), "sizes": f"{side}x{side}", "type": "image/png", "purpose": "any maskable"}
        for side, name in ICONS
    ]
    document = {
        "id": SCOPE,
        "lang": spoken().tag,
        "dir": spoken().direction,
        "name": f"onsale: {say('Gate scanner')}",
        "short_name": say("Gate"),
        "description": say("Scans tickets at the entrance, with or without a network."),
        "start_url": SCOPE,
        "scope": SCOPE,
        "display": "standalone",
        "orientation": "any",
        "background_color": "#16133a",
        "theme_color": "#16133a",
        "icons": icons,
    }
    return web.Response(
        body=http.dumps(document),
        content_type="application/manifest+json",
        headers={"Cache-Control": f"public, max-age={SHELL_CACHE_S}", **frame.said_in(request)},
    )


async def service_worker(request: web.Request) -> web.Response:
    """The worker of this release: its text names the release's files, so a new release is a new worker."""
    assets = request.config_dict[ASSETS]
    files = [SCOPE, "/gate/manifest.webmanifest", *(assets.url(name) for name in (*KEPT, ICONS[0][1]))]
    context = {"version": assets.version, "files": http.dumps(files).decode()}
    body = aiohttp_jinja2.render_string("gate/sw.js", request, context)
    return web.Response(
        text=body,
        content_type="text/javascript",
        headers={"Cache-Control": "no-cache", "Service-Worker-Allowed": SCOPE, "X-Content-Type-Options": "nosniff"},
    )


async def moved(_request: web.Request) -> web.Response:
    """The requirement documents' address of the scanner."""
    raise web.HTTPMovedPermanently(SCOPE)


_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "worker-src 'self'; manifest-src 'self'; media-src 'self' blob:; form-action 'none'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
