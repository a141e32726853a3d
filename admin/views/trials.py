"""Trial orders: the whole line from hold to refund, tried once on demand."""

from __future__ import annotations

from aiohttp import web

from admin import reach, trial
from admin.visit import Visit
from engine.foundation.errors import Conflict


async def show(visit: Visit) -> web.Response:
    event = await reach.event(visit, "events.publish")
    why_not = trial.why_not(visit.services, event)
    return await visit.page("trials/show.html", event=event, why_not=why_not, steps=trial.STEPS, run=None)


async def run(visit: Visit) -> web.Response:
    """The page shows how each step went; nothing is kept but the order and its refund."""
    event = await reach.event(visit, "events.publish")
    done, why_not = None, ""
    try:
        done = await trial.run(visit.services, visit.person, visit.user, event)
    except Conflict as refusal:
        why_not = str(refusal.detail)
    return await visit.page("trials/show.html", event=event, why_not=why_not, steps=trial.STEPS, run=done)
