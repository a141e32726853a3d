"""Copying an event for another date: everything it says moves along with its start."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from engine.domain.catalogue.events import Event, NewEvent
from engine.domain.catalogue.ticket_types import NewTicketType, TicketTypeRow
from engine.domain.fields import Moment, Name, is_moment
from engine.foundation.errors import Invalid


class EventCopy(Struct, kw_only=True):
    """When the copy starts; its title and length are the original's if they are left out."""

    starts_at: Moment
    ends_at: Moment | None = None
    title: Name | None = None


def copied(event: Event, given: EventCopy) -> NewEvent:
    """The draft of a copy. Invalid if its start is out of range."""
    if not is_moment(given.starts_at):
        raise Invalid.at("/starts_at", "out_of_range", "This date is out of range")
    shift = given.starts_at - event.starts_at
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
        starts_at=given.starts_at,
        ends_at=given.ends_at or event.ends_at + shift,
        timezone=event.timezone,
        currency=event.currency,
        hold_ttl_s=event.hold_ttl_s,
        orphan_policy=event.orphan_policy,
        taxes=list(event.taxes),
        fee=event.fee,
        max_tickets_per_buyer=event.max_tickets_per_buyer,
        allow_refunds_until=_shifted(event.allow_refunds_until, shift),
        entry_rules=event.entry_rules,
    )


def copied_type(row: TicketTypeRow, shift: timedelta) -> NewTicketType:
    """The same ticket type with its sales window moved along."""
    return NewTicketType(
        name=row.name,
        price_cents=row.price_cents,
        categories=list(row.categories),
        capacity=row.capacity,
        max_per_order=row.max_per_order,
        sales_start_at=_shifted(row.sales_start_at, shift),
        sales_end_at=_shifted(row.sales_end_at, shift),
        visibility=row.visibility,
        taxable=row.taxable,
        sort=row.sort,
    )


def _shifted(moment: datetime | None, shift: timedelta) -> datetime | None:
    return moment + shift if moment is not None else None
