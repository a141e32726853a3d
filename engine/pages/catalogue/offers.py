"""Ticket types as a visitor sees them: an all-in price with its parts, how many are left, when they are sold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from engine.domain.catalogue.events import Event
from engine.domain.catalogue.ticket_types import TicketType
from engine.domain.prices import Fee, Line, Price, quote
from engine.domain.taxes import Tax
from engine.foundation.speech import figures
from engine.foundation.speech.tongue import say

Level = Literal["plenty", "few", "none", "unknown"]


@dataclass(frozen=True, slots=True)
class Offer:
    """``level`` says how many are left; ``selling`` whether its own window is open now."""

    id: str
    name: str
    price: Price
    level: Level
    note: str
    max_per_order: int
    categories: tuple[str, ...]
    seated: bool
    selling: bool

    @property
    def buyable(self) -> bool:
        return self.selling and self.level != "none"

    def data(self) -> dict[str, Any]:
        """What the scripts of the shop need of it."""
        return {
            "id": self.id,
            "name": self.name,
            "categories": self.categories,
            "total_cents": self.price.total_cents,
            "max_per_order": self.max_per_order,
            "level": self.level,
            "seated": self.seated,
        }


def offers_of(
    event: Event,
    kinds: Iterable[TicketType],
    levels: Mapping[str, Level],
    at: datetime,
    *,
    seated: frozenset[str] = frozenset(),
    every: tuple[str, ...] = (),
) -> list[Offer]:
    """The public types in their order; ``seated`` are the categories that have seats, ``every`` one the event's."""
    return [
        Offer(
            id=kind.id,
            name=kind.name,
            price=price_of_one(event, kind),
            level=levels.get(kind.id, "unknown"),
            note=_note(event, kind, at),
            max_per_order=min(kind.max_per_order, event.max_tickets_per_buyer or kind.max_per_order),
            categories=kind.categories or every,
            seated=not seated.isdisjoint(kind.categories or every),
            selling=_started(kind, at) and not _ended(kind, at),
        )
        for kind in kinds
        if kind.visibility == "public"
    ]


def price_of_one(event: Event, kind: TicketType) -> Price:
    """What one ticket costs, with its parts."""
    return quote(
        currency=event.currency,
        lines=[Line(kind.id, kind.price_cents, kind.taxable)],
        taxes=[Tax(tax.name, tax.rate_bp) for tax in event.taxes],
        fee=Fee(event.fee.rate_bp, event.fee.fixed_cents, event.fee.paid_by),
    )


def _started(kind: TicketType, at: datetime) -> bool:
    return kind.sales_start_at is None or at >= kind.sales_start_at


def _ended(kind: TicketType, at: datetime) -> bool:
    return kind.sales_end_at is not None and at >= kind.sales_end_at


def _note(event: Event, kind: TicketType, at: datetime) -> str:
    def said(moment: datetime) -> str:
        return figures.at_its_clocks(moment, event.timezone, "short")

    if _ended(kind, at):
        return say("No longer sold")
    if not _started(kind, at):
        assert kind.sales_start_at is not None, "what has not started has a start"
        return say("From %(moment)s", moment=said(kind.sales_start_at))
    if kind.sales_end_at is None:
        return ""
    return say("Until %(moment)s", moment=said(kind.sales_end_at))
