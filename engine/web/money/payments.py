"""Payments over HTTP: the client says that it has paid."""

from __future__ import annotations

import msgspec
from aiohttp import web
from msgspec import Struct

from engine.domain import errors as refusals
from engine.foundation import bodies, errors, http
from engine.services.appkeys import PAYMENTS
from engine.web.money.orders_shapes import Id
from engine.web.route import Route


class ConfirmRequest(Struct, frozen=True):
    order_id: Id
    payment_intent_id: Id


class ConfirmDocument(Struct):
    order_id: str
    order_number: str
    status: str
    amount_cents: int
    currency: str


class CamelConfirm(Struct, frozen=True):
    """The requirement documents' spelling."""

    orderId: Id
    paymentIntentId: Id


_snake = msgspec.json.Decoder(ConfirmRequest)
_camel = msgspec.json.Decoder(CamelConfirm)


async def confirm(request: web.Request) -> web.Response:
    """The client's word that it has paid: the provider is asked, nothing is believed."""
    raw = await bodies.read(request)
    body = _confirmed(raw)
    order = await request.config_dict[PAYMENTS].confirm(body.order_id, body.payment_intent_id)
    document = ConfirmDocument(order.id, order.order_number, order.status, order.amount_cents, order.currency)
    return http.json(document, headers={"Cache-Control": "no-store"})


def _confirmed(raw: bytes) -> ConfirmRequest:
    if b'"orderId"' in raw:
        body = bodies.decode(raw, _camel)
        return ConfirmRequest(body.orderId, body.paymentIntentId)
    return bodies.decode(raw, _snake)


ROUTES: tuple[Route, ...] = (
    Route(
        "POST", "/v1/payments/confirm", confirm, "public", "buy", takes=ConfirmRequest, gives=ConfirmDocument
    ).refuses(
        errors.Malformed,
        errors.NotFound,
        refusals.PaymentMismatch,
        refusals.PaymentRefused,
        refusals.ProviderUnavailable,
    ),
)
