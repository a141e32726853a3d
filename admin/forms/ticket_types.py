"""Ticket types: prices in the event's currency, sales windows in its time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from itertools import zip_longest
from typing import Any, ClassVar, Literal

from admin import formats
from admin.forms.fields import Amount, LocalMoment, Name, Whole, at_place, cents
from admin.forms.filled import Filled, Form, fresh
from engine.domain.catalogue.events import Event
from engine.domain.catalogue.ticket_types import MAX_PER_ORDER_DEFAULT, NewTicketType, TicketType, TicketTypeChange
from engine.domain.fields import fault
from engine.foundation import shapes
from engine.foundation.errors import Invalid

STEP_COLUMNS = ("step_name", "step_price", "step_until", "step_sold")


class TicketTypeForm(Form):
    """``version`` and no ``categories`` come from the form of a type that was published: those stay.

    ``parts`` is sent by a form that offered categories: then one must be chosen. Without, the whole event is sold.
    """

    LISTS: ClassVar[frozenset[str]] = frozenset({"categories", *STEP_COLUMNS})
    POINTERS: ClassVar[Mapping[str, str]] = {
        "price_cents": "price",
        "price_steps": "step_name",
        "price_steps/name": "step_name",
        "price_steps/price_cents": "step_price",
        "price_steps/until": "step_until",
        "price_steps/until_sold": "step_sold",
    }
    LABELS: ClassVar[Mapping[str, str]] = {
        "categories": "Sold from",
        "capacity": "At most",
        "max_per_order": "Per order at most",
        "sales_start_at": "On sale from",
        "sales_end_at": "On sale until",
        "visibility": "Who sees it",
        "sort": "Order on the page",
        "step_name": "Price step {}: name",
        "step_price": "Price step {}: price",
        "step_until": "Price step {}: until",
        "step_sold": "Price step {}: until sold",
    }

    version: str = ""
    name: Name
    price: Amount
    parts: bool = False
    categories: tuple[str, ...] = ()
    capacity: Whole | None = None
    max_per_order: Whole = MAX_PER_ORDER_DEFAULT
    sales_start_at: LocalMoment | None = None
    sales_end_at: LocalMoment | None = None
    visibility: Literal["public", "hidden"] = "public"
    taxable: bool = False
    sort: Whole = 0
    step_name: tuple[str, ...] = ()
    step_price: tuple[str, ...] = ()
    step_until: tuple[str, ...] = ()
    step_sold: tuple[str, ...] = ()

    def new(self, event: Event) -> NewTicketType:
        sold_from = {"categories": list(self.categories)} if self.parts or self.categories else {}
        return shapes.build({**self._document(event), **sold_from}, NewTicketType)

    def change(self, event: Event) -> TicketTypeChange:
        document = self._document(event)
        if event.published_at is None and (self.parts or self.categories):
            document["categories"] = list(self.categories)
        return shapes.build(document, TicketTypeChange)

    def _document(self, event: Event) -> dict[str, Any]:
        return {
            "name": self.name,
            "price_cents": cents(self.price, event.currency, "/price_cents"),
            "capacity": self.capacity,
            "max_per_order": self.max_per_order,
            "sales_start_at": at_place(self.sales_start_at, event.timezone, "/sales_start_at"),
            "sales_end_at": at_place(self.sales_end_at, event.timezone, "/sales_end_at"),
            "visibility": self.visibility,
            "taxable": self.taxable,
            "sort": self.sort,
            **({"price_steps": self._steps(event)} if self.step_name else {}),
        }

    def _steps(self, event: Event) -> list[dict[str, Any]]:
        """The rows that say something. Invalid with every broken field."""
        found, faults = list[dict[str, Any]](), list[dict[str, str]]()
        rows = zip_longest(*(getattr(self, name) for name in STEP_COLUMNS), fillvalue="")
        for row in [[text.strip() for text in each] for each in rows]:
            if any(row):
                found.append(_step(row, f"/price_steps/{len(found)}", event, faults))
        if faults:
            raise Invalid(errors=faults)
        return found


def _step(row: list[str], at: str, event: Event, faults: list[dict[str, str]]) -> dict[str, Any]:
    """A price step as it was typed; what is broken is added to ``faults``."""
    name, price, until, sold = row
    step: dict[str, Any] = {"name": name, "price_cents": 0, "until": None, "until_sold": None}
    if not name:
        faults.append(fault(f"{at}/name", "missing", "Name this step"))
    try:
        step["price_cents"] = cents(Decimal(price.replace(",", "")), event.currency, f"{at}/price_cents")
        step["until"] = at_place(datetime.fromisoformat(until), event.timezone, f"{at}/until") if until else None
        step["until_sold"] = int(sold) if sold else None
    except Invalid as refusal:
        faults += refusal.errors
    except ArithmeticError:
        faults.append(fault(f"{at}/price_cents", "invalid_value", "Write an amount like 45.00"))
    except ValueError:
        said = "Write a date and a time, and a whole number of tickets"
        faults.append(fault(f"{at}/until", "invalid_value", said))
    return step


class PriceForm(Form):
    """A price that is being typed."""

    POINTERS: ClassVar[Mapping[str, str]] = {"price_cents": "price"}

    price: Amount
    taxable: bool = False

    def cents(self, event: Event) -> int:
        return cents(self.price, event.currency, "/price_cents")


def of(kind: TicketType, event: Event) -> Filled[TicketTypeForm]:
    """The form as a ticket type would fill it in."""
    return fresh(
        TicketTypeForm,
        version=kind.version,
        name=kind.name,
        price=formats.amount(kind.price_cents, event.currency),
        categories=kind.categories,
        capacity=kind.capacity,
        max_per_order=kind.max_per_order,
        sales_start_at=formats.local(kind.sales_start_at, event.timezone) or None,
        sales_end_at=formats.local(kind.sales_end_at, event.timezone) or None,
        visibility=kind.visibility,
        taxable="true" if kind.taxable else None,
        sort=kind.sort,
        step_name=[step.name for step in kind.price_steps],
        step_price=[formats.amount(step.price_cents, event.currency) for step in kind.price_steps],
        step_until=[formats.local(step.until, event.timezone) or "" for step in kind.price_steps],
        step_sold=[step.until_sold or "" for step in kind.price_steps],
    )
