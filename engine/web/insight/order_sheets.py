"""An event's orders and its door list as tables, over HTTP."""

from __future__ import annotations

from aiohttp import web

from engine.foundation import errors, http
from engine.services.appkeys import ORDER_SHEETS
from engine.web.auth import person
from engine.web.route import Route


async def export_orders(request: web.Request) -> web.StreamResponse:
    """Every order of an event as CSV for spreadsheets, newest first."""
    event_id = request.match_info["event_id"]
    pieces = request.config_dict[ORDER_SHEETS].of_event(person(request), event_id)
    return await http.piecewise(request, pieces, "text/csv; charset=utf-8", f"{event_id}-orders.csv")


async def export_door_list(request: web.Request) -> web.StreamResponse:
    """Every ticket that somebody has as CSV for spreadsheets, by place, with who comes and what they answered."""
    event_id = request.match_info["event_id"]
    pieces = request.config_dict[ORDER_SHEETS].door_list(person(request), event_id)
    return await http.piecewise(request, pieces, "text/csv; charset=utf-8", f"{event_id}-door-list.csv")


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
    Route(
        "GET",
        "/v1/events/{event_id}/door-list.csv",
        export_door_list,
        "organizer",
        "document",
        needs="orders.read",
        content_type="text/csv",
    ).refuses(errors.Forbidden, errors.NotFound),
)
