"""The shop of one event: being let in, choosing seats, and the form that works without scripts."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from aiohttp import web

import hotpath_rs
from engine.domain.catalogue.ticket_types import TicketType
from engine.domain.errors import AdmissionRequired, PromoInvalid, SwitchedOff
from engine.domain.sale.holds import HoldItem, HoldRequest
from engine.domain.sale.selling import SellingEvent
from engine.foundation import bodies, guesses, http, manners
from engine.foundation.clock import now, now_ms
from engine.foundation.errors import Invalid, Refusal
from engine.foundation.manners import FORM, Manners
from engine.foundation.ready import Ready
from engine.foundation.shelf import SHELF, for_a_moment
from engine.foundation.speech import tongue
from engine.foundation.speech.tongue import later
from engine.foundation.world.currencies import find as find_currency
from engine.pages import cookies, csrf, frame
from engine.pages.catalogue.events import Shown, find, room_url
from engine.pages.catalogue.offers import Offer, offers_of
from engine.pages.sale.held import held_by
from engine.services.appkeys import AVAILABILITY, FLAGS, HOLDS, SELLING, SETTINGS, TICKET_TYPES
from engine.services.sale.hold_asks import read_code

FORM_BYTES_MAX: Final = 16 * 1024
KEY_BYTES: Final = 16
SECTION_CHARS_MAX: Final = 64
CODE_CHARS_MAX: Final = 64
# What stands in a page that is rendered for everybody where each visitor has something of their own.
NOW_MARK, UNTIL_MARK, CSRF_MARK, KEY_MARK = "@now@", "@until@", "@csrf@", "@form-key@"


def setup(app: web.Application) -> None:
    frame.serve(app, "GET", "/e/{slug}/shop", shop, manners.PAGE)
    frame.serve(app, "POST", "/e/{slug}/shop", hold_best, Manners("hold", takes=FORM, counts=True))
    frame.serve(app, "POST", "/shop/admission", enter, Manners("own", takes=FORM))


async def shop(request: web.Request) -> web.StreamResponse:
    """The seat picker; the door if an event has a queue and the visitor is not in yet."""
    since = request.config_dict[SHELF].changes
    shown = await find(request, request.match_info["slug"])
    if not shown.face.buyable and shown.face.kind != "sold_out":
        raise web.HTTPSeeOther(f"/e/{shown.event.slug}")
    until_ms = await _session_until_ms(request, shown)
    if until_ms is None:
        context = {"event": shown.event, "room_url": room_url(request, shown.event)}
        return frame.render(request, "shop/door.html", context)
    if request.method == "GET" and not request.query_string:
        ready = await _shelved(request, shown, since)
        if ready is not None:
            return ready
    asked, code = request.query.get("type"), request.query.get("code", "")[:CODE_CHARS_MAX]
    form = {"split": "yes", "promo_code": code} if asked or code else {}
    if asked:
        form[f"q-{asked}"] = "1"
    try:
        with guesses.typed(request, code):
            read_code(await request.config_dict[SELLING].get(shown.event.id), code or None, now_ms())
    except PromoInvalid as refusal:
        return await _shop(request, shown, until_ms, form, refusal)
    return await _shop(request, shown, until_ms, form)


async def hold_best(request: web.Request) -> web.Response:
    """The form: hold the best available, then pay. A refusal shows the form again and says why."""
    shown = await find(request, request.match_info["slug"])
    form = await read_form(request)
    csrf.check(request, form)
    try:
        body = _request_of(shown, await _offers(request, shown, form), form)
        holds = request.config_dict[HOLDS]
        held = await held_by(request, await request.config_dict[SELLING].get(shown.event.id))
        if held is not None:
            token, taker = cookies.kept(request, cookies.HOLD_COOKIE), holds.takers.of(_address(request))
            await holds.grow(held.hold.id, token, body.items, taker=taker)
            raise web.HTTPSeeOther(f"/checkout/{held.hold.id}")
        with guesses.typed(request, body.promo_code):
            placed = await holds.place(
                body,
                admission=cookies.kept(request, cookies.ADMISSION_COOKIE),
                principal="form:" + csrf.token(request),
                key=form.get("key", "")[: KEY_BYTES * 2] or secrets.token_hex(KEY_BYTES),
                body=msgspec.json.encode(body),
                taker=holds.takers.of(_address(request)),
            )
    except AdmissionRequired:
        raise
    except Refusal as refusal:
        return await _shop(request, shown, await _session_until_ms(request, shown), form, refusal)
    response = web.HTTPSeeOther(f"/checkout/{placed.hold.id}")
    cookies.keep_hold(request, response, placed.token)
    raise response


async def enter(request: web.Request) -> web.Response:
    """The queue's hand-over: an admission token becomes a cookie. AdmissionRequired if it does not verify."""
    form = await read_form(request)
    if request.headers.get("Origin") != frame.origin(request.config_dict[SETTINGS].waitingroom_url):
        csrf.check(request, form)
    text = form.get("admission", "")[: cookies.TOKEN_CHARS_MAX]
    try:
        event = await request.config_dict[SELLING].get(hotpath_rs.peek_event(text))
        event.keys.verify_admission(text, now_ms())
    except hotpath_rs.TokenError as error:
        raise AdmissionRequired(reason=error.code) from error
    response = web.HTTPSeeOther(f"/e/{event.slug}/shop")
    cookies.keep_admission(request, response, text)
    raise response


