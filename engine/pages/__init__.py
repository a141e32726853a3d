"""The fans' pages: events, an event, its shop, the checkout, the order with its tickets; the gate; the API explorer."""

from __future__ import annotations

from aiohttp import web

from engine.pages import checkout, docs, events, frame, gate, orders, shop


def setup(app: web.Application) -> None:
    """Register pages, their templates and static files. Services are found by their AppKeys."""
    frame.setup(app)
    events.setup(app)
    shop.setup(app)
    checkout.setup(app)
    orders.setup(app)
    gate.setup(app)
    docs.setup(app)
