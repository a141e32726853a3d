"""Payments over HTTP: the client says it is done, the provider says so, and refunds."""

from __future__ import annotations

import msgspec
from aiohttp import web
from msgspec import Struct

from engine.domain import errors as refusals
from engine.domain.money.refund_requests import RefundRequest
from engine.foundation import bodies, errors, http
from engine.foundation.idempotency import key_of, scope_of
from engine.foundation.lists import listed
from engine.services.appkeys import IDEMPOTENCY, ORDERS, PAYMENTS, REFUNDS, WEBHOOKS
from engine.services.money.webhooks import SignatureRefused
from engine.web import auth
from engine.web.money.orders_shapes import (
    ConfirmDocument,
    ConfirmRequest,
    Id,
    ListQuery,
    RefundBody,
    RefundDocument,
    RefundList,
    refund_document,
)
from engine.web.route import Route

WEBHOOK_BYTES_MAX = 512 * 1024


class CamelConfirm(Struct, frozen=True):
    """The requirement documents' spelling."""

    orderId: Id
    paymentIntentId: Id


class Receipt(Struct):
    received: bool
    repeated: bool


_snake = msgspec.json.Decoder(ConfirmRequest)
_camel = msgspec.json.Decoder(CamelConfirm)
_refund = msgspec.json.Decoder(RefundBody)


async def confirm(request: web.Request) -> web.Response:
    """The client's word that it has paid: the provider is asked, nothing is believed."""
    raw = await bodies.read(request)
    body = _confirmed(raw)
    order = await request.config_dict[PAYMENTS].confirm(body.order_id, body.payment_intent_id)
    document = ConfirmDocument(order.id, order.order_number, order.status, order.amount_cents, order.currency)
    return http.json(document, headers={"Cache-Control": "no-store"})


async def receive_webhook(request: web.Request) -> web.Response:
    """An event of the payment provider: 200 once it is stored, whether or not it was here before."""
    body = await bodies.read(request, WEBHOOK_BYTES_MAX)
    signature = request.headers.get("Stripe-Signature", "")
    fresh = await request.config_dict[WEBHOOKS].receive(body, signature, request.get(http.REQUEST_ID, ""))
    return http.json(Receipt(received=True, repeated=not fresh))


async def create_refund(request: web.Request) -> web.Response:
    """Give back tickets, an amount, or everything that is left. ``status`` may still be pending."""
    raw = await bodies.read(request)
    body = bodies.decode(raw, _refund)
    key = key_of(request)
    actor = auth.person(request)

    scope = scope_of(auth.principal(request), request, key)

    async def run() -> web.Response:
        wanted = RefundRequest(body.reason, body.lines, body.amount_cents)
        refund = await request.config_dict[REFUNDS].create(actor, request.match_info["order_id"], wanted, once_as=scope)
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


def _confirmed(raw: bytes) -> ConfirmRequest:
    if b'"orderId"' in raw:
        body = bodies.decode(raw, _camel)
        return ConfirmRequest(body.orderId, body.paymentIntentId)
    return bodies.decode(raw, _snake)


_AT = "/v1/orders/{order_id}/refunds"

ROUTES: tuple[Route, ...] = (
    Route("POST", "/v1/payments/confirm", confirm, "public", takes=ConfirmRequest, gives=ConfirmDocument).refuses(
        errors.Malformed,
        errors.NotFound,
        refusals.PaymentMismatch,
        refusals.PaymentRefused,
        refusals.ProviderUnavailable,
    ),
    Route("POST", "/v1/webhooks/stripe", receive_webhook, "provider", gives=Receipt)
    .refuses(SignatureRefused, errors.Malformed, errors.TooLarge)
    .also("/webhooks/stripe", "/api/webhook/stripe"),
    Route(
        "POST", _AT, create_refund, "organizer", takes=RefundBody, gives=RefundDocument, status=201, idempotent=True
    ).refuses(
        errors.Malformed,
        errors.Forbidden,
        errors.NotFound,
        refusals.RefundExceedsPaid,
        refusals.OrderNotRefundable,
        refusals.SwitchedOff,
    ),
    Route("GET", _AT, list_refunds, "capability", gives=RefundList, query=ListQuery).refuses(
        errors.Malformed, errors.Unauthenticated, refusals.CapabilityWrong, errors.NotFound
    ),
)
