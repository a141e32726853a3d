"""Orders over HTTP: price, open, look, tickets, receipt, give up; the organizer's and the buyer's lists."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from engine.domain import errors as refusals
from engine.domain.money.answers import NOTHING_TOLD, GivenAnswer, GivenAttendee, Told
from engine.domain.money.buyers import checked_address, checked_name
from engine.domain.money.new_orders import Buyer
from engine.domain.money.order_status import OrderStatus
from engine.domain.money.orders import LinksEnded, Order
from engine.domain.money.receipts import Receipt
from engine.domain.prices import Price
from engine.domain.sale.holds import HoldRequest
from engine.foundation import bodies, errors, guesses, http, lists
from engine.foundation.callers import caller_of
from engine.foundation.idempotency import Once, key_of, scope_of
from engine.foundation.ids import is_id
from engine.foundation.lists import Page
from engine.foundation.world import languages
from engine.services.appkeys import CROWDING, IDEMPOTENCY, ORDERS, SETTINGS, TICKETS
from engine.web import auth
from engine.web.money.order_reads import get_order, get_status, get_tickets, own_answer
from engine.web.money.orders_shapes import (
    Booking,
    ListQuery,
    OrderDocument,
    OrderList,
    OrderQuery,
    OrderRequest,
    OrderTickets,
    OwnOrderList,
    QuoteRequest,
    StatusQuery,
    UserInfo,
    booking,
)
from engine.web.route import Route
from engine.web.tickets.tickets_shapes import ticket_document

_order_request = msgspec.json.Decoder(OrderRequest)
_quote_request = msgspec.json.Decoder(QuoteRequest)


async def quote(request: web.Request) -> web.Response:
    """What these items would cost now, all in and itemised; nothing is set aside."""
    body = await bodies.body(request, _quote_request)
    with guesses.typed(request, body.promo_code):
        price = await request.config_dict[ORDERS].quote(HoldRequest(body.event_id, body.items, body.promo_code))
    return http.json(price)


async def open_from(request: web.Request, raw: bytes) -> web.Response:
    """The hold becomes an order, and its payment is created. Repeating it continues the same order."""
    body = bodies.decode(raw, _order_request)
    hold_token = body.hold_token or auth.hold_token(request)
    key = key_of(request, fallback=body.idempotencyKey)
    marketing = body.consents is not None and body.consents.marketing
    told = told_of(body.answers, body.attendees)
    buyer = buyer_of(request, body.user_info, body.locale, marketing=marketing, told=told)

    orders, kept = request.config_dict[ORDERS], request.config_dict[IDEMPOTENCY]
    scope = scope_of(f"hold:{hold_token}", request, key)
    once = Once(scope, raw)

    async def run_new() -> web.Response:
        opened = await orders.open_new(
            body.hold_id, hold_token, buyer, once, lambda opened: once.answer(http.json(opened, 201)),
            payment_method_id=body.payment_method_id,
        )  # fmt: skip
        if opened is None:
            await kept.let_go(once)
            return await kept.once(scope, raw, run)
        return once.response if once.kept and once.response else http.json(opened, 201)

    async def run() -> web.Response:
        opened = await orders.open(body.hold_id, hold_token, buyer, payment_method_id=body.payment_method_id)
        return http.json(opened, 201)

    async with request.config_dict[CROWDING].orders:
        response = await kept.finish(once, run_new)
    response.headers["Cache-Control"] = "no-store"
    return response


def told_of(answers: tuple[GivenAnswer, ...], attendees: tuple[GivenAttendee, ...]) -> Told:
    """What was told, NOTHING_TOLD if nothing was."""
    return Told(answers, attendees) if answers or attendees else NOTHING_TOLD


def buyer_of(
    request: web.Request,
    info: UserInfo,
    locale: str | None,
    *,
    marketing: bool,
    pointer: str = "/user_info",
    told: Told = NOTHING_TOLD,
) -> Buyer:
    """Who orders, with what the request tells about where from. Invalid if name or e-mail address are none.

    ``locale``: the language that they ask to be written to in; Invalid if we do not speak it.
    """
    person = auth.optional_person(request)
    return Buyer(
        name=checked_name(info.name, f"{pointer}/name"),
        email=checked_address(info.email, f"{pointer}/email"),
        consents={"marketing": marketing},
        user_id=person.user_id if person else None,
        caller=caller_of(request, trust_forwarded=request.config_dict[SETTINGS].trust_forwarded),
        told=told,
        locale=auth.reader_language(request) if locale is None else _spoken(locale),
    )


def _spoken(locale: str) -> str:
    language = languages.known(locale)
    if language is None:
        told = f"We speak {', '.join(languages.LANGUAGES)}"
        raise errors.Invalid.at("/locale", "unknown_language", told)
    return language


async def get_receipt(request: web.Request) -> web.StreamResponse:
    """What was paid, tax by tax, to which legal entity, and what was returned of it."""
    order = await _order(request)
    receipt = await request.config_dict[ORDERS].receipt(order)
    return own_answer(request, receipt).response(request)


async def cancel_order(request: web.Request) -> web.Response:
    """Give up before paying: cancelled at the provider first, then the units go back."""
    orders = request.config_dict[ORDERS]
    order = await orders.cancel(
        request.match_info["order_id"], person=auth.optional_person(request), token=auth.order_token(request)
    )
    return http.json(await orders.status(order), headers={"Cache-Control": "no-store"})


async def end_links(request: web.Request) -> web.Response:
    """Every link to the order ends; its buyer gets a new one."""
    ended = await request.config_dict[ORDERS].end_links(
        request.match_info["order_id"], person=auth.optional_person(request), token=auth.order_token(request)
    )
    return http.json(ended, headers={"Cache-Control": "no-store"})


async def list_orders(request: web.Request) -> web.Response:
    """An organizer's orders of one event, newest first."""
    query = bodies.query(request, OrderQuery)
    rows = await request.config_dict[ORDERS].of_event(
        auth.person(request),
        request.match_info["event_id"],
        search=query.q,
        status=query.status,
        before=_before(query.cursor),
        limit=query.limit,
    )
    return http.json(lists.page(rows, query.limit, lambda row: row.id), headers={"Cache-Control": "no-store"})


