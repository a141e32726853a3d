"""Blocked places of a published event over HTTP."""

from __future__ import annotations

from aiohttp import web

from engine.domain.accounts.errors import OrganizationSuspended
from engine.domain.catalogue.errors import ChartMissing, EventNotPublished, EventUnknown, UnitsTaken
from engine.domain.errors import InventoryRebuilding, InventoryUnavailable, UnitsNotBlocked
from engine.domain.sale.blocks import Block, UnitsBlock, UnitsBlocked, UnitsUnblock
from engine.foundation import http
from engine.foundation.errors import Forbidden, Malformed
from engine.foundation.lists import Page, PageQuery, listed
from engine.services.appkeys import BLOCKS
from engine.web.auth import person
from engine.web.forms import form
from engine.web.route import Route


async def block_units(request: web.Request) -> web.Response:
    """Keep free places from sale; what somebody has is never blocked."""
    actor = person(request)
    given = await form(request, UnitsBlock)
    return http.json(await request.config_dict[BLOCKS].block(actor, request.match_info["event_id"], given))


async def unblock_units(request: web.Request) -> web.Response:
    """Put blocked places on sale again."""
    actor = person(request)
    given = await form(request, UnitsUnblock)
    return http.json(await request.config_dict[BLOCKS].unblock(actor, request.match_info["event_id"], given))


async def list_blocked(request: web.Request) -> web.Response:
    """The places that are kept from sale, in the chart's order."""
    rows = await request.config_dict[BLOCKS].of_event(person(request), request.match_info["event_id"])
    return listed(request, rows, lambda block: str(block.unit))


_AT = "/v1/events/{event_id}/units"
_NO = (
    Forbidden,
    Malformed,
    EventUnknown,
    ChartMissing,
    EventNotPublished,
    OrganizationSuspended,
    InventoryRebuilding,
    InventoryUnavailable,
)
ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        f"{_AT}/block",
        block_units,
        "organizer",
        "operate",
        needs="allotments.write",
        takes=UnitsBlock,
        gives=UnitsBlocked,
    ).refuses(*_NO, UnitsTaken),
    Route(
        "POST",
        f"{_AT}/unblock",
        unblock_units,
        "organizer",
        "operate",
        needs="allotments.write",
        takes=UnitsUnblock,
        gives=UnitsBlocked,
    ).refuses(*_NO, UnitsNotBlocked, UnitsTaken),
    Route(
        "GET",
        f"{_AT}/blocked",
        list_blocked,
        "organizer",
        "operate",
        needs="allotments.read",
        gives=Page[Block],
        query=PageQuery,
    ).refuses(Forbidden, EventUnknown, ChartMissing, Malformed),
)
