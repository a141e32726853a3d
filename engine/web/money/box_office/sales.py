"""The box office over HTTP: an order that is paid over the counter."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from engine.domain import errors as refusals
from engine.domain.accounts.people import EMAIL_CHARS_MAX
from engine.domain.catalogue.errors import EventUnknown
from engine.domain.fields import SOME_LINE, Name
from engine.domain.money.box_office.sales import WALK_UP, CounterSale, GivenPayment, Note, PaidBy
from engine.domain.money.buyers import checked_address, checked_name
from engine.domain.prices import Price
from engine.domain.sale.holds import ITEMS_MAX, HoldItem
from engine.foundation import bodies, errors, http
from engine.foundation.callers import caller_of
from engine.services.appkeys import BOX_OFFICE, SETTINGS, TICKETS
from engine.services.money.box_office.sales import Sold
from engine.web import auth, once
from engine.web.route import Route
from engine.web.tickets.tickets_shapes import TicketDocument, ticket_document


class CounterBuyer(Struct, frozen=True, kw_only=True):
    """Who buys, as far as they say. With an address the tickets are mailed as well."""

    name: Name | None = None
    email: Annotated[str, Meta(min_length=3, max_length=EMAIL_CHARS_MAX, pattern=SOME_LINE)] | None = None


class CounterOrder(Struct, frozen=True, kw_only=True):
    """What is sold over the counter. ``note`` is for staff only, and required of a comp."""

    items: Annotated[tuple[HoldItem, ...], Meta(min_length=1, max_length=ITEMS_MAX)]
    payment: GivenPayment
    user_info: CounterBuyer | None = None
    note: Note | None = None

    def sale(self, locale: str) -> CounterSale:
        """As the service reads it. Invalid for a name or an address that is none."""
        buyer = self.user_info or CounterBuyer()
        return CounterSale(
            items=self.items,
            payment=self.payment,
            name=checked_name(buyer.name, "/user_info/name") if buyer.name is not None else WALK_UP,
            email=checked_address(buyer.email, "/user_info/email") if buyer.email is not None else "",
            note=self.note or "",
            locale=locale,
        )


class CounterPaymentDocument(Struct, frozen=True, kw_only=True):
    """How it was paid. ``drawer_id``: the cash drawer that it went into."""

    kind: PaidBy
    amount_cents: int
    received_cents: int | None
    reference: str | None
    drawer_id: str | None


class CounterOrderDocument(Struct, frozen=True, kw_only=True):
    """A paid order of the box office with its tickets. ``order_token`` opens it to its buyer."""

    id: str
    order_id: str
    order_number: str
    order_token: str
    event_id: str
    status: str
    amount_cents: int
    currency: str
    price: Price
    payment: CounterPaymentDocument
    change_cents: int
    buyer: dict[str, str]
    note: str
    paid_at: datetime | None
    tickets: list[TicketDocument]


_order = msgspec.json.Decoder(CounterOrder)


async def sell(request: web.Request) -> web.Response:
    """Sell over the counter: a paid order with its tickets, without the payment provider."""
    actor = auth.person(request)
    body = await bodies.body(request, _order)
    caller = caller_of(request, trust_forwarded=request.config_dict[SETTINGS].trust_forwarded)
    sold = await request.config_dict[BOX_OFFICE].sell(
        actor,
        request.match_info["event_id"],
        body.sale(auth.reader_language(request)),
        caller=caller,
        once_as=request[once.SCOPE],
    )
    tickets = request.config_dict[TICKETS]
    pages = await tickets.of_order(sold.order.id)
    answer = http.json(_document(sold, [ticket_document(page, tickets.code(page)) for page in pages]), 201)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _document(sold: Sold, tickets: list[TicketDocument]) -> CounterOrderDocument:
    order, payment = sold.order, sold.payment
    return CounterOrderDocument(
        id=order.id,
        order_id=order.id,
        order_number=order.order_number,
        order_token=sold.order_token,
        event_id=order.event_id,
        status=order.status,
        amount_cents=order.amount_cents,
        currency=order.currency,
        price=msgspec.convert(order.price, Price),
        payment=CounterPaymentDocument(
            kind=payment.kind,
            amount_cents=payment.amount_cents,
            received_cents=payment.received_cents,
            reference=payment.reference,
            drawer_id=payment.drawer_id,
        ),
        change_cents=payment.change_cents,
        buyer={"name": order.buyer_name, "email": order.buyer_email},
        note=payment.note,
        paid_at=order.paid_at,
        tickets=tickets,
    )


SELLING_REFUSES = (
    errors.Forbidden,
    errors.Malformed,
    EventUnknown,
    refusals.SoldOut,
    refusals.SeatTaken,
    refusals.BestAvailableNotFound,
    refusals.UnknownSeat,
    refusals.MaxPerOrder,
    refusals.BuyerLimit,
    refusals.SalesNotOpen,
    refusals.SalesClosed,
    refusals.PriceChanged,
    refusals.HoldExpired,
    refusals.AddressNotCarried,
    refusals.InventoryRebuilding,
    refusals.InventoryUnavailable,
    refusals.SwitchedOff,
)
ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/v1/events/{event_id}/box-office/orders",
        sell,
        "organizer",
        "operate",
        needs="box_office.write",
        takes=CounterOrder,
        gives=CounterOrderDocument,
        status=201,
        repeats="keyed",
    ).refuses(*SELLING_REFUSES),
)
