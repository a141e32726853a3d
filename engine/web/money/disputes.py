"""Disputes over HTTP, for staff: what a buyer's bank took back and why, and its places on sale again."""

from __future__ import annotations

from aiohttp import web

from engine.domain import errors as refusals
from engine.domain.accounts.errors import OrganizationUnknown
from engine.domain.money.disputes import Dispute
from engine.foundation import bodies, errors, http, lists
from engine.foundation.lists import Page, PageQuery, id_cursor
from engine.services.appkeys import DISPUTES
from engine.web import auth
from engine.web.route import Route


async def list_disputes(request: web.Request) -> web.Response:
    """An organization's disputes, newest first."""
    query = bodies.query(request, PageQuery)
    organization_id, before = request.match_info["organization_id"], id_cursor(query.cursor, "dsp")
    rows = await request.config_dict[DISPUTES].of_organization(
        auth.person(request), organization_id, before, query.limit + 1
    )
    return http.json(lists.page(rows, query.limit, lambda row: row.id), headers={"Cache-Control": "no-store"})


async def release_dispute(request: web.Request) -> web.Response:
    """Put the places of a lost dispute on sale again. Used tickets keep theirs; doing it twice is doing it once."""
    dispute = await request.config_dict[DISPUTES].release(auth.person(request), request.match_info["dispute_id"])
    return http.json(dispute, headers={"Cache-Control": "no-store"})


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/organizations/{organization_id}/disputes",
        list_disputes,
        "organizer",
        gives=Page[Dispute],
        query=PageQuery,
    ).refuses(errors.Forbidden, OrganizationUnknown, errors.Malformed),
    Route("POST", "/v1/disputes/{dispute_id}/release", release_dispute, "organizer", gives=Dispute).refuses(
        errors.Forbidden, refusals.DisputeUnknown, refusals.DisputeNotLost, refusals.TicketsUsed
    ),
)
