"""A sale at the box office: how somebody pays there, what it costs them, and what is kept of it.

cash      what was handed over may be told; the difference is the change
terminal  a card, read by a machine of the organizer's own
invoice   paid later, to the organizer
comp      given away: every ticket costs nothing, and somebody says why
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal, get_args

from msgspec import Meta, Struct

from engine.domain.fields import NO_NUL, Cents, Short
from engine.domain.prices import Fee, Line, Price, quote
from engine.domain.sale.holds import HoldItem
from engine.domain.taxes import Tax
from engine.foundation.errors import Invalid
from engine.foundation.world import currencies, languages

NOTE_CHARS_MAX: Final = 500
WALK_UP: Final = "Box office"  # the buyer's name if nobody gave one

PaidBy = Literal["cash", "terminal", "invoice", "comp"]
PAID_BY: Final[tuple[PaidBy, ...]] = get_args(PaidBy)
Note = Annotated[str, Meta(max_length=NOTE_CHARS_MAX, pattern=NO_NUL)]


class GivenPayment(Struct, frozen=True, kw_only=True):
    """How it is paid. ``received_cents`` is cash as it was handed over; without it exactly the price was."""

    kind: PaidBy
    reference: Short | None = None
    received_cents: Cents | None = None


@dataclass(frozen=True, slots=True)
class CounterSale:
    """What is sold, to whom and for what. ``email`` "": nobody is written to; ``note`` is for staff only."""

    items: tuple[HoldItem, ...]
    payment: GivenPayment
    name: str = WALK_UP
    email: str = ""
    note: str = ""
    locale: str = languages.DEFAULT

    @property
    def is_comp(self) -> bool:
        return self.payment.kind == "comp"


@dataclass(frozen=True, slots=True)
class CounterPayment:
    """How an order was paid at the counter, as the ledger has it. ``drawer_id``: where the cash went."""

    order_id: str
    event_id: str
    kind: PaidBy
    amount_cents: int
    received_cents: int | None
    reference: str | None
    note: str
    taken_by: str
    drawer_id: str | None = None
    created_at: datetime | None = None

    @property
    def change_cents(self) -> int:
        """What goes back over the counter."""
        return 0 if self.received_cents is None else self.received_cents - self.amount_cents


def check(sale: CounterSale) -> None:
    """Invalid for a comp without a reason, and for money handed over that is no cash."""
    if sale.is_comp and not sale.note.strip():
        raise Invalid.at("/note", "missing", "Say why these tickets are given away")
    if sale.payment.received_cents is not None and sale.payment.kind != "cash":
        raise Invalid.at("/payment/received_cents", "only_cash", "Only cash is handed over")


def check_received(payment: GivenPayment, price: Price) -> None:
    """Invalid if less was handed over than it costs."""
    if payment.received_cents is not None and payment.received_cents < price.total_cents:
        said = f"It costs {currencies.money(price.total_cents, price.currency)}"
        raise Invalid.at("/payment/received_cents", "too_little", said)


def comp_price(price: Price) -> Price:
    """The same tickets given away: no fee, no tax, nothing to pay."""
    return quote(
        currency=price.currency,
        lines=[Line(line.ticket_type_id, 0) for line in price.lines],
        taxes=[Tax(name, 0) for name in price.taxes],
        fee=Fee(),
    )
