"""The contract as a page: an explorer that reads /openapi.json in the browser, and tries calls from there."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from engine.foundation import manners
from engine.pages import frame

CACHE_S: Final = 300


def setup(app: web.Application) -> None:
    """Register the page."""
    manners.serve(app, "GET", "/docs", explorer, manners.PAGE)


async def explorer(request: web.Request) -> web.Response:
    """Every call of the engine: what it takes, gives and refuses. The same bytes for everybody."""
    return frame.render(request, "docs/docs.html", cache_s=CACHE_S)
