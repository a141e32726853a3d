"""Events as lists show them: each card with its face, and how much is left."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TypeAlias

import msgspec
from aiohttp import web

from engine.domain.catalogue.event_cards import EventCard
from engine.domain.catalogue.event_search import Found
from engine.domain.catalogue.events import Event
from engine.domain.catalogue.pricing.steps_shown import PriceStepShown
from engine.domain.catalogue.programme.series import SeriesDate
from engine.foundation.clock import now
from engine.foundation.errors import NotFound, Refusal
from engine.pages.catalogue.faces import Face, face_of
from engine.pages.catalogue.offers import Level
from engine.services.appkeys import AVAILABILITY


class Row(msgspec.Struct):
    """What pages of the catalogue read of a ticket type's availability."""

    id: str
    level: Level
    price_step: PriceStepShown | None = None


class _Document(msgspec.Struct):
    ticket_types: tuple[Row, ...]


_document = msgspec.json.Decoder(_Document)
Card: TypeAlias = "tuple[EventCard, Face]"


async def cards_of(request: web.Request, found: Iterable[Found]) -> list[Card]:
    """The cards of what was found, in its order."""
    return await asyncio.gather(*(_card(request, one.card) for one in found))


async def levels_of(request: web.Request, event: Event | EventCard | SeriesDate) -> dict[str, Level]:
    """How much is left of each public type; nothing if the inventory is away or not there yet."""
    return {row.id: row.level for row in await rows_of(request, event)}


async def rows_of(request: web.Request, event: Event | EventCard | SeriesDate) -> tuple[Row, ...]:
    """What is left of each public type, and at which price step it is; nothing if the inventory is not there."""
    try:
        document = await request.config_dict[AVAILABILITY].document(event.id)
    except (Refusal, NotFound):
        return ()
    return _document.decode(document).ticket_types


async def _card(request: web.Request, event: EventCard) -> Card:
    """Only what is on sale can be sold out: the others are not asked about."""
    face = face_of(event, now())
    if face.buyable:
        levels = await levels_of(request, event)
        sold_out = bool(levels) and all(level == "none" for level in levels.values())
        face = face_of(event, now(), sold_out=sold_out)
    return event, face
