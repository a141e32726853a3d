"""The checkout: from a hold to an order. Card data goes from the browser to the provider, never through here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from aiohttp import web

import hotpath_rs
from engine.domain.accounts.consents import CHECKOUT
from engine.domain.accounts.people import User
from engine.domain.catalogue.events import Event
from engine.domain.catalogue.questions import Asking
from engine.domain.errors import AccountRequired, AddressNotCarried, HoldExpired, OrderExpired
from engine.domain.money.answers import NOTHING_TOLD, Told, checked
from engine.domain.money.buyers import ADDRESS_LEFT_OUT, ADDRESSLESS, checked_address, name_fault
from engine.domain.money.new_orders import Buyer
from engine.domain.money.orders import OpenedOrder, PayableOrder
from engine.domain.sale.holds import Hold, HoldLine
from engine.domain.sale.places import place
from engine.domain.sale.selling import SellingEvent
from engine.domain.sale.ticket_groups import TicketGroup, groups_of
from engine.foundation import bodies, http, manners
from engine.foundation.callers import caller_of
from engine.foundation.clock import now_ms
from engine.foundation.errors import Invalid, Refusal, Unauthenticated
from engine.foundation.folding import name_kept
from engine.foundation.manners import FORM, Manners
from engine.foundation.speech.tongue import say, spoken
from engine.foundation.world.currencies import find as find_currency
from engine.pages import cookies, csrf, frame
from engine.pages.accounts.signing import visitor
from engine.pages.catalogue.events import find
from engine.pages.money import asked
from engine.pages.sale.held import held_tickets, longest_ms
from engine.pages.sale.shop import read_form
from engine.services.appkeys import HOLDS, ORDERS, PEOPLE, SELLING, SETTINGS
from engine.services.sale.hold_prices import listed
from engine.settings import Settings

TYPED_CHARS_MAX: Final = 400  # of a field, more than any may have
FORM_BYTES_MAX: Final = 128 * 1024  # with every answer of a large order


@dataclass(frozen=True, slots=True)
class Typed:
    """The form as the buyer filled it in, and what is wrong with it by field; ``fields`` are all of them."""

    name: str = ""
    email: str = ""
    marketing: bool = False
    faults: dict[str, str] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    told: Told = NOTHING_TOLD

    @classmethod
    def read(cls, form: dict[str, str], asking: Asking | None) -> Typed:
        name = name_kept(form.get("name", "")[:TYPED_CHARS_MAX])
        email = form.get("email", "").strip()[:TYPED_CHARS_MAX]
        fault, faults = name_fault(name), dict[str, str]()
        if fault is not None:
            faults["name"] = fault
        try:
            email = checked_address(email, "/email")
        except Invalid:
            faults["email"] = ADDRESSLESS if email else ADDRESS_LEFT_OUT
        told = asked.told_of(asking, form)
        try:
            checked(asking, told, len(told.attendees))
        except Invalid as refusal:
            faults |= asked.faults_by_field(refusal.errors)
        return cls(name, email, form.get("marketing") == "yes", faults, form, told)


def setup(app: web.Application) -> None:
    frame.serve(app, "POST", "/checkout/{hold_id}/enter", enter, Manners("own", takes=FORM))
    frame.serve(app, "GET", "/checkout/{hold_id}", checkout, manners.PAGE)
    frame.serve(app, "POST", "/checkout/{hold_id}", order, Manners("buy", takes=FORM))
    frame.serve(app, "POST", "/checkout/{hold_id}/release", release, Manners("hold", takes=FORM))


async def enter(request: web.Request) -> web.Response:
    """The shop hands the hold's token over; from here on it is a cookie."""
    form = await read_form(request)
    csrf.check(request, form)
    hold_id, text = request.match_info["hold_id"], form.get("hold_token", "")[: cookies.TOKEN_CHARS_MAX]
    await request.config_dict[HOLDS].of_token(hold_id, text)
    response = web.HTTPSeeOther(f"/checkout/{hold_id}")
    cookies.keep_hold(request, response, text)
    raise response


