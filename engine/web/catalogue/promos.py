"""Promo codes over HTTP."""

from __future__ import annotations

from aiohttp import web

from engine.domain.accounts.errors import OrganizationSuspended, OrganizationUnknown, TooManyOfThem
from engine.domain.catalogue.errors import (
    EventUnknown,
    PromoCodeTaken,
    PromoCodeUnknown,
    PromoCodeUsed,
    PromoExpired,
    PromoUsedUp,
)
from engine.domain.catalogue.promos import (
    NewPromo,
    NewPromoOfEvent,
    PromoAnswer,
    PromoChange,
    PromoCode,
    PromoQuestion,
    PromoQuestionOfEvent,
    PromoUse,
)
from engine.domain.errors import PromoInvalid
from engine.domain.fields import Id
from engine.foundation import bodies, guesses, http, lists
from engine.foundation.errors import Forbidden, Malformed
from engine.foundation.lists import Page, PageQuery, id_cursor, listed
from engine.services.appkeys import PROMOS
from engine.web.auth import person
from engine.web.forms import created, form, versioned
from engine.web.route import VERSIONED, Route


class PromosQuery(PageQuery, frozen=True, kw_only=True):
    organization_id: Id | None = None


async def create_promo(request: web.Request) -> web.Response:
    """Add a promo code to an event."""
    actor = person(request)
    given = await form(request, NewPromo)
    made = await request.config_dict[PROMOS].create(actor, request.match_info["event_id"], given)
    return created(made, made.version, f"/v1/promo-codes/{made.id}")


async def list_promos(request: web.Request) -> web.Response:
    """An event's promo codes and how often each was used."""
    rows = await request.config_dict[PROMOS].of_event(person(request), request.match_info["event_id"])
    return listed(request, rows, lambda promo: promo.id)


async def list_all_promos(request: web.Request) -> web.Response:
    """Promo codes over all events, of one organization or of every one that the asker works for."""
    actor, query = person(request), bodies.query(request, PromosQuery)
    after = id_cursor(query.cursor, "pro") or ""
    promos = request.config_dict[PROMOS]
    rows = await promos.of_organizations(actor, query.organization_id, after, query.limit + 1)
    return http.json(lists.page(rows, query.limit, lambda promo: promo.id))


async def create_promo_of_event(request: web.Request) -> web.Response:
    """Add a promo code to the event that the body names."""
    actor = person(request)
    given = await form(request, NewPromoOfEvent)
    made = await request.config_dict[PROMOS].create(actor, given.event_id, given)
    return created(made, made.version, f"/v1/promo-codes/{made.id}")


async def list_promo_uses(request: web.Request) -> web.Response:
    """The orders that carry a promo code, newest first."""
    actor, query = person(request), bodies.query(request, PageQuery)
    before = id_cursor(query.cursor, "ord")
    promos = request.config_dict[PROMOS]
    rows = await promos.uses(actor, request.match_info["promo_id"], before, query.limit + 1)
    return http.json(lists.page(rows, query.limit, lambda use: use.order_id))


async def export_promo_codes(request: web.Request) -> web.StreamResponse:
    """All codes of one that was made many at once, as CSV, with how often each was used."""
    promo_id = request.match_info["promo_id"]
    pieces = await request.config_dict[PROMOS].codes(person(request), promo_id)
    return await http.piecewise(request, pieces, "text/csv; charset=utf-8", f"{promo_id}-codes.csv")


async def read_promo(request: web.Request) -> web.Response:
    """One promo code."""
    promo = await request.config_dict[PROMOS].get(person(request), request.match_info["promo_id"])
    return versioned(request, promo, promo.version)


async def change_promo(request: web.Request) -> web.Response:
    """Change a code's terms or switch it off."""
    actor, expected = person(request), http.version_expected(request)
    given = await form(request, PromoChange)
    promo = await request.config_dict[PROMOS].change(actor, request.match_info["promo_id"], expected, given)
    return versioned(request, promo, promo.version)


async def delete_promo(request: web.Request) -> web.Response:
    """Remove a code of an event that was never published."""
    actor, expected = person(request), http.version_expected(request)
    await request.config_dict[PROMOS].delete(actor, request.match_info["promo_id"], expected)
    return web.Response(status=204)


