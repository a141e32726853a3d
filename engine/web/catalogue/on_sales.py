"""The on-sale of an event over HTTP."""

from __future__ import annotations

from aiohttp import web

from engine.domain.accounts.errors import OrganizationSuspended
from engine.domain.catalogue.errors import EventFrozen, EventUnknown, OnSaleMissing, OnSaleRunning
from engine.domain.catalogue.on_sales import NewOnSale, OnSale
from engine.foundation.errors import Forbidden
from engine.services.appkeys import ON_SALES
from engine.web.auth import optional_person, person
from engine.web.forms import form, versioned
from engine.web.route import Route


async def put_on_sale(request: web.Request) -> web.Response:
    """Set when selling is open, and the waiting room in front of it."""
    actor = person(request)
    given = await form(request, NewOnSale)
    on_sale = await request.config_dict[ON_SALES].put(actor, request.match_info["event_id"], given)
    return versioned(request, on_sale, on_sale.version)


async def read_on_sale(request: web.Request) -> web.Response:
    """When selling is open."""
    on_sale = await request.config_dict[ON_SALES].get(optional_person(request), request.match_info["event_id"])
    return versioned(request, on_sale, on_sale.version)


_ONE = "/v1/events/{event_id}/on-sale"
ROUTES: tuple[Route, ...] = (
    Route("PUT", _ONE, put_on_sale, "organizer", takes=NewOnSale, gives=OnSale).refuses(
        Forbidden, EventUnknown, EventFrozen, OnSaleRunning, OrganizationSuspended
    ),
    Route("GET", _ONE, read_on_sale, "public", gives=OnSale).refuses(EventUnknown, OnSaleMissing),
)
