"""A template: all that an event says, kept to make others from. It stays as it is when its event changes or goes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engine.domain.catalogue.event_copy import EventCopy, copied, copied_rule, copied_type, moved_rules, mover
from engine.domain.catalogue.events import Event, NewEvent
from engine.domain.catalogue.on_sales import NewOnSale, OnSale
from engine.domain.catalogue.programme.series import on_sale_for
from engine.domain.catalogue.ticket_types import NewTicketType, TicketTypeRow
from engine.domain.fields import Id, Moment, Name

TEMPLATES_MAX: Final = 100  # of one organization


class TemplateType(Struct, frozen=True, kw_only=True):
    """``id`` is what the template's entry rules and discounts call it."""

    id: str
    ticket_type: NewTicketType


class TemplateDocument(Struct, frozen=True, kw_only=True):
    """As they would be sent to make the event that it was taken from; its times are that event's."""

    event: NewEvent
    ticket_types: list[TemplateType]
    on_sale: NewOnSale | None


class NewTemplate(Struct, kw_only=True):
    """A name that the organization has for no other template."""

    name: Name


class EventTemplate(Struct, frozen=True, kw_only=True):
    id: str
    organization_id: str
    name: str
    title: str
    ticket_types: list[str]
    created_at: datetime


class FromTemplate(Struct, kw_only=True):
    """When the event starts; its title and place are the template's if left out. A place brings its time zone."""

    starts_at: Moment
    title: Name | None = None
    venue_id: Id | None = None


class Made(Struct, frozen=True, kw_only=True):
    """What a template makes for a date: everything moves along with the start, by the clocks of the place."""

    event: NewEvent
    ticket_types: list[tuple[str, NewTicketType]]
    on_sale: NewOnSale | None


def template_of(event: Event, rows: list[TicketTypeRow], on_sale: OnSale | None) -> TemplateDocument:
    """The template that an event is."""
    stays = mover(event, event.starts_at)
    return TemplateDocument(
        event=copied(event, EventCopy(starts_at=event.starts_at), {row.id: row.id for row in rows}),
        ticket_types=[TemplateType(id=row.id, ticket_type=copied_type(row, stays)) for row in rows],
        on_sale=on_sale_for(on_sale, event, event.starts_at) if on_sale is not None else None,
    )


def made_of(template: TemplateDocument, given: FromTemplate, type_ids: Mapping[str, str]) -> Made:
    """An event of a template; ``type_ids`` are its ticket types' ids by the template's."""
    event = template.event
    move = mover(event, given.starts_at)

    def moved(moment: datetime | None) -> datetime | None:
        return move(moment) if moment is not None else None

    ends_at = move(event.ends_at)
    if ends_at <= given.starts_at:  # the clocks went back meanwhile
        ends_at = given.starts_at + (event.ends_at - event.starts_at)
    on_sale = template.on_sale
    return Made(
        event=replace(
            event,
            title=given.title or event.title,
            venue_id=given.venue_id or event.venue_id,
            timezone=None if given.venue_id else event.timezone,
            starts_at=given.starts_at,
            ends_at=ends_at,
            allow_refunds_until=moved(event.allow_refunds_until),
            entry_rules=moved_rules(event.entry_rules.with_types(type_ids), move),
            discount_rules=[copied_rule(rule, type_ids) for rule in event.discount_rules],
        ),
        ticket_types=[
            (
                type_ids[kind.id],
                replace(
                    kind.ticket_type,
                    sales_start_at=moved(kind.ticket_type.sales_start_at),
                    sales_end_at=moved(kind.ticket_type.sales_end_at),
                    price_steps=[replace(step, until=moved(step.until)) for step in kind.ticket_type.price_steps],
                ),
            )
            for kind in template.ticket_types
        ],
        on_sale=replace(
            on_sale,
            prequeue_opens_at=moved(on_sale.prequeue_opens_at),
            opens_at=move(on_sale.opens_at),
            closes_at=moved(on_sale.closes_at),
        )
        if on_sale is not None
        else None,
    )
