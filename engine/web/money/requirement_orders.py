"""The requirement documents' own way to order: items and buyer in one call, in their spelling, on their paths.

It is a hold and an order of ours in one request. What the order refuses gives the hold back. Either kind of body may
come to either address: one with ``items`` and without ``hold_id`` is theirs, every other is the canonical one.
"""

from __future__ import annotations

import contextlib
from typing import Annotated, Any

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from engine.domain.money.answers import GivenAnswers, GivenAttendees
from engine.domain.money.orders import OpenedOrder
from engine.domain.sale.holds import CODE_CHARS_MAX, ITEMS_MAX, QUANTITY_MAX, SEAT_CHARS_MAX, HoldItem, HoldRequest
from engine.foundation import bodies, errors, guesses, http
from engine.foundation.idempotency import key_of, scope_of
from engine.services.appkeys import HOLDS, IDEMPOTENCY, ORDERS
from engine.web import auth
from engine.web.money.orders import OPEN_REFUSES, buyer_of, open_from, told_of
from engine.web.money.orders_shapes import Id, Locale, OrderRequest, UserInfo
from engine.web.route import Route

SEATS_MAX = 50


class SeatInfo(Struct, frozen=True):
    """A seat as ``Section/Row/Seat``, or its parts."""

    seat: str | None = None
    section: str | None = None
    row: str | None = None
    seats: Annotated[tuple[str, ...], Meta(max_length=SEATS_MAX)] = ()

    def named(self) -> tuple[str, ...]:
        """The seats in our spelling."""
        parts = self.seats or ((self.seat,) if self.seat else ())
        prefix = f"{self.section}/{self.row}/" if self.section and self.row else ""
        return tuple(seat if "/" in seat else prefix + seat for seat in parts)


class Item(Struct, frozen=True):
    ticketTypeId: Id
    quantity: Annotated[int, Meta(ge=1, le=QUANTITY_MAX)]
    seatInfo: SeatInfo | Annotated[str, Meta(min_length=1, max_length=SEAT_CHARS_MAX)] | None = None

    def seats(self) -> tuple[str, ...] | None:
        """The seats it names; text is one seat as tickets show it."""
        if self.seatInfo is None:
            return None
        return (self.seatInfo,) if isinstance(self.seatInfo, str) else self.seatInfo.named() or None


class BookingRequest(Struct, frozen=True):
    """What the requirement documents call an order request."""

    items: Annotated[tuple[Item, ...], Meta(min_length=1, max_length=ITEMS_MAX)]
    userInfo: UserInfo
    idempotencyKey: Annotated[str, Meta(max_length=255)] | None = None
    paymentMethodId: Id | None = None
    promoCode: Annotated[str, Meta(min_length=1, max_length=CODE_CHARS_MAX)] | None = None
    locale: Locale | None = None
    answers: GivenAnswers = ()
    attendees: GivenAttendees = ()


class BookingDocument(OpenedOrder, frozen=True, kw_only=True):
    """An order just opened in both spellings, so that a caller may go on under either."""

    orderId: str
    orderNumber: str
    orderToken: str
    amountCents: int
    clientSecret: str | None
    publishableKey: str
    expiresAtMs: int


class _Shape(Struct):
    """What tells the two kinds of body apart."""

    hold_id: Any = None
    items: Any = None


_shape = msgspec.json.Decoder(_Shape)
_booking = msgspec.json.Decoder(BookingRequest)


async def open_order(request: web.Request) -> web.Response:
    """The hold becomes an order, and its payment is created. Repeating it continues the same order."""
    return await book(request)


async def book(request: web.Request) -> web.Response:
    """A hold and its order in one call."""
    raw = await bodies.read(request)
    shape = bodies.decode(raw, _shape)
    if shape.hold_id is not None or shape.items is None:
        return await open_from(request, raw)
    booking = bodies.decode(raw, _booking)
    key = key_of(request, fallback=booking.idempotencyKey)
    who = auth.principal(request)

    async def run() -> web.Response:
        return await _hold_and_order(request, raw, booking, who, key)

    response = await request.config_dict[IDEMPOTENCY].once(scope_of(who, request, key), raw, run)
    response.headers["Cache-Control"] = "no-store"
    return response


async def _hold_and_order(
    request: web.Request, raw: bytes, booking: BookingRequest, who: str, key: str
) -> web.Response:
    told = told_of(booking.answers, booking.attendees)
    buyer = buyer_of(request, booking.userInfo, booking.locale, marketing=False, pointer="/userInfo", told=told)
    orders = request.config_dict[ORDERS]
    event_id = await orders.event_of(booking.items[0].ticketTypeId)
    items = tuple(HoldItem(item.ticketTypeId, item.quantity, item.seats()) for item in booking.items)
    holds = request.config_dict[HOLDS]
    with guesses.typed(request, booking.promoCode):
        placed = await holds.place(
            HoldRequest(event_id, items, booking.promoCode),
            admission=auth.admission_text(request),
            principal=who,
            key=key,
            body=raw,
            taker=holds.takers.of(auth.client_address(request)),
        )
    try:
        opened = await orders.open(placed.hold.id, placed.token, buyer, payment_method_id=booking.paymentMethodId)
    except errors.Refusal:
        with contextlib.suppress(errors.Refusal):
            await holds.release(placed.hold.id, placed.token)
        raise
    return http.json(_both_spellings(opened), 201)


def _both_spellings(opened: OpenedOrder) -> BookingDocument:
    return BookingDocument(
        **msgspec.structs.asdict(opened),
        orderId=opened.order_id,
        orderNumber=opened.order_number,
        orderToken=opened.order_token,
        amountCents=opened.amount_cents,
        clientSecret=opened.client_secret,
        publishableKey=opened.publishable_key,
        expiresAtMs=opened.expires_at_ms,
    )


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/v1/orders",
        open_order,
        "capability",
        "buy",
        takes=OrderRequest,
        gives=OpenedOrder,
        status=201,
        repeats="itself",
        prefixes=(),
    ).refuses(*OPEN_REFUSES),
    Route(
        "POST",
        "/api/v1/orders",
        book,
        "buyer",
        "buy",
        takes=BookingRequest,
        gives=BookingDocument,
        status=201,
        repeats="itself",
    )
    .refuses(*OPEN_REFUSES)
    .also("/api/orders", "/api/tickets/orders"),
)
