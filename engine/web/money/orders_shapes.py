"""What orders look like over HTTP: requests in, documents out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct, structs

from engine.domain.accounts.people import EMAIL_CHARS_MAX
from engine.domain.fields import NO_NUL, SOME_LINE, Name
from engine.domain.money.answers import Answer, Attendee, GivenAnswers, GivenAttendees
from engine.domain.money.order_status import payment_state
from engine.domain.money.orders import Order, OrderRow, OwnOrderRow
from engine.domain.order_states import OPEN, Status
from engine.domain.sale.holds import CODE_CHARS_MAX, ITEMS_MAX, HoldItem
from engine.foundation import lists
from engine.foundation.clock import to_ms
from engine.services.money.order_waits import WAIT_MAX_S
from engine.web.tickets.tickets_shapes import TicketDocument

TOKEN_CHARS_MAX = 512
SEARCH_CHARS_MAX = 200
LOCALE_CHARS_MAX = 35  # RFC 5646, 4.4.1

Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=NO_NUL)]
Locale = Annotated[str, Meta(min_length=2, max_length=LOCALE_CHARS_MAX)]
Token = Annotated[str, Meta(min_length=1, max_length=TOKEN_CHARS_MAX)]


class UserInfo(Struct, frozen=True):
    """Who buys; the tickets are sent to this address."""

    name: Name
    email: Annotated[str, Meta(min_length=3, max_length=EMAIL_CHARS_MAX, pattern=SOME_LINE)]


class Consents(Struct, frozen=True):
    """Off unless the buyer ticked it."""

    marketing: bool = False


class OrderRequest(Struct, frozen=True):
    """Opens the order of a hold. ``idempotencyKey`` stands in for the header.

    ``answers`` and ``attendees``, in the order of the hold's units, are what the event's ``questions`` and
    ``named_tickets`` ask for.
    ``locale``: the language of its mails and tickets; without it that of the page, else of the browser.
    """

    hold_id: Id
    user_info: UserInfo
    consents: Consents | None = None
    payment_method_id: Id | None = None
    hold_token: Token | None = None
    locale: Locale | None = None
    idempotencyKey: Annotated[str, Meta(max_length=255)] | None = None
    answers: GivenAnswers = ()
    attendees: GivenAttendees = ()


class QuoteRequest(Struct, frozen=True):
    event_id: Id
    items: Annotated[tuple[HoldItem, ...], Meta(min_length=1, max_length=ITEMS_MAX)]
    promo_code: Annotated[str, Meta(min_length=1, max_length=CODE_CHARS_MAX)] | None = None


class OrderItem(Struct):
    line: int
    ticket_type_id: str
    unit: int
    section: str
    seat: str | None
    price_cents: int
    total_cents: int
    attendee: Attendee | None


class OrderDocument(Struct):
    """An order as its owner or its organizer reads it; ``client_secret`` for the buyer only, while it is open."""

    id: str
    order_id: str
    order_number: str
    event_id: str
    status: str
    payment_status: str
    amount_cents: int
    refunded_cents: int
    charged_back_cents: int
    currency: str
    price: dict[str, Any]
    items: list[OrderItem]
    buyer: dict[str, str]
    consents: dict[str, Any]
    locale: str
    answers: tuple[Answer, ...]
    client_secret: str | None
    payment_intent_id: str | None
    closing_note: str | None
    expires_at: datetime
    expires_at_ms: int
    created_at: datetime
    paid_at: datetime | None
    closed_at: datetime | None


class OrderTickets(Struct):
    data: list[TicketDocument]
    next_cursor: str | None
    has_more: bool


class OrderList(Struct):
    data: list[OrderRow]
    next_cursor: str | None
    has_more: bool


class OwnOrderList(Struct):
    data: list[OwnOrderRow]
    next_cursor: str | None
    has_more: bool


class Booking(OwnOrderRow, frozen=True, kw_only=True):
    """A line of a buyer's history with its tickets; ``orderId`` repeats ``id``."""

    orderId: str
    tickets: list[TicketDocument]


class ListQuery(Struct, frozen=True):
    limit: Annotated[int, Meta(ge=1, le=lists.PAGE_MAX)] = lists.PAGE_DEFAULT
    cursor: Annotated[str, Meta(max_length=lists.CURSOR_CHARS_MAX)] | None = None


class StatusQuery(Struct, frozen=True):
    """``wait_s``: answer as soon as the status is another, and after ``wait_s`` seconds at the latest."""

    wait_s: Annotated[int, Meta(ge=0, le=WAIT_MAX_S)] = 0


class OrderQuery(Struct, frozen=True):
    """``q``: beginnings of words of name and e-mail address, in any order, or an order number as it was heard."""

    q: Annotated[str, Meta(min_length=1, max_length=SEARCH_CHARS_MAX, pattern=NO_NUL)] | None = None
    status: Status | None = None
    limit: Annotated[int, Meta(ge=1, le=lists.PAGE_MAX)] = lists.PAGE_DEFAULT
    cursor: Annotated[str, Meta(max_length=lists.CURSOR_CHARS_MAX)] | None = None


def booking(row: OwnOrderRow, tickets: list[TicketDocument]) -> Booking:
    return Booking(**structs.asdict(row), orderId=row.id, tickets=tickets)


def order_document(order: Order, *, to_buyer: bool) -> OrderDocument:
    """The order's resource."""
    return OrderDocument(
        id=order.id,
        order_id=order.id,
        order_number=order.order_number,
        event_id=order.event_id,
        status=order.status,
        payment_status=payment_state(order),
        amount_cents=order.amount_cents,
        refunded_cents=order.refunded_cents,
        charged_back_cents=order.charged_back_cents,
        currency=order.currency,
        price=order.price,
        items=[
            OrderItem(
                line=line.line,
                ticket_type_id=line.ticket_type_id,
                unit=line.unit,
                section=line.section,
                seat=line.seat,
                price_cents=line.face_cents,
                total_cents=line.total_cents,
                attendee=line.attendee,
            )
            for line in order.lines
        ],
        buyer={"name": order.buyer_name, "email": order.buyer_email},
        consents=order.consents,
        locale=order.locale,
        answers=order.answers,
        client_secret=order.client_secret if to_buyer and order.status in OPEN else None,
        payment_intent_id=order.payment_intent_id,
        closing_note=order.closing_note,
        expires_at=order.expires_at,
        expires_at_ms=to_ms(order.expires_at),
        created_at=order.created_at,
        paid_at=order.paid_at,
        closed_at=order.closed_at,
    )
