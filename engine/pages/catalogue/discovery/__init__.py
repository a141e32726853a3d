"""Ways to an event from elsewhere: pages of places, feeds, calendars, sitemaps, pictures for previews."""

from __future__ import annotations

from aiohttp import web

from engine.pages.catalogue.discovery import feeds, pictures, places, sitemap


def setup(app: web.Application) -> None:
    places.setup(app)
    feeds.setup(app)
    sitemap.setup(app)
    pictures.setup(app)
