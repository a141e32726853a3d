"""Cash drawers over HTTP."""

from __future__ import annotations

from aiohttp import web

from engine.domain.catalogue.errors import EventUnknown
from engine.domain.errors import DrawerClosed, DrawerOpen
from engine.domain.money.box_office.drawers import Drawer, DrawerClosing, DrawerOpening
from engine.foundation import http
from engine.foundation.errors import Forbidden, Malformed
from engine.foundation.lists import Page, PageQuery, listed
from engine.services.appkeys import DRAWERS
from engine.web import auth
from engine.web.forms import form
from engine.web.route import Route


async def open_drawer(request: web.Request) -> web.Response:
    """Open one's cash drawer for an event, with what lies in it."""
    actor = auth.person(request)
    given = await form(request, DrawerOpening, absent=b"{}")
    drawer = await request.config_dict[DRAWERS].open(actor, request.match_info["event_id"], given)
    return http.json(drawer, 201)


async def close_drawer(request: web.Request) -> web.Response:
    """Close it with what was counted: what should lie in it by the ledger, and the difference."""
    actor = auth.person(request)
    given = await form(request, DrawerClosing)
    return http.json(await request.config_dict[DRAWERS].close(actor, request.match_info["event_id"], given))


async def list_drawers(request: web.Request) -> web.Response:
    """Everybody's drawers of an event, newest first."""
    rows = await request.config_dict[DRAWERS].of_event(auth.person(request), request.match_info["event_id"])
    return listed(request, rows, lambda drawer: drawer.id)


_AT = "/v1/events/{event_id}/cash-drawer"
ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        f"{_AT}/open",
        open_drawer,
        "organizer",
        "operate",
        needs="box_office.write",
        takes=DrawerOpening,
        gives=Drawer,
        status=201,
    ).refuses(Forbidden, EventUnknown, Malformed, DrawerOpen),
    Route(
        "POST",
        f"{_AT}/close",
        close_drawer,
        "organizer",
        "operate",
        needs="box_office.write",
        takes=DrawerClosing,
        gives=Drawer,
    ).refuses(Forbidden, EventUnknown, Malformed, DrawerClosed),
    Route(
        "GET",
        "/v1/events/{event_id}/cash-drawers",
        list_drawers,
        "organizer",
        "operate",
        needs="box_office.read",
        gives=Page[Drawer],
        query=PageQuery,
    ).refuses(Forbidden, EventUnknown, Malformed),
)
