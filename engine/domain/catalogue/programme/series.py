"""A series: one event on several dates, changed one by one or together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct
from msgspec.structs import replace

from engine.domain.catalogue.entry_rules import EntryRules
from engine.domain.catalogue.event_copy import moved_rules, mover
from engine.domain.catalogue.event_news import EventPatch
from engine.domain.catalogue.events import Event, EventChange
from engine.domain.catalogue.on_sales import NewOnSale, OnSale, RoomSettings
from engine.domain.catalogue.phases import Phase
from engine.domain.catalogue.pricing.refund_policies import RefundPolicy
from engine.foundation import local_time

EVENTS_MAX: Final = 200
RRULE_CHARS_MAX: Final = 500
UNTIL_CHARS_MAX: Final = 40

# Which events of a series a change is for: one, it and the later ones, every one that is not over.
Apply = Literal["this", "following", "all"]


class NewSeries(Struct, kw_only=True):
    """``rrule`` is one of RFC 5545 without hours; ``until`` (a day or a moment) and ``count`` end it, as its own do."""

    rrule: Annotated[str, Meta(min_length=1, max_length=RRULE_CHARS_MAX)]
    until: Annotated[str, Meta(max_length=UNTIL_CHARS_MAX)] | None = None
    count: Annotated[int, Meta(ge=2, le=EVENTS_MAX)] | None = None


class SeriesMade(Struct, frozen=True, kw_only=True):
    """All its events, the one that is repeated first."""

    series_id: str
    event_ids: list[str]


class SeriesDate(Struct, frozen=True, kw_only=True):
    """One event of a series, as its calendar shows it."""

    id: str
    slug: str
    title: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    status: str
    phase: Phase


class Series(Struct, frozen=True, kw_only=True):
    """What the next of its events that is shown says of all of them, and the dates in their order."""

    id: str
    organization_id: str
    rrule: str
    title: str
    summary: str
    description: str
    venue: str
    city: str
    events: list[SeriesDate]


class NotPublished(Struct, frozen=True, kw_only=True):
    """A draft that stays one, and what it lacks."""

    event_id: str
    missing: list[str]


class SeriesPublished(Struct, frozen=True, kw_only=True):
    """Which drafts of a series were published, and which could not be."""

    published: list[str]
    incomplete: list[NotPublished]


def change_for(given: EventChange, event: Event, other: Event, type_ids: Mapping[str, str]) -> EventChange:
    """What a change of ``event`` is for another event of its series: the same, at its own date.

    A moment keeps its distance from the start on the clocks of the place, so what was moved alone stays moved.
    ``type_ids`` are the other event's ticket types by those of the event.
    """
    zone = given.timezone if isinstance(given.timezone, str) else event.timezone
    move = mover(event, other.starts_at)
    changes: dict[str, object] = {}
    for name in ("starts_at", "ends_at"):
        moment = getattr(given, name)
        if isinstance(moment, datetime):
            changes[name] = local_time.moved_along(moment, event.starts_at, other.starts_at, zone)
    if isinstance(given.allow_refunds_until, datetime):
        changes["allow_refunds_until"] = move(given.allow_refunds_until)
    if isinstance(given.refund_policy, RefundPolicy) and isinstance(given.refund_policy.until, datetime):
        changes["refund_policy"] = replace(given.refund_policy, until=move(given.refund_policy.until))
    if isinstance(given.entry_rules, EntryRules):
        changes["entry_rules"] = moved_rules(given.entry_rules.with_types(type_ids), move)
    return replace(given, **changes)


def only_changed(given: EventPatch, event: Event) -> EventPatch:
    """Without what the event says already: another date may have been given a text of its own there."""
    same: dict[str, object] = {}
    for name in EventChange.__struct_fields__:
        value = getattr(given, name)
        if (tuple(value) if isinstance(value, list) else value) == getattr(event, name):
            same[name] = UNSET
    return replace(given, **same)


def on_sale_for(on_sale: OnSale, event: Event, starts_at: datetime) -> NewOnSale:
    """The on-sale of another date: all dates go on sale at one moment; the end of each sale moves with its date."""
    room = {name: getattr(on_sale.room, name) for name in RoomSettings.__struct_fields__ if name != "codes"}
    codes = on_sale.room.codes if isinstance(on_sale.room.codes, tuple) else ()
    return NewOnSale(
        prequeue_opens_at=on_sale.prequeue_opens_at,
        opens_at=on_sale.opens_at,
        closes_at=mover(event, starts_at)(on_sale.closes_at) if on_sale.closes_at is not None else None,
        room=RoomSettings(**room, codes=codes),
        account=on_sale.account,
    )
