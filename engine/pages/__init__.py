"""The fans' pages: events, an event, its shop, the checkout, its tickets; mailed links; the gate; docs."""

from __future__ import annotations

from aiohttp import web

from engine.pages import docs, frame
from engine.pages.accounts import links
from engine.pages.catalogue import discovery, events, listing
from engine.pages.catalogue.programme import previews, series
from engine.pages.gates import gate
from engine.pages.money import checkout, orders
from engine.pages.sale import held, shop


def setup(app: web.Application) -> None:
    """Register pages, their templates and static files. Services are found by their AppKeys."""
    frame.setup(app)
    listing.setup(app)
    events.setup(app)
    previews.setup(app)
    series.setup(app)
    discovery.setup(app)
    shop.setup(app)
    held.setup(app)
    checkout.setup(app)
    orders.setup(app)
    gate.setup(app)
    links.setup(app)
    docs.setup(app)
