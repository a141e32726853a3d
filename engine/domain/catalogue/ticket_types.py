"""Ticket types: what is priced and sold, from which categories of the chart, how many and when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from engine.domain.catalogue.events import Event
from engine.domain.catalogue.pricing.price_steps import PriceStep, PriceSteps, check_steps, last_price_cents
from engine.domain.fields import Cents, Faults, Moment, Name, Short, fault, is_moment, mailed_name
from engine.domain.prices import Fee, Line, Price, check_chargeable, quote
from engine.domain.taxes import Tax
from engine.foundation.errors import Invalid
from engine.foundation.world.currencies import find, money

TICKET_TYPES_MAX = 100
NUMBERS_MAX = 255
CATEGORIES_MAX = 255
CAPACITY_MAX = 200_000
MAX_PER_ORDER_DEFAULT, MAX_PER_ORDER_MAX = 10, 50
# Frozen by publication: the inventory map of a selling event is laid out by them.
FROZEN_FIELDS = ("categories",)

Categories = Annotated[list[Short], Meta(min_length=1, max_length=CATEGORIES_MAX)]
Capacity = Annotated[int, Meta(ge=0, le=CAPACITY_MAX)]
PerOrder = Annotated[int, Meta(ge=1, le=MAX_PER_ORDER_MAX)]
Sort = Annotated[int, Meta(ge=-1000, le=1000)]
Visibility = Literal["public", "hidden"]


class NewTicketType(Struct, kw_only=True):
    """Without ``categories`` it sells the whole event; ``capacity`` None: as many as there are places.

    A hidden type is sold by its id, and to those who show a code that unlocks it. Before ``price_cents`` comes what the
    ``price_steps`` say.
    """

    name: Name
    price_cents: Cents
    categories: Categories | UnsetType = UNSET
    capacity: Capacity | None = None
    max_per_order: PerOrder = MAX_PER_ORDER_DEFAULT
    sales_start_at: Moment | None = None
    sales_end_at: Moment | None = None
    visibility: Visibility = "public"
    taxable: bool = True
    sort: Sort = 0
    price_steps: PriceSteps = []


class TicketTypeChange(Struct, kw_only=True):
    name: Name | UnsetType = UNSET
    price_cents: Cents | UnsetType = UNSET
    categories: Categories | UnsetType = UNSET
    capacity: Capacity | UnsetType | None = UNSET
    max_per_order: PerOrder | UnsetType = UNSET
    sales_start_at: Moment | UnsetType | None = UNSET
    sales_end_at: Moment | UnsetType | None = UNSET
    visibility: Visibility | UnsetType = UNSET
    taxable: bool | UnsetType = UNSET
    sort: Sort | UnsetType = UNSET
    price_steps: PriceSteps | UnsetType = UNSET


class TicketTypeRow(Struct, frozen=True, kw_only=True):
    """A ticket type as the ledger keeps it; ``number`` is its byte in the inventory."""

    id: str
    event_id: str
    number: int
    name: str
    price_cents: int
    categories: tuple[str, ...]
    capacity: int | None
    max_per_order: int
    sales_start_at: datetime | None
    sales_end_at: datetime | None
    visibility: Visibility
    taxable: bool
    sort: int
    price_steps: tuple[PriceStep, ...] = ()
    version: int
    created_at: datetime
    updated_at: datetime


class TicketType(TicketTypeRow, frozen=True, kw_only=True):
    """As the world sees it: ``all_in_cents`` is what the buyer of one pays, fee and taxes included."""

    currency: str
    all_in_cents: int


def fold(given: NewTicketType | TicketTypeChange) -> None:
    """A name that hides nothing. Invalid for one that nobody can see, or that reads as a link."""
    if isinstance(given.name, str):
        given.name = mailed_name("/name", given.name)


def check(given: NewTicketType | TicketTypeChange, known: Sequence[str], before: TicketTypeRow | None = None) -> None:
    """The rules between fields; ``known`` are the chart's categories. Invalid with all that is broken."""
    if isinstance(given.price_steps, list):
        check_steps(given.price_steps)
    found: Faults = []
    if isinstance(given.categories, list):
        for index, category in enumerate(given.categories):
            if category not in known:
                found.append(fault(f"/categories/{index}", "unknown_category", "The chart has no such category"))
            elif category in given.categories[:index]:
                found.append(fault(f"/categories/{index}", "duplicate", "This category is named twice"))
    for name in ("sales_start_at", "sales_end_at"):
        moment = getattr(given, name)
        if isinstance(moment, datetime) and not is_moment(moment):
            found.append(fault(f"/{name}", "out_of_range", "This date is out of range"))
    start = before.sales_start_at if before and given.sales_start_at is UNSET else given.sales_start_at
    end = before.sales_end_at if before and given.sales_end_at is UNSET else given.sales_end_at
    if isinstance(start, datetime) and isinstance(end, datetime) and end <= start:
        found.append(fault("/sales_end_at", "out_of_order", "Sales end after they start"))
    if found:
        raise Invalid(errors=found)


def check_price(row: TicketTypeRow, event: Event) -> None:
    """Invalid at ``/price_cents`` if nobody could ever buy one of these at its price with the event's fee and taxes.

    Each must be payable alone, at each of its price steps: who comes last may want one.
    """
    checked_price(row.price_cents, event, taxable=row.taxable)
    for place, step in enumerate(row.price_steps):
        checked_price(step.price_cents, event, taxable=row.taxable, pointer=f"/price_steps/{place}/price_cents")


def checked_price(price_cents: int, event: Event, *, taxable: bool, pointer: str = "/price_cents") -> Price:
    """What one ticket at this price costs. Invalid at the pointer if nobody could pay that."""
    currency = find(event.currency)
    if price_cents % currency.step:
        said = f"Prices in {currency.code} are multiples of {money(currency.step, currency.code)}"
        raise Invalid.at(pointer, "amount_between_steps", said)
    price = price_of_one(price_cents, event, taxable=taxable)
    try:
        check_chargeable(price.total_cents, event.currency)
    except Invalid as refusal:
        raise Invalid.at(pointer, refusal.code, refusal.detail) from refusal
    return price


def priced(row: TicketTypeRow, event: Event) -> TicketType:
    """The ticket type with what one costs the buyer."""
    return TicketType(
        **{name: getattr(row, name) for name in TicketTypeRow.__struct_fields__},
        currency=event.currency,
        all_in_cents=all_in_cents(row, event),
    )


def all_in_cents(row: TicketTypeRow, event: Event) -> int:
    """What the buyer of one ticket pays after its price steps: price, buyer's fee and every tax."""
    price_cents = last_price_cents(row.price_steps, row.price_cents)
    return price_of_one(price_cents, event, taxable=row.taxable).total_cents


def price_of_one(price_cents: int, event: Event, *, taxable: bool = True) -> Price:
    """What one ticket at this price costs by the event's terms, with its parts."""
    return quote(
        currency=event.currency,
        lines=[Line("", price_cents, taxable)],
        taxes=[Tax(tax.name, tax.rate_bp) for tax in event.taxes],
        fee=Fee(event.fee.rate_bp, event.fee.fixed_cents, event.fee.paid_by),
        tax_included=event.tax_mode == "inclusive",
    )


def price_range(rows: Iterable[TicketTypeRow], event: Event) -> tuple[int | None, int | None]:
    """The lowest and the highest all-in price of the public ticket types after their steps; None, None without any."""
    prices = [all_in_cents(row, event) for row in rows if row.visibility == "public"]
    return (min(prices), max(prices)) if prices else (None, None)