async def checkout(request: web.Request) -> web.Response:
    """Who buys, what it costs, and paying. A hold that became an order goes on at the order's page."""
    hold_id, token = request.match_info["hold_id"], cookies.kept(request, cookies.HOLD_COOKIE)
    try:
        hold = await request.config_dict[HOLDS].of_token(hold_id, token)
    except HoldExpired as expired:
        return await _over(request, hold_id, token, expired)
    if hold.state == "ordered":
        return await _over(request, hold_id, token, HoldExpired())
    user = await _user(request)
    if user is None and (await request.config_dict[SELLING].get(hold.event_id)).account_required:
        raise _to_sign_in(hold_id)
    return await _page(request, hold, Typed() if user is None else Typed(user.name, user.email))


async def order(request: web.Request) -> web.Response:
    """Open the order, or go on with the one this hold became. Scripts get JSON, a plain form is led to the order."""
    hold_id, token = request.match_info["hold_id"], cookies.kept(request, cookies.HOLD_COOKIE)
    form = await bodies.form(request, FORM_BYTES_MAX)
    csrf.check(request, form)
    person = await visitor(request)
    typed = Typed.read(form, await _asking(request, token))
    if typed.faults:
        if not frame.wants_html(request):
            raise Invalid(errors=[_fault(name, text) for name, text in typed.faults.items()])
        return await _page(request, await request.config_dict[HOLDS].of_token(hold_id, token), typed, status=422)
    buyer = Buyer(
        name=typed.name,
        email=typed.email,
        consents={"marketing": typed.marketing},
        caller=caller_of(request, trust_forwarded=request.config_dict[SETTINGS].trust_forwarded),
        told=typed.told,
        locale=spoken().tag,
        user_id=person.user_id if person is not None else None,
        wording=CHECKOUT,
    )
    try:
        opened = await request.config_dict[ORDERS].open(hold_id, token, buyer)
    except AccountRequired:
        if not frame.wants_html(request):
            raise
        raise _to_sign_in(hold_id) from None
    except Invalid as refusal:
        typed.faults.update(_faults_of(refusal))
        if not typed.faults:
            raise
        if not frame.wants_html(request):
            raise Invalid(errors=[_fault(name, text) for name, text in typed.faults.items()]) from refusal
        return await _page(request, await request.config_dict[HOLDS].of_token(hold_id, token), typed, status=422)
    if frame.wants_html(request):
        raise _to_order(request, opened)
    response = http.json(msgspec.convert(opened, PayableOrder, from_attributes=True), status=201)
    cookies.keep_order(request, response, opened.order_id, opened.order_token)
    return response


async def release(request: web.Request) -> web.Response:
    """Give the tickets back and choose again."""
    csrf.check(request, await read_form(request))
    hold_id, token = request.match_info["hold_id"], cookies.kept(request, cookies.HOLD_COOKIE)
    holds = request.config_dict[HOLDS]
    try:
        hold = await holds.of_token(hold_id, token)
    except HoldExpired:
        raise web.HTTPSeeOther("/") from None
    await holds.release(hold_id, token)
    event = await request.config_dict[SELLING].get(hold.event_id)
    response = web.HTTPSeeOther(f"/e/{event.slug}/shop")
    cookies.drop_hold(request, response)
    raise response


def pay_data(settings: Settings, *, amount_cents: int, currency: str, **facts: Any) -> Any:
    """What the payment form's scripts need, public facts only. ``provider_amount`` is in the provider's units."""
    facts_of = find_currency(currency)
    return frame.script_data(
        {
            "amount_cents": amount_cents,
            "currency": currency,
            "digits": facts_of.digits,
            "provider_amount": facts_of.to_provider(amount_cents - amount_cents % facts_of.step),
            "stripe_url": (settings.stripe_public_url or settings.stripe_url).rstrip("/"),
            "publishable_key": settings.stripe_publishable_key,
            "sandboxed": settings.payments_are_sandboxed,
            "server_now_ms": now_ms(),
            **facts,
        }
    )


