"""Copying an event for another date: everything it says moves along with its start, by the clocks of its place.

A moment before the day of the event keeps its hour: a sale that opened at ten opens at ten, whether the clocks change
between the two dates or not, and at whatever hour the copy starts. A moment on that day or later keeps its distance
from the start on the clocks (foundation/local_time.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeAlias

from msgspec import UNSET, Struct
from msgspec.structs import replace

from engine.domain.catalogue.entry_rules import EntryRules, is_clock
from engine.domain.catalogue.events import Event, NewEvent
from engine.domain.catalogue.pricing import price_steps
from engine.domain.catalogue.pricing.discount_rules import DiscountRule
from engine.domain.catalogue.ticket_types import NewTicketType, TicketTypeRow
from engine.domain.fields import Moment, Name, is_moment
from engine.foundation.clock import rfc3339
from engine.foundation.errors import Invalid
from engine.foundation.local_time import local_day, moved_along, moved_days

Move: TypeAlias = Callable[[datetime], datetime]


class EventCopy(Struct, kw_only=True):
    """When the copy starts; its title and length are the original's if they are left out."""

    starts_at: Moment
    ends_at: Moment | None = None
    title: Name | None = None


def mover(event: Event | NewEvent, starts_at: datetime) -> Move:
    """How moments of the event become those of a copy that starts then. Invalid if that is out of range."""
    assert event.timezone is not None, "its zone was filled in when it was made"
    if not is_moment(starts_at):
        raise Invalid.at("/starts_at", "out_of_range", "This date is out of range")
    day, zone = local_day(event.starts_at, event.timezone), event.timezone

    def move(moment: datetime) -> datetime:
        moved = moved_days if local_day(moment, zone) < day else moved_along
        return moved(moment, event.starts_at, starts_at, zone)

    return move


def copied(event: Event, given: EventCopy, type_ids: Mapping[str, str]) -> NewEvent:
    """The draft of a copy; ``type_ids`` are its ticket types' ids by those of the event's."""
    move = mover(event, given.starts_at)
    ends_at = move(event.ends_at)
    if ends_at <= given.starts_at:  # the clocks went back meanwhile
        ends_at = given.starts_at + (event.ends_at - event.starts_at)
    return NewEvent(
        organization_id=event.organization_id,
        venue_id=event.venue_id,
        title=given.title or event.title,
        summary=event.summary,
        description=event.description,
        category=event.category,
        tags=list(event.tags),
        terms=event.terms,
        cover_url=event.cover_url,
        video_url=event.video_url,
        starts_at=given.starts_at,
        ends_at=given.ends_at or ends_at,
        timezone=event.timezone,
        currency=event.currency,
        hold_ttl_s=event.hold_ttl_s,
        orphan_policy=event.orphan_policy,
        taxes=list(event.taxes),
        tax_mode=event.tax_mode,
        discount_rules=[copied_rule(rule, type_ids) for rule in event.discount_rules],
        fee=event.fee,
        max_tickets_per_buyer=event.max_tickets_per_buyer,
        capacity=event.capacity,
        allow_refunds_until=_moved(event.allow_refunds_until, move),
        refund_policy=replace(event.refund_policy, until=UNSET),
        entry_rules=moved_rules(event.entry_rules.with_types(type_ids), move),
        named_tickets=event.named_tickets,
        allow_transfers=event.allow_transfers,
        max_transfers=event.max_transfers,
        reminders=event.reminders,
        questions=list(event.questions),
    )


def copied_type(row: TicketTypeRow, move: Move) -> NewTicketType:
    """The same ticket type with its sales window moved along."""
    return NewTicketType(
        name=row.name,
        price_cents=row.price_cents,
        categories=list(row.categories) or UNSET,
        capacity=row.capacity,
        max_per_order=row.max_per_order,
        sales_start_at=_moved(row.sales_start_at, move),
        sales_end_at=_moved(row.sales_end_at, move),
        visibility=row.visibility,
        taxable=row.taxable,
        sort=row.sort,
        price_steps=[price_steps.given(step, _moved(step.until, move)) for step in row.price_steps],
    )


def copied_rule(rule: DiscountRule, type_ids: Mapping[str, str]) -> DiscountRule:
    """The same discount for the copy's ticket types."""
    return replace(rule, ticket_type_ids=[type_ids.get(kind, kind) for kind in rule.ticket_type_ids])


def _moved(moment: datetime | None, move: Move) -> datetime | None:
    return move(moment) if moment is not None else None


def moved_rules(rules: EntryRules, move: Move) -> EntryRules:
    """A daily hour of emptying stays; one moment of it moves along."""
    if rules.exit_all_at is None or is_clock(rules.exit_all_at):
        return rules
    return replace(rules, exit_all_at=rfc3339(move(datetime.fromisoformat(rules.exit_all_at))))
