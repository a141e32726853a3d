"""Refunds over HTTP: an organizer gives money back, and who may read the order sees it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from aiohttp import web
from msgspec import UNSET, Meta, Struct, UnsetType

from engine.domain import errors as refusals
from engine.domain.fields import NO_NUL
from engine.domain.money.refund_requests import RefundRequest
from engine.domain.money.refunds import Refund
from engine.foundation import bodies, errors, http
from engine.foundation.lists import listed
from engine.services.appkeys import ORDERS, REFUNDS
from engine.web import auth, once
from engine.web.money.orders_shapes import Id, ListQuery
from engine.web.route import Route

REASON_CHARS_MAX = 500
MESSAGE_CHARS_MAX = 1_000
LINES_MAX = 200


class RefundBody(Struct, frozen=True):
    """Tickets, or an amount, or neither: everything that is left. Tickets that cost nothing are returned for nothing.

    ``reason`` is for staff only; ``message`` is mailed to the buyer and shown on the order.
    """

    reason: Annotated[str, Meta(min_length=1, max_length=REASON_CHARS_MAX, pattern=NO_NUL)]
    lines: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=LINES_MAX)] | None = None
    amount_cents: Annotated[int, Meta(gt=0)] | None = None
    message: Annotated[str, Meta(min_length=1, max_length=MESSAGE_CHARS_MAX, pattern=NO_NUL)] | None = None


class OrderRefundBody(RefundBody, frozen=True, kw_only=True):
    """The same for the order named, in our spelling or in the requirement documents'."""

    order_id: Id | None = None
    orderId: Id | None = None

    def order(self) -> str:
        """Its id. Invalid if it is not named."""
        named = self.order_id or self.orderId
        if named is None:
            raise errors.Invalid.at("/order_id", "missing", "Required")
        return named


class RefundDocument(Struct):
    """``reason`` and ``error`` are there for staff only."""

    id: str
    order_id: str
    amount_cents: int
    net_cents: int
    taxes: dict[str, int]
    lines: list[str]
    message: str | None
    status: Literal["pending", "succeeded", "failed"]
    created_at: datetime
    settled_at: datetime | None
    reason: str | UnsetType = UNSET
    error: str | UnsetType | None = UNSET


class RefundList(Struct):
    data: list[RefundDocument]
    next_cursor: str | None
    has_more: bool


_refund = msgspec.json.Decoder(RefundBody)
_refund_of_order = msgspec.json.Decoder(OrderRefundBody)


async def create_refund(request: web.Request) -> web.Response:
    """Give back tickets, an amount, or everything that is left. ``status`` may still be pending."""
    body = await bodies.body(request, _refund)
    return await _refunded(request, request.match_info["order_id"], body)


async def refund_order(request: web.Request) -> web.Response:
    """As a refund of the order that the body names."""
    body = await bodies.body(request, _refund_of_order)
    return await _refunded(request, body.order(), body)


async def _refunded(request: web.Request, order_id: str, body: RefundBody) -> web.Response:
    wanted = RefundRequest(body.reason, body.lines, body.amount_cents, body.message)
    refund = await request.config_dict[REFUNDS].create(
        auth.person(request), order_id, wanted, once_as=request[once.SCOPE]
    )
    return http.json(refund_document(refund, to_staff=True), 201)


async def list_refunds(request: web.Request) -> web.Response:
    """The order's refunds, oldest first; why they were made is told to staff only."""
    orders, person = request.config_dict[ORDERS], auth.optional_person(request)
    order = await orders.read(request.match_info["order_id"], person=person, token=auth.order_token(request))
    to_staff = await orders.staff_reads(order, person)
    rows = await request.config_dict[REFUNDS].of_order(order.id)
    response = listed(request, [refund_document(row, to_staff=to_staff) for row in rows], lambda refund: refund.id)
    response.headers["Cache-Control"] = "no-store"
    return response


def refund_document(refund: Refund, *, to_staff: bool) -> RefundDocument:
    """The refund's resource."""
    return RefundDocument(
        id=refund.id,
        order_id=refund.order_id,
        amount_cents=refund.amount_cents,
        net_cents=refund.net_cents,
        taxes=refund.taxes,
        lines=refund.ticket_ids,
        message=refund.message,
        status=refund.status,  # type: ignore[arg-type]  # the ledger's check constraint says the same
        created_at=refund.created_at,
        settled_at=refund.settled_at,
        reason=refund.reason if to_staff else UNSET,
        error=refund.error if to_staff else UNSET,
    )


_AT = "/v1/orders/{order_id}/refunds"
_NO = (
    errors.Malformed,
    errors.Forbidden,
    errors.NotFound,
    refusals.RefundExceedsPaid,
    refusals.OrderNotRefundable,
    refusals.SwitchedOff,
)

ROUTES: tuple[Route, ...] = (
    Route("POST", _AT, create_refund, "organizer", takes=RefundBody, gives=RefundDocument, status=201, repeats="keyed")
    .refuses(*_NO)
    .also("/v1/orders/{order_id}/refund"),
    Route(
        "POST",
        "/v1/payments/refund",
        refund_order,
        "organizer",
        takes=OrderRefundBody,
        gives=RefundDocument,
        status=201,
        repeats="keyed",
    ).refuses(*_NO),
    Route("GET", _AT, list_refunds, "capability", gives=RefundList, query=ListQuery).refuses(
        errors.Malformed, errors.Unauthenticated, refusals.CapabilityWrong, errors.NotFound
    ),
)
