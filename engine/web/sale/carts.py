"""The requirement documents' cart: the hold whose capability is shown, without its id in the address."""

from __future__ import annotations

from aiohttp import web

from engine.domain import errors as refusals
from engine.foundation import errors
from engine.services.appkeys import HOLDS
from engine.web import auth
from engine.web.route import Route
from engine.web.sale.holds import dropped, shown
from engine.web.sale.holds_shapes import HoldDocument


async def read_cart(request: web.Request) -> web.Response:
    """The hold as it stands; 410 once it is over."""
    token = auth.hold_token(request)
    holds = request.config_dict[HOLDS]
    return await shown(request, await holds.of_token(await holds.id_of(token), token))


async def empty_cart(request: web.Request) -> web.Response:
    """Give everything back at once."""
    token = auth.hold_token(request)
    holds = request.config_dict[HOLDS]
    await holds.release(await holds.id_of(token), token)
    return web.Response(status=204)


async def drop_cart_item(request: web.Request) -> web.Response:
    """Give back one ticket, by its unit, or all of one type, by its id."""
    hold_id = await request.config_dict[HOLDS].id_of(auth.hold_token(request))
    return await dropped(request, hold_id, request.match_info["item"])


async def extend_cart(request: web.Request) -> web.Response:
    """A full life from now, within the cap of 900 s in total."""
    token = auth.hold_token(request)
    holds = request.config_dict[HOLDS]
    return await shown(request, await holds.extend(await holds.id_of(token), token))


_AT = "/v1/cart"
_OVER = (refusals.CapabilityWrong, refusals.HoldExpired, refusals.InventoryRebuilding)
ROUTES: tuple[Route, ...] = (
    Route("GET", _AT, read_cart, "capability", gives=HoldDocument).refuses(*_OVER),
    Route("DELETE", _AT, empty_cart, "capability", status=204).refuses(*_OVER, refusals.HoldOrdered),
    Route("DELETE", f"{_AT}/items/{{item}}", drop_cart_item, "capability", gives=HoldDocument).refuses(
        *_OVER, refusals.HoldOrdered, errors.NotFound
    ),
    Route("POST", f"{_AT}/extend-lock", extend_cart, "capability", gives=HoldDocument).refuses(
        *_OVER, refusals.HoldOrdered, refusals.HoldLifetimeExceeded
    ),
)
