"""Refunds over HTTP: an organizer gives money back, and who may read the order sees it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from engine.domain import errors as refusals
from engine.domain.fields import NO_NUL
from engine.domain.money.refund_requests import RefundRequest
from engine.domain.money.refunds import Refund
from engine.foundation import bodies, errors, http
from engine.foundation.idempotency import key_of, scope_of
from engine.foundation.lists import listed
from engine.services.appkeys import IDEMPOTENCY, ORDERS, REFUNDS
from engine.web import auth
from engine.web.money.orders_shapes import Id, ListQuery
from engine.web.route import Route

REASON_CHARS_MAX = 500
LINES_MAX = 200


class RefundBody(Struct, frozen=True):
    """Tickets, or an amount, or neither: everything that is left."""

    reason: Annotated[str, Meta(min_length=1, max_length=REASON_CHARS_MAX, pattern=NO_NUL)]
    lines: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=LINES_MAX)] | None = None
    amount_cents: Annotated[int, Meta(gt=0)] | None = None


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
    id: str
    order_id: str
    amount_cents: int
    net_cents: int
    taxes: dict[str, int]
    lines: list[str]
    reason: str
    status: Literal["pending", "succeeded", "failed"]
    error: str | None
    created_at: datetime
    settled_at: datetime | None


class RefundList(Struct):
    data: list[RefundDocument]
    next_cursor: str | None
    has_more: bool


_refund = msgspec.json.Decoder(RefundBody)
_refund_of_order = msgspec.json.Decoder(OrderRefundBody)


async def create_refund(request: web.Request) -> web.Response:
    """Give back tickets, an amount, or everything that is left. ``status`` may still be pending."""
    raw = await bodies.read(request)
    return await _refunded(request, request.match_info["order_id"], raw, bodies.decode(raw, _refund))


async def refund_order(request: web.Request) -> web.Response:
    """As a refund of the order that the body names."""
    raw = await bodies.read(request)
    body = bodies.decode(raw, _refund_of_order)
    return await _refunded(request, body.order(), raw, body)


async def _refunded(request: web.Request, order_id: str, raw: bytes, body: RefundBody) -> web.Response:
    key = key_of(request)
    actor = auth.person(request)

    scope = scope_of(auth.principal(request), request, key)

    async def run() -> web.Response:
        wanted = RefundRequest(body.reason, body.lines, body.amount_cents)
        refund = await request.config_dict[REFUNDS].create(actor, order_id, wanted, once_as=scope)
        return http.json(refund_document(refund), 201)

    return await request.config_dict[IDEMPOTENCY].once(scope, raw, run)


async def list_refunds(request: web.Request) -> web.Response:
    """The order's refunds, oldest first."""
    order = await request.config_dict[ORDERS].read(
        request.match_info["order_id"], person=auth.optional_person(request), token=auth.order_token(request)
    )
    rows = await request.config_dict[REFUNDS].of_order(order.id)
    response = listed(request, [refund_document(row) for row in rows], lambda refund: refund.id)
    response.headers["Cache-Control"] = "no-store"
    return response


def refund_document(refund: Refund) -> RefundDocument:
    """The refund's resource."""
    return RefundDocument(
        id=refund.id,
        order_id=refund.order_id,
        amount_cents=refund.amount_cents,
        net_cents=refund.net_cents,
        taxes=refund.taxes,
        lines=refund.ticket_ids,
        reason=refund.reason,
        status=refund.status,  # type: ignore[arg-type]  # the ledger's check constraint says the same
        error=refund.error,
        created_at=refund.created_at,
        settled_at=refund.settled_at,
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
    Route("POST", _AT, create_refund, "organizer", takes=RefundBody, gives=RefundDocument, status=201, idempotent=True)
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
        idempotent=True,
    ).refuses(*_NO),
    Route("GET", _AT, list_refunds, "capability", gives=RefundList, query=ListQuery).refuses(
        errors.Malformed, errors.Unauthenticated, refusals.CapabilityWrong, errors.NotFound
    ),
)
