"""A paid order's page of corrections: mail it again, another name or address of its buyer."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from engine.domain.accounts.people import EMAIL_CHARS_MAX
from engine.domain.errors import CapabilityWrong
from engine.domain.fields import NAME_CHARS_MAX
from engine.domain.money.corrections import CodeMailed, OrderChange
from engine.domain.money.orders import Order
from engine.domain.order_states import SOLD
from engine.domain.tickets.one_time_codes import GOOD_FOR_S, TYPED_CHARS_MAX
from engine.foundation import bodies, guesses, manners, shapes
from engine.foundation.errors import Forbidden, Invalid, NotFound, Refusal, Unauthenticated
from engine.foundation.manners import FORM, Manners
from engine.pages import cookies, csrf, frame
from engine.services.appkeys import CORRECTIONS, EVENTS, ORDERS

FORM_BYTES_MAX: Final = 8 * 1024
_AT: Final = "/order/{order_id}/correct"


def setup(app: web.Application) -> None:
    """Register the page and its forms."""
    frame.serve(app, "GET", _AT, show, manners.PAGE)
    frame.serve(app, "POST", _AT, correct, Manners("buy", takes=FORM))
    frame.serve(app, "POST", "/order/{order_id}/resend", resend, Manners("buy", takes=FORM))


async def show(request: web.Request) -> web.Response:
    """The forms; the door to whom does not carry the order's token."""
    return await _page(request)


async def correct(request: web.Request) -> web.Response:
    """The first time a code is mailed to the old address; with it the order is corrected."""
    form = await _form(request)
    order = await _read(request)
    given = {
        "name": form["name"] if form["name"] != order.buyer_name else None,
        "email": form["email"] if form["email"] != order.buyer_email else None,
        "code": form["code"] or None,
    }
    try:
        change = shapes.build(given, OrderChange)
        with guesses.typed(request, change.code):
            done = await request.config_dict[CORRECTIONS].correct(order.id, change, person=None, token=_token(request))
    except (Unauthenticated, CapabilityWrong, NotFound, Forbidden):
        raise
    except Refusal as refusal:
        return await _page(request, refusal, form, asks_code=bool(form["code"]))
    if isinstance(done, CodeMailed):
        return await _page(request, form=form, asks_code=True)
    raise web.HTTPSeeOther(cookies.order_path(order.id))


async def resend(request: web.Request) -> web.Response:
    """Mail the tickets again."""
    await _form(request)
    try:
        await request.config_dict[CORRECTIONS].resend(
            request.match_info["order_id"], person=None, token=_token(request)
        )
    except (Unauthenticated, CapabilityWrong, NotFound, Forbidden):
        raise
    except Refusal as refusal:
        return await _page(request, refusal)
    return await _page(request, resent=True)


async def _page(
    request: web.Request,
    refusal: Refusal | None = None,
    form: dict[str, str] | None = None,
    *,
    asks_code: bool = False,
    resent: bool = False,
) -> web.Response:
    try:
        order = await _read(request)
    except (Unauthenticated, CapabilityWrong, NotFound) as error:
        return frame.render(
            request, "orders/door.html", {"order_id": request.match_info["order_id"]}, status=error.status
        )
    context: dict[str, Any] = {
        "order": order,
        "event": await request.config_dict[EVENTS].get(None, order.event_id, hidden_too=True),
        "may": order.status in SOLD,
        "typed": form or {"name": order.buyer_name, "email": order.buyer_email, "code": ""},
        "fault": _said(refusal),
        "fault_at": _field(refusal),
        "asks_code": asks_code,
        "resent": resent,
        "minutes": GOOD_FOR_S // 60,
    }
    return frame.render(request, "orders/correct.html", context, status=refusal.status if refusal else 200)


def _said(refusal: Refusal | None) -> str:
    return frame.fault_of(refusal) if refusal is not None else ""


def _field(refusal: Refusal | None) -> str:
    """The field that a refusal is about, "" if it is the whole form's."""
    if refusal is None:
        return ""
    if refusal.code in {"otp_expired", "otp_locked"}:
        return "code"
    pointers = [fault["pointer"].strip("/") for fault in refusal.errors] if isinstance(refusal, Invalid) else []
    return next((name for name in pointers if name in {"name", "email", "code"}), "email" if pointers else "")


async def _read(request: web.Request) -> Order:
    return await request.config_dict[ORDERS].read(request.match_info["order_id"], person=None, token=_token(request))


def _token(request: web.Request) -> str | None:
    return cookies.kept(request, cookies.ORDER_COOKIE)


async def _form(request: web.Request) -> dict[str, str]:
    form = await bodies.form(request, FORM_BYTES_MAX)
    csrf.check(request, form)
    limits = {"name": NAME_CHARS_MAX, "email": EMAIL_CHARS_MAX, "code": TYPED_CHARS_MAX}
    return {name: form.get(name, "").strip()[: most + 1] for name, most in limits.items()}
