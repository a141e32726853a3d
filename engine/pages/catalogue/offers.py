"""Ticket types as a visitor sees them: an all-in price with its parts, how many are left, when they are sold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

from engine.domain.catalogue.events import Event
from engine.domain.catalogue.pricing.price_steps import last_price_cents
from engine.domain.catalogue.pricing.steps_shown import PriceStepShown
from engine.domain.catalogue.ticket_types import TicketType, price_of_one
from engine.domain.prices import Price
from engine.foundation.speech import figures
from engine.foundation.speech.tongue import say, say_many
from engine.pages.formats import percent

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
    step: PriceStepShown | None = None
    step_note: str = ""

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
            "stepped": self.step is not None,
        }


def offers_of(
    event: Event,
    kinds: Iterable[TicketType],
    levels: Mapping[str, Level],
    at: datetime,
    *,
    steps: Mapping[str, PriceStepShown] = MappingProxyType({}),
    seated: frozenset[str] = frozenset(),
    every: tuple[str, ...] = (),
    unlocked: frozenset[str] = frozenset(),
) -> list[Offer]:
    """The public types in their order, at the price steps that they are at, and the hidden ones that are unlocked.

    ``seated`` are the categories that have seats, ``every`` one the event's.
    """
    return [
        Offer(
            id=kind.id,
            name=kind.name,
            price=price_at(event, kind, steps.get(kind.id)),
            level=levels.get(kind.id, "unknown"),
            note=_note(event, kind, at),
            max_per_order=min(kind.max_per_order, event.max_tickets_per_buyer or kind.max_per_order),
            categories=kind.categories or every,
            seated=not seated.isdisjoint(kind.categories or every),
            selling=_started(kind, at) and not _ended(kind, at),
            step=steps.get(kind.id),
            step_note=_step_note(event, steps.get(kind.id)),
        )
        for kind in kinds
        if kind.visibility == "public" or kind.id in unlocked
    ]


def price_at(event: Event, kind: TicketType, step: PriceStepShown | None) -> Price:
    """What one ticket costs at its price step, with its parts."""
    price_cents = last_price_cents(kind.price_steps, kind.price_cents) if step is None else step.price_cents
    return price_of_one(price_cents, event, taxable=kind.taxable)


def _step_note(event: Event, step: PriceStepShown | None) -> str:
    """Which price step it is, until when or how many, and what one costs then."""
    if step is None or step.next is None:
        return ""
    then = figures.money(step.next.all_in_cents, event.currency)
    parts = [step.name] if step.name else []
    if step.left is not None:
        parts.append(say_many("%(num)s ticket left at this price", "%(num)s tickets left at this price", step.left))
    if step.until is not None:
        parts.append(say("Until %(moment)s", moment=figures.at_its_clocks(step.until, event.timezone, "short")))
    return " · ".join([*parts, say("then %(amount)s", amount=then)])


def group_notes(event: Event, kinds: Iterable[TicketType]) -> list[str]:
    """What is less for many tickets together, a sentence a rule."""
    names = {kind.id: kind.name for kind in kinds if kind.visibility == "public"}
    notes = []
    for rule in event.discount_rules:
        off = percent(rule.percent_bp) if rule.percent_bp else figures.money(rule.fixed_cents or 0, event.currency)
        of = [names[kind] for kind in rule.ticket_type_ids if kind in names]
        if of:
            notes.append(
                say(
                    "From %(num)s tickets of %(names)s on: %(off)s off.",
                    num=rule.quantity_min,
                    names=", ".join(of),
                    off=off,
                )
            )
        elif not rule.ticket_type_ids:
            notes.append(say("From %(num)s tickets on: %(off)s off.", num=rule.quantity_min, off=off))
    return notes


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
