"""Ticket types: prices in the event's currency, sales windows in its time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from admin import formats
from admin.forms.fields import Amount, LocalMoment, Name, Whole, at_place, cents
from admin.forms.filled import Filled, Form, fresh
from engine.domain.catalogue.events import Event
from engine.domain.catalogue.ticket_types import MAX_PER_ORDER_DEFAULT, NewTicketType, TicketType, TicketTypeChange
from engine.foundation import shapes


class TicketTypeForm(Form):
    """``version`` and no ``categories`` come from the form of a type that was published: those stay.

    ``parts`` is sent by a form that offered categories: then one must be chosen. Without, the whole event is sold.
    """

    LISTS: ClassVar[frozenset[str]] = frozenset({"categories"})
    POINTERS: ClassVar[Mapping[str, str]] = {"price_cents": "price"}
    LABELS: ClassVar[Mapping[str, str]] = {
        "categories": "Sold from",
        "capacity": "At most",
        "max_per_order": "Per order at most",
        "sales_start_at": "On sale from",
        "sales_end_at": "On sale until",
        "visibility": "Who sees it",
        "sort": "Order on the page",
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
        }


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
    )
