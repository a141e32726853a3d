r"""Orders: what a hold becomes when the buyer starts to pay.

    pending --> processing --> paid --> partially_refunded --> refunded
       |            |            \\---------------------------^
       +------------+--> expired | cancelled          (paid late: reclaimed --> paid, or refunded in full)

    paid | partially_refunded --> disputed --> as before (won) | partially_refunded (a part lost) | charged_back

An order's deadline is its hold's new expiry, moved once (services/sale/inventory.py).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct

from engine.domain.money.answers import Answer, Attendee
from engine.domain.money.refunds import Parts
from engine.domain.order_states import Status
from engine.domain.tickets.order_links import OrderLink
from engine.foundation.clock import now
from engine.foundation.world import languages

NUMBER_CHARS = 10
HOLD_LEADS_ON: Final = timedelta(minutes=30)  # after the order ended: browsers come back from paying by their hold
FREE_MAILED_MAX: Final = 3  # orders of an event that cost nothing, mailed to an address that nobody knows
USER_AGENT_CHARS_MAX = 400  # of the browser that ordered; the rest is not kept
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One ticket of an order: its unit and the cents frozen at opening."""

    line: int
    unit: int
    ticket_type_id: str
    section: str
    seat: str | None
    face_cents: int
    discount_cents: int
    fee_cents: int
    taxes: dict[str, int]
    total_cents: int
    attendee: Attendee | None = None


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order as it is written the first time."""

    id: str
    number: str
    event_id: str
    hold_id: str
    user_id: str | None
    buyer_name: str
    buyer_email: str
    consents: dict[str, bool]
    currency: str
    amount_cents: int
    price: dict[str, Any]
    lines: tuple[OrderLine, ...]
    expires_at: datetime
    promo_code: str | None = None
    payment_method_id: str | None = None
    lease_id: bytes | None = None
    correlation_id: str = ""
    ip_address: str | None = None
    user_agent: str | None = None
    buyer_units_max: int | None = None  # of the event, over all orders of one e-mail address
    counted_for: bytes = b""  # as its hold has it
    answers: tuple[Answer, ...] = ()
    locale: str = languages.DEFAULT
    wording: str | None = None  # of the box for the organizer's mails, if it was ticked
    promo_slip: int | None = None  # which of many codes

    def opened(self, *, organization_id: str, destination_account: str | None, event_ends_at: datetime) -> Order:
        """The order as it stands right after it was written."""
        return Order(
            id=self.id,
            order_number=self.number,
            event_id=self.event_id,
            organization_id=organization_id,
            hold_id=self.hold_id,
            user_id=self.user_id,
            status="pending",
            buyer_name=self.buyer_name,
            buyer_email=self.buyer_email,
            consents=self.consents,
            currency=self.currency,
            amount_cents=self.amount_cents,
            refunded_cents=0,
            charged_back_cents=0,
            price=self.price,
            promo_code_id=None,
            payment_method_id=self.payment_method_id,
            destination_account=destination_account,
            payment_intent_id=None,
            client_secret=None,
            payment_error=None,
            lease_id=self.lease_id,
            closing_note=None,
            correlation_id=self.correlation_id,
            expires_at=self.expires_at,
            created_at=now(),
            paid_at=None,
            closed_at=None,
            event_ends_at=event_ends_at,
            lines=self.lines,
            answers=self.answers,
            locale=self.locale,
        )


@dataclass(frozen=True, slots=True)
class Order:
    """An order as the ledger knows it."""

    id: str
    order_number: str
    event_id: str
    organization_id: str  # who sells the event
    hold_id: str
    user_id: str | None
    status: Status
    buyer_name: str
    buyer_email: str
    consents: dict[str, Any]
    currency: str
    amount_cents: int
    refunded_cents: int
    charged_back_cents: int  # taken back by the buyer's bank
    price: dict[str, Any]
    promo_code_id: str | None
    payment_method_id: str | None
    destination_account: str | None
    payment_intent_id: str | None
    client_secret: str | None
    payment_error: str | None
    lease_id: bytes | None
    closing_note: str | None
    correlation_id: str
    expires_at: datetime
    created_at: datetime
    paid_at: datetime | None
    closed_at: datetime | None
    event_ends_at: datetime
    link_generation: int = 0
    lines: tuple[OrderLine, ...] = field(default=())
    answers: tuple[Answer, ...] = ()
    mail_refused: str | None = None  # what the mail server finally said to a mail for the buyer
    locale: str = languages.DEFAULT  # in which the buyer is written to

    @property
    def link(self) -> OrderLink:
        """What opens it to the bearer of a token."""
        return OrderLink(self.id, self.link_generation, self.event_ends_at)

    @property
    def units(self) -> list[int]:
        return [line.unit for line in self.lines]

    @property
    def quantity(self) -> int:
        return len(self.lines)

    def opens_to_hold(self, moment: datetime) -> bool:
        """Whether its hold's token still leads here: not once links were ended, nor long after it was paid."""
        ended_at = self.paid_at or self.closed_at
        return not self.link_generation and (ended_at is None or moment < ended_at + HOLD_LEADS_ON)

    def overdue(self, moment: datetime) -> bool:
        """Whether the time to pay is over at this moment."""
        return moment >= self.expires_at

    @property
    def refundable_cents(self) -> int:
        return self.amount_cents - self.refunded_cents - self.charged_back_cents

    @property
    def paid_parts(self) -> Parts:
        """What the buyer pays, taken apart for refunds."""
        taxes = {name: int(cents) for name, cents in self.price["taxes"].items()}
        return Parts(self.amount_cents - sum(taxes.values()), taxes)


class PayableOrder(Struct, frozen=True, kw_only=True):
    """What a buyer needs to pay an order. ``client_secret`` is None once nothing is to be paid any more."""

    order_id: str
    order_number: str
    event_id: str
    status: str
    amount_cents: int
    currency: str
    client_secret: str | None
    payment_intent_id: str | None
    publishable_key: str
    expires_at: datetime
    expires_at_ms: int


class OpenedOrder(PayableOrder, frozen=True, kw_only=True):
    """An order just opened: everything its buyer needs to pay it and to reach it again."""

    order_token: str
    server_now_ms: int


class LinksEnded(Struct, frozen=True, kw_only=True):
    """The links of an order that were given out before are over. ``order_token`` is a new one, for its buyer alone."""

    order_id: str
    order_token: str | None


class OrderRow(Struct, frozen=True, kw_only=True):
    """One line of an organizer's list."""

    id: str
    order_number: str
    status: str
    buyer_name: str
    buyer_email: str
    currency: str
    amount_cents: int
    refunded_cents: int
    charged_back_cents: int
    quantity: int
    created_at: datetime
    paid_at: datetime | None


class OwnOrderRow(Struct, frozen=True, kw_only=True):
    """One line of a buyer's history; ``timezone`` is the event's, by whose clocks it starts."""

    id: str
    order_number: str
    event_id: str
    event_title: str
    starts_at: datetime
    timezone: str
    status: str
    currency: str
    amount_cents: int
    refunded_cents: int
    charged_back_cents: int
    quantity: int
    created_at: datetime
    paid_at: datetime | None


def new_number() -> str:
    """A number people can read out: ten Crockford characters, 50 random bits."""
    return "".join(secrets.choice(_CROCKFORD) for _ in range(NUMBER_CHARS))
