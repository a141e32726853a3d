"""An event's orders as a table, over HTTP."""

from __future__ import annotations

from aiohttp import web

from engine.foundation import errors, http
from engine.services.appkeys import ORDERS
from engine.services.insight import order_sheets
from engine.web.auth import person
from engine.web.route import Route


async def export_orders(request: web.Request) -> web.StreamResponse:
    """Every order of an event as CSV for spreadsheets, newest first."""
    event_id = request.match_info["event_id"]
    pieces = order_sheets.of_event(request.config_dict[ORDERS], person(request), event_id)
    return await http.piecewise(request, pieces, "text/csv; charset=utf-8", f"{event_id}-orders.csv")


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/events/{event_id}/export.csv",
        export_orders,
        "organizer",
        "document",
        needs="orders.read",
        content_type="text/csv",
    ).refuses(errors.Forbidden, errors.NotFound),
)
