"""What the public reports, and events that the platform takes down: for platform admins alone."""

from __future__ import annotations

from aiohttp import web

from admin import reach
from admin.forms import filled
from admin.forms.complaints import HideForm
from admin.visit import Visit, address
from engine.domain.catalogue.complaints import REASONS, STATES, State
from engine.domain.catalogue.events import Event
from engine.foundation.errors import Forbidden, Invalid, NotFound


async def list_all(visit: Visit) -> web.Response:
    """Reports of one state, newest first; the open ones if none is asked for."""
    state: State = next((one for one in STATES if one == visit.query.get("state")), "open")
    complaints = visit.services.catalogue.complaints
    rows = await complaints.of_state(visit.person, state, visit.query.get("before") or None, reach.PAGE + 1)
    page, more = reach.cut(rows)
    return await visit.page(
        "complaints/list.html",
        complaints=page,
        more=more,
        state=state,
        states=STATES,
        counts=await complaints.counts(visit.person),
        reasons=REASONS,
    )


async def dismiss(visit: Visit) -> web.Response:
    return await _decide(visit, "dismissed", "Dismissed.")


async def settle(visit: Visit) -> web.Response:
    return await _decide(visit, "acted", "Noted: something was done.")


async def hide(visit: Visit) -> web.Response:
    """Take an event down: its title typed once more, and the reason that its people read."""
    event = await _event(visit)
    form = filled.read(HideForm, visit.form)

    async def act(typed: HideForm) -> Event:
        if typed.title.casefold() != event.title.casefold():
            raise Invalid.at("/title", "different", "Type the title of this event exactly")
        return await visit.services.catalogue.complaints.hide(visit.person, event.id, typed.reason)

    if await form.carry_out(act) is None:
        text = " ".join([*form.errors.values(), *form.general])
        return await visit.go(address("events", event.id), f"Not taken down. {text}.", tone="bad")
    note = "Taken down: it is shown and sold no more. Its tickets stay valid, its gates go on."
    return await visit.go(address("events", event.id), note, tone="warn")


async def bring_back(visit: Visit) -> web.Response:
    event = await _event(visit)
    await visit.services.catalogue.complaints.bring_back(visit.person, event.id)
    return await visit.go(address("events", event.id), "Shown again, and sold if its on-sale is open.")


async def _event(visit: Visit) -> Event:
    if not visit.person.is_admin:
        raise Forbidden("Only platform admins may do this")
    return await reach.event(visit)


async def _decide(visit: Visit, state: State, note: str) -> web.Response:
    try:
        await visit.services.catalogue.complaints.decide(visit.person, visit.at("complaint"), state)
    except NotFound as refusal:
        return await visit.go("/complaints", str(refusal.detail), tone="bad")
    return await visit.go("/complaints", note)
