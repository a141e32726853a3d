"""Guest lists over HTTP: read in as JSON or as a table, and looked at by the door."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from engine.domain import errors as refusals
from engine.domain.catalogue.errors import EventUnknown
from engine.domain.fields import NO_NUL
from engine.domain.money.box_office.guests import (
    LIST_BYTES_MAX,
    NOTE,
    Guest,
    GuestList,
    GuestListRead,
    lines_of,
    read_table,
)
from engine.domain.money.box_office.sales import Note
from engine.foundation import bodies, errors, http, lists
from engine.foundation.lists import Page
from engine.foundation.shapes import build
from engine.services.appkeys import GUESTS
from engine.web import auth, once
from engine.web.money.orders_shapes import SEARCH_CHARS_MAX
from engine.web.route import Route

TABLE: Final = "text/csv"
_anything: msgspec.json.Decoder[object] = msgspec.json.Decoder()


class TableQuery(Struct, frozen=True, kw_only=True):
    """What a table cannot say of itself; a list in JSON says it in its body."""

    dry_run: bool = False
    note: Note = NOTE


class GuestQuery(Struct, frozen=True, kw_only=True):
    """``q``: beginnings of words of name and e-mail address."""

    q: Annotated[str, Meta(min_length=1, max_length=SEARCH_CHARS_MAX, pattern=NO_NUL)] | None = None
    limit: Annotated[int, Meta(ge=1, le=lists.PAGE_MAX)] = lists.PAGE_DEFAULT
    cursor: Annotated[str, Meta(max_length=lists.CURSOR_CHARS_MAX)] | None = None


async def read_in(request: web.Request) -> web.Response:
    """Give every guest of a list their tickets; a list with faults gives none, and says them line by line."""
    actor = auth.person(request)
    query = bodies.query(request, TableQuery)
    raw = await bodies.read(request, LIST_BYTES_MAX)
    if request.content_type == TABLE:
        lines, dry_run, note = read_table(raw), query.dry_run, query.note
    else:
        given = build(bodies.decode(raw, _anything), GuestList)
        lines, dry_run, note = lines_of(given.guests), given.dry_run or query.dry_run, given.note
    done = await request.config_dict[GUESTS].read_in(
        actor,
        request.match_info["event_id"],
        lines,
        note=note.strip() or NOTE,
        dry_run=dry_run,
        once_as=request.get(once.SCOPE),
    )
    return http.json(done)


async def list_guests(request: web.Request) -> web.Response:
    """Those whom tickets were given to, by name, and how many of them are in."""
    query = bodies.query(request, GuestQuery)
    after = lists.id_cursor(query.cursor, "ord")
    rows = await request.config_dict[GUESTS].of_event(auth.person(request), request.match_info["event_id"], query.q)
    begin = next((at + 1 for at, guest in enumerate(rows) if guest.order_id == after), 0)
    page = lists.page(rows[begin : begin + query.limit + 1], query.limit, lambda guest: guest.order_id)
    return http.json(page, headers={"Cache-Control": "no-store"})


_AT = "/v1/events/{event_id}/guest-list"
ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        _AT,
        read_in,
        "organizer",
        "operate",
        needs="comps.write",
        takes=GuestList,
        gives=GuestListRead,
        query=TableQuery,
        repeats="keyed",
        body_bytes_max=LIST_BYTES_MAX,
        also_takes=(TABLE,),
    ).refuses(
        errors.Forbidden,
        errors.Malformed,
        EventUnknown,
        refusals.SalesClosed,
        refusals.InventoryRebuilding,
        refusals.InventoryUnavailable,
        refusals.SwitchedOff,
    ),
    Route(
        "GET",
        _AT,
        list_guests,
        "organizer",
        "operate",
        needs="comps.read",
        gives=Page[Guest],
        query=GuestQuery,
    ).refuses(errors.Forbidden, errors.Malformed, EventUnknown),
)
