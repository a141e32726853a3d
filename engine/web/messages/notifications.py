"""Messages over HTTP: what was told about an order, and about an event."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from msgspec import Meta

from engine.domain import errors as refusals
from engine.domain.catalogue.errors import EventUnknown
from engine.domain.fields import ONE_LINE, SHORT_CHARS_MAX
from engine.domain.messages.notifications import Notification, Status
from engine.foundation import bodies, errors, http, lists
from engine.foundation.lists import Page, PageQuery
from engine.services.appkeys import NOTIFICATIONS
from engine.web import auth
from engine.web.route import Route


class NotificationQuery(PageQuery, frozen=True, kw_only=True):
    """Those of one ``status`` or ``kind`` alone."""

    status: Status | None = None
    kind: Annotated[str, Meta(max_length=SHORT_CHARS_MAX, pattern=ONE_LINE)] | None = None


async def list_of_order(request: web.Request) -> web.Response:
    """What was told about an order, newest first; why a message failed is told to staff only."""
    rows = await request.config_dict[NOTIFICATIONS].of_order(
        request.match_info["order_id"], person=auth.optional_person(request), token=auth.order_token(request)
    )
    response = lists.listed(request, rows, lambda row: row.id)
    response.headers["Cache-Control"] = "no-store"
    return response


async def list_of_event(request: web.Request) -> web.Response:
    """Every message about an event, newest first."""
    query = bodies.query(request, NotificationQuery)
    rows = await request.config_dict[NOTIFICATIONS].of_event(
        auth.person(request),
        request.match_info["event_id"],
        status=query.status,
        kind=query.kind,
        before=lists.id_cursor(query.cursor, "msg"),
        limit=query.limit,
    )
    page = lists.page(rows, query.limit, lambda row: row.id)
    return http.json(page, headers={"Cache-Control": "no-store"})


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/orders/{order_id}/notifications",
        list_of_order,
        "capability",
        "own",
        needs="orders.read",
        gives=Page[Notification],
        query=PageQuery,
    ).refuses(errors.Unauthenticated, refusals.CapabilityWrong, errors.NotFound, errors.Malformed),
    Route(
        "GET",
        "/v1/events/{event_id}/notifications",
        list_of_event,
        "organizer",
        "operate",
        needs="orders.read",
        gives=Page[Notification],
        query=NotificationQuery,
    ).refuses(errors.Forbidden, EventUnknown, errors.Malformed),
)
