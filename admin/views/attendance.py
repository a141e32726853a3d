"""Who came, who is inside, which gate is busy, which codes make trouble."""

from __future__ import annotations

from aiohttp import web

from admin import reach
from admin.visit import Visit


async def show(visit: Visit) -> web.Response:
    event = await reach.event(visit, "attendance.read")
    return await visit.page(
        "attendance/show.html", event=event, counts=await visit.services.gates.attendance.read(visit.person, event.id)
    )


async def counts(visit: Visit) -> web.Response:
    """The counts alone, for a page that is already open."""
    event = await reach.event(visit, "attendance.read")
    return visit.piece(
        "attendance/counts.html", event=event, counts=await visit.services.gates.attendance.read(visit.person, event.id)
    )