async def list_own_orders(request: web.Request) -> web.Response:
    """The signed-in buyer's orders, newest first."""
    query = bodies.query(request, ListQuery)
    rows = await request.config_dict[ORDERS].of_person(
        auth.person(request), before=_before(query.cursor), limit=query.limit
    )
    return http.json(lists.page(rows, query.limit, lambda row: row.id), headers={"Cache-Control": "no-store"})


async def list_bookings(request: web.Request) -> web.Response:
    """The signed-in buyer's orders with their tickets, newest first; ``me`` is who asks."""
    query, person = bodies.query(request, ListQuery), auth.person(request)
    if request.match_info["user_id"] not in {"me", person.user_id}:
        raise errors.Forbidden("These are somebody else's bookings")
    tickets = request.config_dict[TICKETS]
    rows = await request.config_dict[ORDERS].of_person(person, before=_before(query.cursor), limit=query.limit)
    page: dict[str, Any] = lists.page(rows, query.limit, lambda row: row.id)
    found = await tickets.of_orders([row.id for row in page["data"]])
    documents = {
        row.id: [ticket_document(ticket, tickets.code(ticket)) for ticket in found.get(row.id, ())]
        for row in page["data"]
    }
    page["data"] = [booking(row, documents[row.id]) for row in page["data"]]
    return http.json(page, headers={"Cache-Control": "no-store"})


def _before(cursor: str | None) -> str | None:
    position = lists.cursor_decode(cursor)
    if position is not None and not is_id("ord", position):
        raise errors.Malformed("The cursor is not one of ours")
    return position