async def validate_promo(request: web.Request) -> web.Response:
    """What a code takes off now."""
    given = await form(request, PromoQuestion)
    promos, event_id = request.config_dict[PROMOS], request.match_info["event_id"]
    with guesses.typed(request, given.code):
        return http.json(await promos.answer(event_id, given.code))


async def validate_promo_of_event(request: web.Request) -> web.Response:
    """What a code takes off now, at the event that the body names."""
    given = await form(request, PromoQuestionOfEvent)
    with guesses.typed(request, given.code):
        return http.json(await request.config_dict[PROMOS].answer(given.event_id, given.code))


_ALL = "/v1/promo-codes"
_OF_EVENT, _ONE = "/v1/events/{event_id}/promo-codes", "/v1/promo-codes/{promo_id}"
_VALIDATE = "/v1/events/{event_id}/promo-codes/validate"
_DISCOUNTS, _DISCOUNT = "/v1/events/{event_id}/discounts", "/v1/discounts/{promo_id}"
_ASKED = (EventUnknown, PromoInvalid, PromoExpired, PromoUsedUp)
_WRITES = (Forbidden, PromoCodeUnknown, *VERSIONED)
ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        _OF_EVENT,
        create_promo,
        "organizer",
        "operate",
        needs="promos.write",
        takes=NewPromo,
        gives=PromoCode,
        status=201,
    )
    .refuses(Forbidden, EventUnknown, PromoCodeTaken, TooManyOfThem, OrganizationSuspended)
    .also(_DISCOUNTS),
    Route(
        "GET",
        _OF_EVENT,
        list_promos,
        "organizer",
        "operate",
        needs="promos.read",
        gives=Page[PromoCode],
        query=PageQuery,
    )
    .refuses(Forbidden, EventUnknown, Malformed)
    .also(_DISCOUNTS),
    Route(
        "GET",
        _ALL,
        list_all_promos,
        "organizer",
        "operate",
        needs="promos.read",
        gives=Page[PromoCode],
        query=PromosQuery,
    ).refuses(Forbidden, OrganizationUnknown, Malformed),
    Route(
        "POST",
        _ALL,
        create_promo_of_event,
        "organizer",
        "operate",
        needs="promos.write",
        takes=NewPromoOfEvent,
        gives=PromoCode,
        status=201,
    ).refuses(Forbidden, EventUnknown, PromoCodeTaken, TooManyOfThem, OrganizationSuspended),
    Route("GET", _ONE, read_promo, "organizer", "operate", needs="promos.read", gives=PromoCode)
    .refuses(Forbidden, PromoCodeUnknown)
    .also(_DISCOUNT),
    Route("PATCH", _ONE, change_promo, "organizer", "operate", needs="promos.write", takes=PromoChange, gives=PromoCode)
    .refuses(*_WRITES)
    .also(_DISCOUNT),
    Route("DELETE", _ONE, delete_promo, "organizer", "operate", needs="promos.write", status=204)
    .refuses(*_WRITES, PromoCodeUsed)
    .also(_DISCOUNT),
    Route(
        "GET",
        f"{_ONE}/usage",
        list_promo_uses,
        "organizer",
        "operate",
        needs="promos.read",
        gives=Page[PromoUse],
        query=PageQuery,
    ).refuses(Forbidden, PromoCodeUnknown, Malformed),
    Route(
        "GET",
        f"{_ONE}/codes.csv",
        export_promo_codes,
        "organizer",
        "document",
        needs="promos.read",
        content_type="text/csv",
    ).refuses(Forbidden, PromoCodeUnknown),
    Route(
        "POST", _VALIDATE, validate_promo, "public", "buy", takes=PromoQuestion, gives=PromoAnswer, repeats="always"
    ).refuses(*_ASKED),
    Route(
        "POST",
        f"{_ALL}/validate",
        validate_promo_of_event,
        "public",
        "buy",
        takes=PromoQuestionOfEvent,
        gives=PromoAnswer,
        repeats="always",
    ).refuses(*_ASKED),
)
