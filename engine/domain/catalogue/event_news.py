"""What ticket holders must hear of an event: its time or its place changed, or it is cancelled."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct

from engine.domain.catalogue.events import MOVING_FIELDS, Event, EventChange

MESSAGE_CHARS_MAX = 2_000

Kind = Literal["changed", "cancelled"]
# To ticket holders, in plain text.
Message = Annotated[str, Meta(max_length=MESSAGE_CHARS_MAX, pattern=r"^[^\x00]*$")]


class TimeAndPlace(Struct, frozen=True, kw_only=True):
    """When and where, as people are told it; times are shown by the clocks of ``timezone``."""

    starts_at: datetime
    ends_at: datetime
    timezone: str
    venue: str
    address: str = ""
    city: str = ""


class EventNews(Struct, frozen=True, kw_only=True):
    """One piece of news."""

    id: int
    event_id: str
    kind: Kind
    before: TimeAndPlace
    after: TimeAndPlace
    message: str
    created_at: datetime


class Told(Struct, frozen=True, kw_only=True):
    """What somebody hears of an event at once: several pieces of news that were not told yet, as one."""

    kind: Kind
    before: TimeAndPlace
    after: TimeAndPlace
    message: str

    @property
    def says_something(self) -> bool:
        """False if the event moved and moved back before it was told."""
        return self.kind == "cancelled" or self.before != self.after


class EventPatch(EventChange, kw_only=True):
    """``message`` goes to everybody who has a ticket if a published event's time or place changes; else to nobody.

    Unless the organizer ever sold for money or proved an address, only addresses that did are mailed it; and nobody is
    by a suspended organizer.
    """

    message: Message = ""


class EventCancel(Struct, kw_only=True):
    """``message`` goes to everybody who has a ticket."""

    message: Message = ""


def change_of(given: EventPatch) -> EventChange:
    """What becomes of the event, without what is only said about it."""
    return EventChange(**{name: getattr(given, name) for name in EventChange.__struct_fields__})


def moves(before: Event, given: EventChange) -> bool:
    """Whether a change takes a published event to another time or place: its ticket holders are told."""
    return before.status == "published" and any(
        getattr(given, name) not in {UNSET, getattr(before, name)} for name in MOVING_FIELDS
    )


def time_and_place(event: Event) -> TimeAndPlace:
    """An event's as it is."""
    return TimeAndPlace(
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        timezone=event.timezone,
        venue=event.venue.name,
        address=event.venue.address,
        city=event.venue.city,
    )


def together(news: list[EventNews]) -> Told | None:
    """Several pieces of news, oldest first, as one: from before the first to after the last. None without any.

    The message is the newest that somebody wrote.
    """
    if not news:
        return None
    message = next((one.message for one in reversed(news) if one.message), "")
    return Told(kind=news[-1].kind, before=news[0].before, after=news[-1].after, message=message)
