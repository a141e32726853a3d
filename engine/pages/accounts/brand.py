"""The style sheet of an organization's colour. Its address names the colour, so that it is made of nothing else."""

from __future__ import annotations

from typing import Final

import aiohttp_jinja2
from aiohttp import web

from engine.domain.accounts import accents
from engine.foundation import http, manners
from engine.foundation.assets import YEAR_S
from engine.foundation.errors import NotFound

ROUTE: Final = r"/brand/{accent:[0-9a-f]{6}}/{version:[0-9a-f]{12}}.css"


def setup(app: web.Application) -> None:
    """Register it; templates are given ``brand_url``."""
    manners.serve(app, "GET", ROUTE, style_sheet, manners.FILE)
    aiohttp_jinja2.get_env(app).globals["brand_url"] = url


def url(accent: str) -> str:
    """The address of the style sheet that colours a page so."""
    return f"/brand/{accent.removeprefix('#')}/{accents.version(accent)}.css"


async def style_sheet(request: web.Request) -> web.Response:
    """The colour's design tokens. NotFound for a colour that no organization may have.

    Another release's address leads to this one's sheet, as it is with every other file of a page.
    """
    accent, version = "#" + request.match_info["accent"], request.match_info["version"]
    if not accents.is_taken(accent):
        raise NotFound
    etag = accents.version(accent)
    headers = {
        "Cache-Control": f"public, max-age={YEAR_S}, immutable" if version == etag else "no-cache",
        "ETag": f'"{etag}"',
        "X-Content-Type-Options": "nosniff",
    }
    if http.fresh(request, etag):
        return web.Response(status=304, headers=headers)
    return web.Response(text=accents.style_sheet(accent), content_type="text/css", charset="utf-8", headers=headers)