async def _page(request: web.Request, hold: Hold, typed: Typed, status: int = 200) -> web.Response:
    settings = request.config_dict[SETTINGS]
    selling = await request.config_dict[SELLING].get(hold.event_id)
    shown = await find(request, hold.event_id)
    asking = selling.asking
    context = {
        "event": shown.event,
        "hold": hold,
        "groups": hold_groups(selling, hold),
        "quantity": len(hold.lines),
        "held": held_tickets(selling, hold),
        "typed": typed,
        "order_fields": asked.order_fields(asking, typed.fields) if asking else [],
        "ticket_fields": asked.ticket_fields(asking, typed.fields, len(hold.lines)) if asking else [],
        "is_name_needed": asking is not None and asking.named == "required",
        "tickets_named": [_called(selling, line) for line in hold.lines],
        "sandboxed": settings.payments_are_sandboxed,
        "server_now_ms": now_ms(),
        "pay_data": pay_data(
            settings,
            hold_id=hold.id,
            amount_cents=hold.price.total_cents,
            currency=hold.price.currency,
            expires_at_ms=hold.expires_at_ms,
            longest_ms=longest_ms(hold),
        ),
    }
    return frame.render(request, "checkout/checkout.html", context, status=status)


async def _user(request: web.Request) -> User | None:
    """Who is signed in to this browser, and so need not say who they are."""
    person = await visitor(request)
    try:
        return await request.config_dict[PEOPLE].me(person) if person is not None else None
    except Unauthenticated:
        return None


def _to_sign_in(hold_id: str) -> web.HTTPSeeOther:
    """To the form, and back here."""
    return web.HTTPSeeOther("/account/sign-in?" + urlencode({"next": f"/checkout/{hold_id}"}))


def _faults_of(refusal: Invalid) -> dict[str, str]:
    """What an order was refused for, by the fields of this page; nothing if it is none of them."""
    if isinstance(refusal, AddressNotCarried):
        return {"email": refusal.detail}
    return asked.faults_by_field(refusal.errors)


async def _asking(request: web.Request, token: str | None) -> Asking | None:
    """What the event of a hold's token asks; None if nothing, or if the token names no event."""
    try:
        event: SellingEvent = await request.config_dict[SELLING].get(hotpath_rs.peek_event(token or ""))
    except (hotpath_rs.TokenError, Refusal):
        return None
    return event.asking


def _called(selling: SellingEvent, line: HoldLine) -> str:
    """A ticket as its fields are headed: what kind it is, and where."""
    return f"{selling.ticket_types[line.ticket_type_id].name} · {place(line.section, line.seat)}"


async def _over(request: web.Request, hold_id: str, token: str | None, expired: HoldExpired) -> web.Response:
    """The hold's time is over: on to the order it became, or a page that says so."""
    try:
        opened = await request.config_dict[ORDERS].of_hold(hold_id, token)
    except (HoldExpired, OrderExpired):
        pass
    else:
        raise _to_order(request, opened)
    context = {"event": await _event_of(request, token)}
    # The cookie stays: loading the page again says the same.
    return frame.render(request, "checkout/expired.html", context, status=expired.status)


async def _event_of(request: web.Request, token: str | None) -> Event | None:
    """The event that a hold's token names, to choose again from; None if it is not shown any more."""
    try:
        return (await find(request, hotpath_rs.peek_event(token or ""))).event
    except (hotpath_rs.TokenError, Refusal):
        return None


def _to_order(request: web.Request, opened: OpenedOrder) -> web.HTTPSeeOther:
    response = web.HTTPSeeOther(cookies.order_path(opened.order_id))
    cookies.keep_order(request, response, opened.order_id, opened.order_token)
    return response


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """Equal tickets with the places they are for."""

    kind: str
    places: list[str]
    of: TicketGroup


def hold_groups(selling: SellingEvent, hold: Hold) -> list[ShownGroup]:
    """Equal tickets together: what they are called, if they are, and their sum."""
    places = [place(line.section, line.seat) for line in hold.lines]
    return shown_groups(groups_of(hold.price.lines, listed(selling)), places, selling)


def shown_groups(groups: list[TicketGroup], places: list[str], selling: SellingEvent) -> list[ShownGroup]:
    """The groups as a page lists them; ``places`` has one for each line."""
    return [
        ShownGroup(selling.ticket_types[group.ticket_type_id].name, [places[line] for line in group.lines], group)
        for group in groups
    ]


def _fault(name: str, text: str) -> dict[str, str]:
    return {"pointer": f"/{name}", "code": "invalid_value", "message": say(text)}
