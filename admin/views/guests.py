"""Guests: the list that is read in, and the door's view of it."""

from __future__ import annotations

import secrets
from typing import Final

from aiohttp import web

from admin import reach
from admin.forms import filled
from admin.forms.box_office import GuestsForm
from admin.visit import Visit
from engine.domain.catalogue.events import Event
from engine.domain.money.box_office.guests import COLUMNS, NOTE, ROWS_MAX, GuestListRead, read_table
from engine.foundation.idempotency import scope_of

SEARCH_CHARS_MAX: Final = 100
KEY_BYTES: Final = 18
SHOWN_MAX: Final = 500


async def show(visit: Visit) -> web.Response:
    """Who is invited, by name, and who is in."""
    event = await reach.event(visit, "comps.read")
    return await _page(visit, event, filled.Filled(), None)


async def read_in(visit: Visit) -> web.Response:
    """Try a list, or give its guests their tickets; either way what came of each line is shown."""
    event = await reach.event(visit, "comps.write")
    form = filled.read(GuestsForm, visit.form)

    async def act(typed: GuestsForm) -> GuestListRead:
        return await visit.services.money.guests.read_in(
            visit.person,
            event.id,
            read_table(typed.guests.encode("utf-8", "replace")),
            note=typed.note or NOTE,
            dry_run=typed.what == "try",
            once_as=scope_of(f"admin:{visit.person.user_id}", visit.request, typed.key),
        )

    return await _page(visit, event, form, await form.carry_out(act))


async def _page(
    visit: Visit, event: Event, form: filled.Filled[GuestsForm], done: GuestListRead | None
) -> web.Response:
    search = visit.query.get("q", "").strip()[:SEARCH_CHARS_MAX]
    guests = await visit.services.money.guests.of_event(visit.person, event.id, search or None)
    # What was given is over: the same list is not offered to be sent again.
    is_over = done is not None and not done.dry_run and done.created > 0
    return await visit.page(
        "guests/list.html",
        event=event,
        form=filled.Filled() if is_over else form,
        done=done,
        guests=guests[:SHOWN_MAX],
        invited=len(guests),
        tickets=sum(guest.quantity for guest in guests),
        entered=sum(guest.entered for guest in guests),
        q=search,
        key=secrets.token_urlsafe(KEY_BYTES),
        columns=COLUMNS,
        rows_max=ROWS_MAX,
        note=NOTE,
        may_write=await visit.may(event.organization_id, "comps.write") and event.status == "published",
        status=form.status,
    )
