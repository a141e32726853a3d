"""Corrections of paid orders over HTTP: mailed again, another name, another address."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from engine.domain import errors as refusals
from engine.domain.money.corrections import CodeMailed, OrderChange, Resent, ResentOften
from engine.domain.tickets.one_time_codes import OtpExpired, OtpLocked, OtpMailedOften, OtpWrong
from engine.foundation import errors, guesses, http
from engine.services.appkeys import CORRECTIONS
from engine.web import auth
from engine.web.forms import form
from engine.web.money.orders_shapes import OrderDocument, order_document
from engine.web.route import Route

UNKEPT: Final = {"Cache-Control": "no-store"}


async def resend_order(request: web.Request) -> web.Response:
    """Mail the order's tickets to its buyer once more: three times an hour if the buyer asks."""
    resent = await request.config_dict[CORRECTIONS].resend(
        request.match_info["order_id"], person=auth.optional_person(request), token=auth.order_token(request)
    )
    return http.json(resent, 202, headers=UNKEPT)


async def correct_order(request: web.Request) -> web.Response:
    """Another name or address of the buyer: with a code mailed to the old address (202 mails it), or staff's reason."""
    order_id, person, token = request.match_info["order_id"], auth.optional_person(request), auth.order_token(request)
    change = await form(request, OrderChange)
    with guesses.typed(request, change.code):
        done = await request.config_dict[CORRECTIONS].correct(order_id, change, person=person, token=token)
    if isinstance(done, CodeMailed):
        return http.json(done, 202, headers=UNKEPT)
    order, to_buyer = done
    return http.json(order_document(order, to_buyer=to_buyer), headers=UNKEPT)


_OWN: Final = (
    errors.Unauthenticated,
    refusals.CapabilityWrong,
    errors.NotFound,
    errors.Forbidden,
    refusals.OrderUnpaid,
)

ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/v1/orders/{order_id}/resend",
        resend_order,
        "capability",
        "buy",
        needs="orders.write",
        gives=Resent,
        status=202,
    ).refuses(*_OWN, ResentOften),
    Route(
        "PATCH",
        "/v1/orders/{order_id}",
        correct_order,
        "capability",
        "buy",
        needs="orders.write",
        takes=OrderChange,
        gives=OrderDocument,
    ).refuses(
        *_OWN,
        errors.Malformed,
        refusals.AddressNotCarried,
        OtpWrong,
        OtpExpired,
        OtpLocked,
        OtpMailedOften,
    ),
)
