"""Payments over HTTP: what a buyer needs to pay, the client's word that it has paid, and how a payment stands."""

from __future__ import annotations

from datetime import datetime

import msgspec
from aiohttp import web
from msgspec import Struct, structs

from engine.domain import errors as refusals
from engine.domain.money.order_status import payment_state
from engine.domain.money.orders import OpenedOrder, Order, PayableOrder
from engine.foundation import bodies, errors, http
from engine.services.appkeys import CONFIRMS, ORDERS
from engine.web import auth
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


class IntentRequest(Struct, frozen=True):
    """The order to be paid, in our spelling or in the requirement documents'."""

    order_id: Id | None = None
    orderId: Id | None = None

    def order(self) -> str:
        """Its id. Invalid if it is not named."""
        named = self.order_id or self.orderId
        if named is None:
            raise errors.Invalid.at("/order_id", "missing", "Required")
        return named


class IntentDocument(PayableOrder, frozen=True, kw_only=True):
    """What is needed to pay, in both spellings."""

    orderId: str
    amountCents: int
    clientSecret: str | None
    paymentIntentId: str | None
    publishableKey: str


class PaymentDocument(Struct, frozen=True, kw_only=True):
    """``fee_cents`` is what of the amount is our fee; ``error`` what the payer's bank last said."""

    id: str
    order_id: str
    order_number: str
    provider: str
    amount_cents: int
    refunded_cents: int
    charged_back_cents: int
    currency: str
    status: str
    type: str
    fee_cents: int
    error: str | None
    created_at: datetime
    paid_at: datetime | None


_wanted = msgspec.json.Decoder(IntentRequest)
_snake = msgspec.json.Decoder(ConfirmRequest)
_camel = msgspec.json.Decoder(CamelConfirm)


async def confirm(request: web.Request) -> web.Response:
    """The client's word that it has paid: the provider is asked, nothing is believed."""
    raw = await bodies.read(request)
    body = _confirmed(raw)
    order = await request.config_dict[ORDERS].own(
        body.order_id, person=auth.optional_person(request), token=auth.order_token(request)
    )
    order = await request.config_dict[CONFIRMS].confirm(order, body.payment_intent_id)
    document = ConfirmDocument(order.id, order.order_number, order.status, order.amount_cents, order.currency)
    return http.json(document, headers={"Cache-Control": "no-store"})


def _confirmed(raw: bytes) -> ConfirmRequest:
    if b'"orderId"' in raw:
        body = bodies.decode(raw, _camel)
        return ConfirmRequest(body.orderId, body.paymentIntentId)
    return bodies.decode(raw, _snake)


async def create_intent(request: web.Request) -> web.Response:
    """What an order's buyer needs to pay it; its payment is created if it has none. Repeating gives the same one."""
    body = await bodies.body(request, _wanted)
    opened = await request.config_dict[ORDERS].pay(
        body.order(), person=auth.optional_person(request), token=auth.order_token(request)
    )
    return http.json(_both_spellings(opened), 201, headers={"Cache-Control": "no-store"})


async def read_payment(request: web.Request) -> web.Response:
    """One payment at the provider, and the order that it pays."""
    order = await request.config_dict[ORDERS].of_payment(
        request.match_info["payment_id"], person=auth.optional_person(request), token=auth.order_token(request)
    )
    return http.json(payment_of(order), headers={"Cache-Control": "no-store"})


def _both_spellings(opened: OpenedOrder) -> IntentDocument:
    facts = structs.asdict(opened)
    facts = {field: facts[field] for field in PayableOrder.__struct_fields__}
    return IntentDocument(
        **facts,
        orderId=opened.order_id,
        amountCents=opened.amount_cents,
        clientSecret=opened.client_secret,
        paymentIntentId=opened.payment_intent_id,
        publishableKey=opened.publishable_key,
    )


def payment_of(order: Order) -> PaymentDocument:
    """The payment of an order that has one."""
    assert order.payment_intent_id is not None, "found by its payment"
    return PaymentDocument(
        id=order.payment_intent_id,
        order_id=order.id,
        order_number=order.order_number,
        provider="stripe",
        amount_cents=order.amount_cents,
        refunded_cents=order.refunded_cents,
        charged_back_cents=order.charged_back_cents,
        currency=order.currency,
        status=payment_state(order),
        type="purchase",
        fee_cents=sum(line.fee_cents for line in order.lines),
        error=order.payment_error,
        created_at=order.created_at,
        paid_at=order.paid_at,
    )


_OWN = (errors.Unauthenticated, refusals.CapabilityWrong, errors.NotFound)
ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/v1/payments/confirm",
        confirm,
        "capability",
        takes=ConfirmRequest,
        gives=ConfirmDocument,
        repeats="always",
    ).refuses(
        errors.Malformed,
        errors.Unauthenticated,
        refusals.CapabilityWrong,
        errors.NotFound,
        refusals.PaymentMismatch,
        refusals.PaymentRefused,
        refusals.ProviderUnavailable,
    ),
    Route(
        "POST",
        "/v1/payments/create-intent",
        create_intent,
        "capability",
        takes=IntentRequest,
        gives=IntentDocument,
        status=201,
    ).refuses(
        *_OWN,
        errors.Malformed,
        refusals.OrderExpired,
        refusals.SalesClosed,
        refusals.PaymentRefused,
        refusals.ProviderUnavailable,
    ),
    Route("GET", "/v1/payments/{payment_id}", read_payment, "capability", gives=PaymentDocument).refuses(*_OWN),
)
