"""The fans' pages: events, an event, its shop, the checkout, its tickets; accounts; the gate; docs."""

from __future__ import annotations

from aiohttp import web

from engine.pages import docs, frame, styleguide
from engine.pages.accounts import brand, header, links, preferences, signing, ways
from engine.pages.catalogue import complaints, dates, discovery, events, listing, widget
from engine.pages.catalogue.programme import previews, series
from engine.pages.gates import gate
from engine.pages.insight import account, my_data, policies
from engine.pages.money import checkout, corrections, orders, returns
from engine.pages.sale import held, shop
from engine.pages.tickets import tickets, transfers


def setup(app: web.Application) -> None:
    """Register pages, their templates and static files. Services are found by their AppKeys."""
    frame.setup(app)
    brand.setup(app)
    listing.setup(app)
    events.setup(app)
    complaints.setup(app)
    previews.setup(app)
    dates.setup(app)
    series.setup(app)
    discovery.setup(app)
    widget.setup(app)
    shop.setup(app)
    held.setup(app)
    checkout.setup(app)
    orders.setup(app)
    returns.setup(app)
    corrections.setup(app)
    tickets.setup(app)
    transfers.setup(app)
    gate.setup(app)
    links.setup(app)
    signing.setup(app)
    header.setup(app)
    ways.setup(app)
    preferences.setup(app)
    account.setup(app)
    my_data.setup(app)
    policies.setup(app)
    docs.setup(app)
    styleguide.setup(app)
