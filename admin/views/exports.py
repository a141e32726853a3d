"""Lists as tables for spreadsheets: whole, in the order of their pages."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any, Final

from aiohttp import web

from admin import reach
from admin.visit import Visit
from engine.domain.catalogue.errors import PromoCodeUnknown
from engine.foundation import http, sheets

PAGE: Final = 500
PAGES_MAX: Final = 200
CSV: Final = "text/csv; charset=utf-8"
EVENTS: Final = ("id", "title", "phase", "starts_at", "ends_at", "timezone", "currency", "units", "price_from_cents",
                 "price_to_cents", "published_at")  # fmt: skip
VENUES: Final = ("id", "name", "address", "city", "region", "country", "timezone", "units", "created_at")
MEMBERS: Final = ("user_id", "name", "email", "role", "created_at")
DISPUTES: Final = ("id", "order_number", "event_id", "currency", "amount_cents", "claimed_cents", "reason", "status",
                   "standing", "due_at", "opened_at", "closed_at")  # fmt: skip
PROMOS: Final = ("code", "kind", "value", "max_uses", "used_count", "discount_given_cents", "valid_from", "valid_until",
                 "status", "created_at")  # fmt: skip
ALLOTMENTS: Final = ("id", "name", "units", "seats", "open_to", "created_at")
DEVICES: Final = ("id", "name", "gates", "last_seen_at", "created_at", "revoked_at")


async def events(visit: Visit) -> web.StreamResponse:
    """With what of each is sold and being paid for."""
    organization = await reach.organization(visit, "events.read")
    services = visit.services

    async def pieces() -> AsyncGenerator[bytes, None]:
        before: str | None = None
        yield sheets.begun((*EVENTS, "sold", "being_paid"))
        for _ in range(PAGES_MAX):
            page = await services.catalogue.events.of_organization(visit.person, organization.id, before, PAGE)
            counts = await services.insight.reports.board(visit.person, organization.id, [one.id for one in page])
            none = {"sold": 0, "ordered": 0}
            yield sheets.rows(
                [*_cells(one, EVENTS), *(counts.get(one.id, none)[name] for name in ("sold", "ordered"))]
                for one in page
            )
            if len(page) < PAGE:
                return
            before = page[-1].id

    return await _sent(visit, pieces(), f"{organization.slug}-events")


async def venues(visit: Visit) -> web.StreamResponse:
    organization = await reach.organization(visit, "venues.read")
    read = visit.services.catalogue.venues.of_organization
    pieces = _pages(VENUES, lambda after: read(visit.person, organization.id, after, PAGE), lambda row: row.id)
    return await _sent(visit, pieces, f"{organization.slug}-venues")


async def members(visit: Visit) -> web.StreamResponse:
    organization = await reach.organization(visit, "members.read")
    read = visit.services.accounts.organizations.members
    pieces = _pages(MEMBERS, lambda after: read(visit.person, organization.id, after, PAGE), lambda row: row.user_id)
    return await _sent(visit, pieces, f"{organization.slug}-people")


async def disputes(visit: Visit) -> web.StreamResponse:
    organization = await reach.organization(visit, "refunds.read")
    read = visit.services.money.disputes.of_organization
    pieces = _pages(
        DISPUTES, lambda before: read(visit.person, organization.id, before or None, PAGE), lambda row: row.id
    )
    return await _sent(visit, pieces, f"{organization.slug}-disputes")


async def promos(visit: Visit) -> web.StreamResponse:
    event = await reach.event(visit, "promos.read")
    rows = await visit.services.catalogue.promos.of_event(visit.person, event.id)
    return await _whole(visit, PROMOS, rows, f"{event.slug}-promo-codes")


async def promo_codes(visit: Visit) -> web.StreamResponse:
    event = await reach.event(visit, "promos.read")
    promo = await visit.services.catalogue.promos.get(visit.person, visit.at("promo"))
    if promo.event_id != event.id:
        raise PromoCodeUnknown
    pieces = await visit.services.catalogue.promos.codes(visit.person, promo.id)
    return await _sent(visit, pieces, f"{event.slug}-{promo.code.lower()}-codes")


async def allotments(visit: Visit) -> web.StreamResponse:
    event = await reach.event(visit, "allotments.read")
    rows = await visit.services.sale.allotments.of_event(visit.person, event.id)
    return await _whole(visit, ALLOTMENTS, rows, f"{event.slug}-allotments")


async def devices(visit: Visit) -> web.StreamResponse:
    event = await reach.event(visit, "devices.read")
    read = visit.services.gates.devices.of_event
    pieces = _pages(DEVICES, lambda after: read(visit.person, event.id, after, PAGE), lambda row: row.id)
    return await _sent(visit, pieces, f"{event.slug}-scanners")


async def _pages(
    columns: Sequence[str], read: Callable[[str], Awaitable[Sequence[Any]]], position: Callable[[Any], str]
) -> AsyncGenerator[bytes, None]:
    """A list that is read page by page; ``read`` is handed the position that a page begins behind, "" at first."""
    after = ""
    yield sheets.begun(columns)
    for _ in range(PAGES_MAX):
        page = await read(after)
        yield sheets.rows(_cells(row, columns) for row in page)
        if len(page) < PAGE:
            return
        after = position(page[-1])


async def _whole(visit: Visit, columns: Sequence[str], rows: Sequence[object], name: str) -> web.StreamResponse:
    async def piece() -> AsyncGenerator[bytes, None]:
        yield sheets.begun(columns) + sheets.rows(_cells(row, columns) for row in rows)

    return await _sent(visit, piece(), name)


def _cells(row: object, columns: Sequence[str]) -> list[Any]:
    found = [getattr(row, name) for name in columns]
    return [", ".join(map(str, cell)) if isinstance(cell, list | tuple) else cell for cell in found]


async def _sent(visit: Visit, pieces: AsyncGenerator[bytes, None], name: str) -> web.StreamResponse:
    return await http.piecewise(visit.request, pieces, CSV, f"{name}.csv")
