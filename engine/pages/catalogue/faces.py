"""What an event looks like to a visitor at one moment: which of its faces its card and its page show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from engine.domain.catalogue.event_cards import EventCard
from engine.domain.catalogue.events import Event
from engine.foundation.speech.tongue import later, say

Kind = Literal["cancelled", "past", "closed", "sold_out", "open", "queue", "queue_soon", "soon", "unscheduled"]

BADGES: dict[Kind, str] = {
    "cancelled": later("Cancelled"),
    "past": later("Took place"),
    "closed": later("Sales closed"),
    "sold_out": later("Sold out"),
    "open": later("On sale"),
    "queue": later("Queue open"),
    "queue_soon": later("Queue opens soon"),
    "soon": later("Coming soon"),
    "unscheduled": "",
}
# Kinds in which there is something to do: the page shows its one accent button.
BUYABLE: frozenset[Kind] = frozenset({"open", "queue"})


@dataclass(frozen=True, slots=True)
class Face:
    """``waits_for`` is the next moment that changes this face: the page counts down to it."""

    kind: Kind
    badge: str
    waits_for: datetime | None = None

    @property
    def buyable(self) -> bool:
        return self.kind in BUYABLE


def face_of(event: Event | EventCard, at: datetime, *, sold_out: bool = False) -> Face:
    """The face of a published event at a moment. With a room one queues; the room decides when it lets people in."""
    kind, waits_for = _kind(event, at, sold_out=sold_out)
    return Face(kind, say(BADGES[kind]) if BADGES[kind] else "", waits_for)


def _kind(  # noqa: PLR0911 - one return a face, read from the top
    event: Event | EventCard, at: datetime, *, sold_out: bool
) -> tuple[Kind, datetime | None]:
    on_sale = event.on_sale
    if event.status == "cancelled":
        return "cancelled", None
    if event.status == "completed" or at >= event.ends_at:
        return "past", None
    if on_sale is None:
        return "unscheduled", None
    if not event.organization.sells:
        return "closed", None
    if on_sale.closes_at is not None and at >= on_sale.closes_at:
        return "closed", None
    if sold_out:
        return "sold_out", None
    if at >= on_sale.opens_at:
        return ("queue" if on_sale.room_enabled else "open"), None
    if not on_sale.room_enabled:
        return "soon", on_sale.opens_at
    if on_sale.prequeue_opens_at is not None and at >= on_sale.prequeue_opens_at:
        return "queue", on_sale.opens_at
    return "queue_soon", on_sale.prequeue_opens_at or on_sale.opens_at
