"""Refund requests over HTTP: a buyer gives tickets back along the event's policy, an organizer answers."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from engine.domain import errors as refusals
from engine.domain.accounts.errors import OrganizationUnknown
from engine.domain.fields import NO_NUL
from engine.domain.money.asked_refunds import AskedRefund, AskedStatus, ReturnPreview
from engine.domain.tickets.transfers import TicketUsed
from engine.foundation import bodies, errors, http, lists
from engine.foundation.lists import Page, PageQuery, id_cursor, listed
from engine.services.appkeys import ASKED_REFUNDS, ORDERS
from engine.web import auth
from engine.web.forms import form
from engine.web.money.orders_shapes import Id
from engine.web.money.refunds import LINES_MAX, MESSAGE_CHARS_MAX, REASON_CHARS_MAX
from engine.web.route import Route

TICKET_IDS: Final = rf"^tkt_[0-9A-Z]{{26}}(,tkt_[0-9A-Z]{{26}}){{0,{LINES_MAX - 1}}}$"
UNSHARED: Final = {"Cache-Control": "no-store"}

Ids = Annotated[tuple[Id, ...], Meta(min_length=1, max_length=LINES_MAX)]
Message = Annotated[str, Meta(min_length=1, max_length=MESSAGE_CHARS_MAX, pattern=NO_NUL)]


class NewAskedRefund(Struct, frozen=True):
    """``ticket_ids`` left out: every ticket that may be given back. ``reason`` is read by the organizer."""

    ticket_ids: Ids | None = None
    reason: Annotated[str, Meta(max_length=REASON_CHARS_MAX, pattern=NO_NUL)] = ""


class Approval(Struct, frozen=True):
    """``message`` is mailed to the buyer with the refund."""

    message: Message | None = None


class Declining(Struct, frozen=True):
    """``message`` is mailed to the buyer: nobody is sent away without a word."""

    message: Message


class PreviewQuery(Struct, frozen=True, kw_only=True):
    """``ticket_ids`` joined by commas; left out: every ticket that may be given back."""

    ticket_ids: Annotated[str, Meta(pattern=TICKET_IDS)] | None = None


class AskedQuery(PageQuery, frozen=True, kw_only=True):
    """``status`` left out: all of them."""

    status: AskedStatus | None = None


_asked = msgspec.json.Decoder(NewAskedRefund)


async def ask_refund(request: web.Request) -> web.Response:
    """Give tickets back. ``refunded`` if the event's policy returns the money by itself, else ``requested``."""
    body = await bodies.body(request, _asked)
    asked = await request.config_dict[ASKED_REFUNDS].ask(
        request.match_info["order_id"],
        body.ticket_ids,
        body.reason,
        person=auth.optional_person(request),
        token=auth.order_token(request),
    )
    return http.json(asked, 201, headers=UNSHARED)


async def preview_refund(request: web.Request) -> web.Response:
    """What would come back, before asking; ``reason`` says why nothing would."""
    named = bodies.query(request, PreviewQuery).ticket_ids
    preview = await request.config_dict[ASKED_REFUNDS].preview(
        request.match_info["order_id"],
        tuple(named.split(",")) if named is not None else None,
        person=auth.optional_person(request),
        token=auth.order_token(request),
    )
    return http.json(preview, headers=UNSHARED)


async def list_order_requests(request: web.Request) -> web.Response:
    """The order's refund requests, oldest first."""
    orders, person = request.config_dict[ORDERS], auth.optional_person(request)
    order = await orders.read(request.match_info["order_id"], person=person, token=auth.order_token(request))
    rows = await request.config_dict[ASKED_REFUNDS].of_order(order.id)
    response = listed(request, rows, lambda row: row.id)
    response.headers["Cache-Control"] = "no-store"
    return response


async def list_organization_requests(request: web.Request) -> web.Response:
    """An organization's refund requests, newest first."""
    query = bodies.query(request, AskedQuery)
    organization_id, before = request.match_info["organization_id"], id_cursor(query.cursor, "rrq")
    rows = await request.config_dict[ASKED_REFUNDS].of_organization(
        auth.person(request), organization_id, query.status, before, query.limit + 1
    )
    return http.json(lists.page(rows, query.limit, lambda row: row.id), headers=UNSHARED)


async def approve_request(request: web.Request) -> web.Response:
    """Give back what was asked for."""
    body = await form(request, Approval, absent=b"{}")
    asked = await request.config_dict[ASKED_REFUNDS].approve(
        auth.person(request), request.match_info["request_id"], body.message
    )
    return http.json(asked, headers=UNSHARED)


async def decline_request(request: web.Request) -> web.Response:
    """Say no, with words."""
    body = await form(request, Declining)
    asked = await request.config_dict[ASKED_REFUNDS].decline(
        auth.person(request), request.match_info["request_id"], body.message
    )
    return http.json(asked, headers=UNSHARED)


_AT: Final = "/v1/orders/{order_id}/refund-requests"
_ONE: Final = "/v1/refund-requests/{request_id}"
_NO_ORDER: Final = (errors.Unauthenticated, refusals.CapabilityWrong, errors.NotFound)
_TICKETS: Final = (
    refusals.OrderNotRefundable,
    refusals.RefundExceedsPaid,
    TicketUsed,
    refusals.TicketNotReturnable,
    refusals.SwitchedOff,
)
_DECIDES: Final = (errors.Forbidden, refusals.RefundRequestUnknown, refusals.RefundRequestDecided)

ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        _AT,
        ask_refund,
        "capability",
        "own",
        takes=NewAskedRefund,
        gives=AskedRefund,
        status=201,
    ).refuses(*_NO_ORDER, *_TICKETS, refusals.RefundWindowClosed, refusals.RefundRequestOpen),
    Route(
        "GET",
        _AT + "/preview",
        preview_refund,
        "capability",
        "own",
        gives=ReturnPreview,
        query=PreviewQuery,
    ).refuses(errors.Malformed, errors.Invalid, *_NO_ORDER),
    Route(
        "GET",
        _AT,
        list_order_requests,
        "capability",
        "own",
        needs="orders.read",
        gives=Page[AskedRefund],
        query=PageQuery,
    ).refuses(errors.Malformed, *_NO_ORDER),
    Route(
        "GET",
        "/v1/organizations/{organization_id}/refund-requests",
        list_organization_requests,
        "organizer",
        "operate",
        needs="refunds.read",
        gives=Page[AskedRefund],
        query=AskedQuery,
    ).refuses(errors.Forbidden, OrganizationUnknown, errors.Malformed),
    Route(
        "POST",
        _ONE + "/approve",
        approve_request,
        "organizer",
        "operate",
        needs="refunds.write",
        takes=Approval,
        gives=AskedRefund,
    ).refuses(*_DECIDES, *_TICKETS),
    Route(
        "POST",
        _ONE + "/decline",
        decline_request,
        "organizer",
        "operate",
        needs="refunds.write",
        takes=Declining,
        gives=AskedRefund,
    ).refuses(*_DECIDES),
)