def _address(request: web.Request) -> str:
    return http.client_address(request, trust_forwarded=request.config_dict[SETTINGS].trust_forwarded)


async def read_form(request: web.Request) -> dict[str, str]:
    """A form of ours, the last value of each field."""
    return await bodies.form(request, FORM_BYTES_MAX)


async def _session_until_ms(request: web.Request, shown: Shown) -> int | None:
    """When this visitor's time in the shop ends: 0 without a queue, None if they are not in."""
    if shown.event.on_sale is None or not shown.event.on_sale.room_enabled:
        return 0
    return _until_ms(await request.config_dict[SELLING].get(shown.event.id), request)


def _until_ms(event: SellingEvent, request: web.Request) -> int | None:
    """The same on an event's terms of this moment, before the request is routed too."""
    if not event.room_enabled:
        return 0
    text = cookies.kept(request, cookies.ADMISSION_COOKIE) or ""
    try:
        return event.keys.verify_admission(text, now_ms()).expires_at_ms
    except hotpath_rs.TokenError:
        return None


async def _offers(request: web.Request, shown: Shown, form: Mapping[str, str]) -> list[Offer]:
    """What is sold now; hidden types to those who name one, by a link or before, or show a code that unlocks them."""
    event = await request.config_dict[SELLING].get(shown.event.id)
    found: set[int] = set()
    for section in event.seat_map.sections:
        if section.kind == "seated":
            found.update(event.category_of[section.first_unit : section.first_unit + section.units])
    seated = frozenset(event.seat_map.categories[index] for index in found)
    every = tuple(event.seat_map.categories)
    hidden = await _unlocked(request, shown, event, form)
    rows = [await request.config_dict[AVAILABILITY].of_type(event.id, kind.id, exact=False) for kind in hidden]
    offers = offers_of(
        shown.event,
        [*shown.kinds, *hidden],
        shown.levels | {row.id: row.level for row in rows if row is not None},
        now(),
        steps=shown.steps | {row.id: row.price_step for row in rows if row is not None and row.price_step is not None},
        seated=seated,
        every=every,
        unlocked=frozenset(kind.id for kind in hidden),
    )
    return [offer for offer in offers if offer.selling]


async def _unlocked(
    request: web.Request, shown: Shown, event: SellingEvent, form: Mapping[str, str]
) -> list[TicketType]:
    named = {name.removeprefix("q-") for name in form if name.startswith("q-")}
    promo = event.typed_promo(form.get("promo_code", "").strip()[:CODE_CHARS_MAX])
    if promo is not None:
        with contextlib.suppress(PromoInvalid):
            promo.check(now_ms())
            named |= promo.unlocks
    wanted = {kind.id for kind in event.ticket_types.values() if kind.hidden} & named
    return await request.config_dict[TICKET_TYPES].hidden(shown.event, wanted)


