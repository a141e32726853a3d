"""The seating chart that an event sells from: its own since publication, its venue's before.

A venue's chart may change afterwards; forms that offered the new one would offer places the event does not have.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import hotpath_rs
from admin.visit import Visit
from engine.domain.catalogue.charts import standing
from engine.domain.catalogue.errors import ChartMissing
from engine.domain.catalogue.events import Event


async def categories(visit: Visit, event: Event) -> Sequence[str]:
    """What ticket types may be sold from; none before there is a chart."""
    if event.published_at is not None:
        return (await visit.services.sale.selling.get(event.id)).seat_map.categories
    if event.capacity is not None:
        return (standing.FLOOR,)
    return (await visit.services.catalogue.venues.get(visit.person, event.venue_id)).categories or ()


async def sections(visit: Visit, event: Event) -> Sequence[hotpath_rs.Section]:
    """What may be set apart; none before there is a chart."""
    if event.published_at is not None:
        return (await visit.services.sale.selling.get(event.id)).seat_map.sections
    if event.capacity is not None:
        return hotpath_rs.SeatMap.parse(standing.chart(event.capacity)).sections
    try:
        chart, _ = await visit.services.catalogue.venues.chart(visit.person, event.venue_id)
    except ChartMissing:
        return ()
    return (await asyncio.to_thread(hotpath_rs.SeatMap.parse, chart)).sections