async def _order(request: web.Request) -> Order:
    order: Order = await request.config_dict[ORDERS].read(
        request.match_info["order_id"], person=auth.optional_person(request), token=auth.order_token(request)
    )
    return order


_OWN = (errors.Unauthenticated, refusals.CapabilityWrong, errors.NotFound)
_AT = "/v1/orders/{order_id}"
OPEN_REFUSES = (
    errors.Malformed,
    errors.IdempotencyKeyRequired,
    errors.IdempotencyKeyReused,
    errors.IdempotencyInFlight,
    errors.Invalid,
    refusals.CapabilityWrong,
    refusals.HoldExpired,
    refusals.OrderExpired,
    refusals.SeatTaken,
    refusals.BuyerLimit,
    refusals.PromoPerBuyer,
    refusals.OrderOpen,
    refusals.AccountRequired,
    refusals.AddressNotCarried,
    refusals.AmountTooSmall,
    refusals.PriceChanged,
    refusals.SalesClosed,
    refusals.PaymentRefused,
    refusals.ProviderUnavailable,
    refusals.InventoryRebuilding,
    refusals.SwitchedOff,
)

ROUTES: tuple[Route, ...] = (
    Route(
        "POST", "/v1/orders/quote", quote, "public", "buy", takes=QuoteRequest, gives=Price, repeats="always"
    ).refuses(
        errors.Malformed,
        errors.NotFound,
        refusals.PromoInvalid,
        refusals.PromoNotMet,
        refusals.MaxPerOrder,
        refusals.AmountTooLarge,
        refusals.SalesNotOpen,
        refusals.SalesClosed,
        refusals.UnknownSeat,
    ),
    Route("GET", _AT, get_order, "capability", "own", needs="orders.read", gives=OrderDocument).refuses(*_OWN),
    Route(
        "GET",
        f"{_AT}/status",
        get_status,
        "capability",
        "own",
        needs="orders.read",
        gives=OrderStatus,
        query=StatusQuery,
    ).refuses(*_OWN, errors.Malformed, errors.Invalid),
    Route(
        "GET",
        f"{_AT}/tickets",
        get_tickets,
        "capability",
        "own",
        needs="orders.read",
        gives=OrderTickets,
        query=ListQuery,
    ).refuses(*_OWN, errors.Malformed),
    Route("GET", f"{_AT}/receipt", get_receipt, "capability", "own", needs="orders.read", gives=Receipt).refuses(
        *_OWN, refusals.OrderUnpaid
    ),
    Route("POST", f"{_AT}/cancel", cancel_order, "capability", "buy", needs="orders.write", gives=OrderStatus).refuses(
        *_OWN, errors.Forbidden, refusals.OrderNotPayable, refusals.ProviderUnavailable
    ),
    Route(
        "POST",
        f"{_AT}/end-links",
        end_links,
        "capability",
        "buy",
        needs="orders.write",
        gives=LinksEnded,
        repeats="always",
    ).refuses(*_OWN, errors.Forbidden, refusals.LinksEndedTooOften, refusals.LinksJustMailed),
    Route(
        "GET",
        "/v1/events/{event_id}/orders",
        list_orders,
        "organizer",
        "operate",
        needs="orders.read",
        gives=OrderList,
        query=OrderQuery,
    ).refuses(errors.Forbidden, errors.NotFound, errors.Malformed),
    Route(
        "GET",
        "/v1/users/me/orders",
        list_own_orders,
        "person",
        "own",
        gives=OwnOrderList,
        query=ListQuery,
        prefixes=("/api/v1",),
    )
    .refuses(errors.Malformed)
    .also("/v1/orders"),
    Route(
        "GET", "/v1/users/{user_id}/bookings", list_bookings, "person", "own", gives=Page[Booking], query=ListQuery
    ).refuses(errors.Malformed, errors.Forbidden),
)
