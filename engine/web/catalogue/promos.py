"""Promo codes over HTTP."""

from __future__ import annotations

from aiohttp import web

from engine.domain.accounts.errors import TooManyOfThem
from engine.domain.catalogue.errors import (
    EventUnknown,
    PromoCodeTaken,
    PromoCodeUnknown,
    PromoCodeUsed,
    PromoExpired,
    PromoUnknown,
    PromoUsedUp,
)
from engine.domain.catalogue.promos import NewPromo, PromoAnswer, PromoChange, PromoCode, PromoQuestion
from engine.foundation import guesses, http
from engine.foundation.errors import Forbidden, Malformed
from engine.foundation.lists import Page, PageQuery, listed
from engine.services.appkeys import PROMOS
from engine.web.auth import person
from engine.web.forms import created, form, versioned
from engine.web.route import VERSIONED, Route


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


_OF_EVENT, _ONE = "/v1/events/{event_id}/promo-codes", "/v1/promo-codes/{promo_id}"
_VALIDATE = "/v1/events/{event_id}/promo-codes/validate"
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
    ).refuses(Forbidden, EventUnknown, PromoCodeTaken, TooManyOfThem),
    Route(
        "GET",
        _OF_EVENT,
        list_promos,
        "organizer",
        "operate",
        needs="promos.read",
        gives=Page[PromoCode],
        query=PageQuery,
    ).refuses(Forbidden, EventUnknown, Malformed),
    Route("GET", _ONE, read_promo, "organizer", "operate", needs="promos.read", gives=PromoCode).refuses(
        Forbidden, PromoCodeUnknown
    ),
    Route(
        "PATCH", _ONE, change_promo, "organizer", "operate", needs="promos.write", takes=PromoChange, gives=PromoCode
    ).refuses(*_WRITES),
    Route("DELETE", _ONE, delete_promo, "organizer", "operate", needs="promos.write", status=204).refuses(
        *_WRITES, PromoCodeUsed
    ),
    Route("POST", _VALIDATE, validate_promo, "public", "buy", takes=PromoQuestion, gives=PromoAnswer).refuses(
        EventUnknown, PromoUnknown, PromoExpired, PromoUsedUp
    ),
)
