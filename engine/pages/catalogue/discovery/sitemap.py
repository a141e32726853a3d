"""What search engines may visit (sitemaps.org): an index, a sitemap of places, as many of events as there must be."""

from __future__ import annotations

from datetime import UTC
from typing import Final
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement

from aiohttp import web

from engine.domain.catalogue.discovery import Visited
from engine.foundation import manners
from engine.foundation.errors import NotFound
from engine.pages.catalogue.discovery.documents import child, home, shared, xml
from engine.services.appkeys import DISCOVERY

EVENTS_PER_PART: Final = 10_000  # the protocol allows 50,000
PARTS_MAX: Final = 1_000
STANDS_S: Final = 300
XML: Final = "application/xml; charset=utf-8"
_NAMESPACE: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
_ROBOTS: Final = """User-agent: *
Disallow: /checkout/
Disallow: /order/
Disallow: /my-tickets
Disallow: /v1/
Sitemap: {home}/sitemap.xml
"""


def setup(app: web.Application) -> None:
    manners.serve(app, "GET", "/robots.txt", robots, manners.PAGE)
    manners.serve(app, "GET", "/sitemap.xml", index, manners.PAGE)
    manners.serve(app, "GET", "/sitemap-places.xml", places, manners.PAGE)
    manners.serve(app, "GET", r"/sitemap-events-{part:\d{1,4}}.xml", events, manners.PAGE)


async def robots(request: web.Request) -> web.StreamResponse:
    """The sitemap's address, and which pages are one person's own."""

    async def made() -> bytes:
        return _ROBOTS.format(home=home(request)).encode()

    return await shared(request, made, content_type="text/plain; charset=utf-8", stands_s=STANDS_S)


async def index(request: web.Request) -> web.StreamResponse:
    """The sitemaps there are."""

    async def made() -> bytes:
        count = await request.config_dict[DISCOVERY].events_count()
        root = Element("sitemapindex", {"xmlns": _NAMESPACE})
        parts = min(PARTS_MAX, -(-count // EVENTS_PER_PART))
        for name in ("places", *(f"events-{part}" for part in range(1, parts + 1))):
            child(SubElement(root, "sitemap"), "loc", f"{home(request)}/sitemap-{name}.xml")
        return xml(root)

    return await shared(request, made, content_type=XML, stands_s=STANDS_S)


async def places(request: web.Request) -> web.StreamResponse:
    """The list itself, and the pages of cities, venues and organizers."""

    async def made() -> bytes:
        found = await request.config_dict[DISCOVERY].place_pages()
        paths = [f"/{kind}/{quote(page.name, safe='')}" for kind, pages in found.items() for page in pages]
        return _written(home(request), [Visited("/"), *map(Visited, paths)])

    return await shared(request, made, content_type=XML, stands_s=STANDS_S)


async def events(request: web.Request) -> web.StreamResponse:
    """One part of the events' pages."""
    part = int(request.match_info["part"])
    begin = (part - 1) * EVENTS_PER_PART
    count = await request.config_dict[DISCOVERY].events_count()
    if part < 1 or begin >= count:
        raise NotFound("There is no such part of the sitemap")

    async def made() -> bytes:
        pages = await request.config_dict[DISCOVERY].event_pages(begin, EVENTS_PER_PART)
        return _written(home(request), [Visited(f"/e/{page.name}", page.changed_at) for page in pages])

    return await shared(request, made, content_type=XML, stands_s=STANDS_S)


def _written(base: str, pages: list[Visited]) -> bytes:
    root = Element("urlset", {"xmlns": _NAMESPACE})
    for page in pages:
        url = SubElement(root, "url")
        child(url, "loc", base + page.name)
        if page.changed_at is not None:
            child(url, "lastmod", page.changed_at.astimezone(UTC).isoformat(timespec="seconds"))
    return xml(root)