async def _shelved(request: web.Request, shown: Shown, since: int) -> Ready | None:
    """The page as it first stands, rendered once a moment for everybody: what is a visitor's own is filled in.

    None if the visitor is not in, or the terms are being read again.
    """
    selling, event_id = request.config_dict[SELLING], shown.event.id

    async def rendered() -> str:
        context = await _context(request, shown, {}, None)
        marks = {"csrf_token": lambda: CSRF_MARK, "form_key": KEY_MARK}
        return frame.text(request, "shop/shop.html", context | marks, request.rel_url.raw_path)

    def fill(visit: web.Request) -> tuple[dict[bytes, bytes], bytes] | None:
        event = selling.ready(event_id)
        if event is None:
            return None
        until_ms = _until_ms(event, visit)
        if until_ms is None:
            return None
        rules = cookies.rules(visit)
        own = csrf.own_token(visit, rules)
        token = own or csrf.fresh_token()
        filled = {
            NOW_MARK.encode(): str(now_ms()).encode(),
            UNTIL_MARK.encode(): str(until_ms).encode() if until_ms else b"null",
            CSRF_MARK.encode(): token.encode(),
            KEY_MARK.encode(): secrets.token_hex(KEY_BYTES).encode(),
        }
        return filled, b"" if own else csrf.cookie_line(rules, token).encode()

    text = await request.config_dict[frame.SHARED].get(
        ("shop", event_id, selling.changes, tongue.spoken().tag), rendered
    )
    for mark in (NOW_MARK, UNTIL_MARK):  # numbers, once they are filled in
        text = text.replace(f'"{mark}"', mark)
    return request.config_dict[SHELF].personal(
        request,
        text.encode(),
        since=since,
        topic=event_id,
        stands=for_a_moment(frame.SHARED_CACHE_S),
        marks=(NOW_MARK.encode(), UNTIL_MARK.encode(), CSRF_MARK.encode(), KEY_MARK.encode()),
        fill=fill,
        headers=frame.guards(request) | frame.said_in(request),
    )


async def _shop(
    request: web.Request, shown: Shown, until_ms: int | None, form: Mapping[str, str], refusal: Refusal | None = None
) -> web.Response:
    context = await _context(request, shown, form, until_ms)
    context |= {"form_key": secrets.token_hex(KEY_BYTES), "alert": refusal}
    if refusal is not None:
        context["alert_title"], context["alert_detail"] = frame.said_of(refusal)
    return frame.render(request, "shop/shop.html", context, status=refusal.status if refusal else 200)


async def _context(request: web.Request, shown: Shown, form: Mapping[str, str], until_ms: int | None) -> dict[str, Any]:
    """What the page shows; marks stand for the moments of it if ``form`` has nothing in it and ``until_ms`` is None."""
    if not request.config_dict[FLAGS].switches.selling:
        raise SwitchedOff("Selling is switched off", retry_after_s=60)
    event = shown.event
    selling = await request.config_dict[SELLING].get(event.id)
    offers = await _offers(request, shown, form)
    held = await held_by(request, selling)
    sections = [section.name for section in selling.seat_map.sections if section.kind == "seated"]
    data = {
        "event_id": event.id,
        "currency": event.currency,
        "digits": find_currency(event.currency).digits,
        "offers": [offer.data() for offer in offers],
        "max_tickets_per_buyer": event.max_tickets_per_buyer,
        "has_seats": bool(sections),
        "room_url": room_url(request, event) if selling.room_enabled else None,
        "server_now_ms": now_ms() if until_ms is not None else NOW_MARK,
        "session_until_ms": until_ms or None if until_ms is not None else UNTIL_MARK,
        "held": held.data() if held else None,
    }
    return {
        "event": event,
        "told": shown.told,
        "held": held,
        "sold_out": shown.face.kind == "sold_out",
        "offers": offers,
        "shop_data": frame.script_data(data),
        "has_seats": bool(sections),
        "sections": sections,
        "quantities": {offer.id: _count(form, f"q-{offer.id}") for offer in offers},
        "section": form.get("section", ""),
        "promo_code": form.get("promo_code", "")[:CODE_CHARS_MAX],
        "accessible": _count(form, "accessible"),
        "split": not form or "split" in form,
        "alert": None,
    }


def _request_of(shown: Shown, offers: list[Offer], form: Mapping[str, str]) -> HoldRequest:
    """The hold the form asks for. Invalid if nothing is."""
    places = _count(form, "accessible")
    items = []
    for offer in offers:
        quantity = _count(form, f"q-{offer.id}")
        if not quantity:
            continue
        here = min(places, quantity) if offer.seated else 0
        places -= here
        items.append(
            HoldItem(
                ticket_type_id=offer.id,
                quantity=quantity,
                accessible=here,
                section=(form.get("section", "")[:SECTION_CHARS_MAX] or None) if offer.seated else None,
                split="split" in form or not offer.seated,
            )
        )
    if not items:
        raise Invalid(later("How many tickets?"))
    return HoldRequest(
        event_id=shown.event.id,
        items=tuple(items),
        promo_code=form.get("promo_code", "").strip()[:CODE_CHARS_MAX] or None,
    )


def _count(form: Mapping[str, str], name: str) -> int:
    text = form.get(name, "").strip()
    return min(int(text), 50) if text.isascii() and text.isdecimal() and len(text) <= 2 else 0  # noqa: PLR2004 - two digits
