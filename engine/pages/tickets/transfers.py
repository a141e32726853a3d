"""The page behind the mailed links of a transfer: one for each side, with what that side can do now.

Opening it does nothing: programs of mail servers open links too. Its forms carry the link's token along.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from engine.domain.fields import NAME_CHARS_MAX
from engine.domain.tickets.one_time_codes import GOOD_FOR_S, TYPED_CHARS_MAX
from engine.domain.tickets.ticket_links import TOKEN_CHARS_MAX
from engine.domain.tickets.transfers import TransferAccepted, TransferUnknown
from engine.foundation import bodies, guesses, manners, shapes
from engine.foundation.errors import Invalid, Refusal
from engine.foundation.manners import FORM, Manners
from engine.foundation.speech.tongue import spoken
from engine.pages import csrf, frame
from engine.services.appkeys import TRANSFERS
from engine.services.tickets.tickets import Asker
from engine.services.tickets.transfers import ShownTransfer

FORM_BYTES_MAX: Final = 8 * 1024
_AT: Final = "/transfer/{transfer_id}"


def setup(app: web.Application) -> None:
    """Register the page and its forms."""
    frame.serve(app, "GET", _AT, show, manners.PAGE)
    for name, handler in (("confirm", confirm), ("accept", accept), ("cancel", cancel), ("resend", resend)):
        frame.serve(app, "POST", f"{_AT}/{name}", handler, Manners("buy", takes=FORM))


async def show(request: web.Request) -> web.Response:
    """What this side can do now, or what became of it. 404 if the link is none."""
    return await _page(request, request.query.get("token", ""))


async def confirm(request: web.Request) -> web.Response:
    """The sender's code; a wrong one is told at its field."""
    form = await _form(request)
    try:
        with guesses.typed(request, form["code"]):
            await request.config_dict[TRANSFERS].confirm(_id(request), form["code"])
    except Refusal as refusal:
        return await _page(request, form["token"], refusal, form)
    raise _back(request, form["token"])


async def accept(request: web.Request) -> web.Response:
    """The recipient's code and name."""
    form = await _form(request)
    try:
        given = shapes.build({"code": form["code"], "name": form["name"] or None}, TransferAccepted)
        with guesses.typed(request, form["code"]):
            await request.config_dict[TRANSFERS].accept(_id(request), given, spoken().tag)
    except Refusal as refusal:
        return await _page(request, form["token"], refusal, form)
    raise _back(request, form["token"])


async def cancel(request: web.Request) -> web.Response:
    """Call it back, or decline it."""
    form = await _form(request)
    try:
        await request.config_dict[TRANSFERS].cancel(Asker(), form["token"], _id(request))
    except Refusal as refusal:
        return await _page(request, form["token"], refusal, form)
    raise _back(request, form["token"])


async def resend(request: web.Request) -> web.Response:
    """Mail this side another code."""
    form = await _form(request)
    transfers = request.config_dict[TRANSFERS]
    seen = await transfers.shown(_id(request), form["token"])
    try:
        await transfers.resend_code(_id(request), seen.side)
    except Refusal as refusal:
        return await _page(request, form["token"], refusal, form)
    return await _page(request, form["token"], form=form, mailed=True)


async def _page(
    request: web.Request,
    token: str,
    refusal: Refusal | None = None,
    form: dict[str, str] | None = None,
    *,
    mailed: bool = False,
) -> web.Response:
    """The page, with what was refused and what was typed."""
    try:
        seen = await request.config_dict[TRANSFERS].shown(_id(request), token[:TOKEN_CHARS_MAX])
    except TransferUnknown:
        return _dressed(frame.render(request, "tickets/transfer_gone.html", status=404))
    context = {
        "seen": seen,
        "token": token,
        "state": _state(seen),
        "typed": form or {"code": "", "name": seen.transfer.to_name},
        "fault": frame.fault_of(refusal) if refusal is not None else "",
        "fault_at": _field(refusal),
        "mailed": mailed,
        "minutes": GOOD_FOR_S // 60,
    }
    status = refusal.status if refusal is not None else 200
    return _dressed(frame.render(request, "tickets/transfer.html", context, status=status))


def _state(seen: ShownTransfer) -> str:
    """open: this side has something to do; waiting: the other has; else what became of it."""
    transfer = seen.transfer
    if transfer.status != "pending":
        return transfer.status
    done = transfer.confirmed_at if seen.side == "sender" else transfer.accepted_at
    return "open" if done is None else "waiting"


def _field(refusal: Refusal | None) -> str:
    """The field that a refusal is about: code or name; "" if it is the whole form's."""
    if refusal is None:
        return ""
    pointers = [fault["pointer"] for fault in refusal.errors] if isinstance(refusal, Invalid) else []
    if "/name" in pointers:
        return "name"
    return "code" if "/code" in pointers or refusal.code in {"otp_expired", "otp_locked"} else ""


async def _form(request: web.Request) -> dict[str, str]:
    """Its fields, each there and of a length."""
    form = await bodies.form(request, FORM_BYTES_MAX)
    csrf.check(request, form)
    limits = {"token": TOKEN_CHARS_MAX, "code": TYPED_CHARS_MAX, "name": NAME_CHARS_MAX}
    return {name: form.get(name, "").strip()[:most] for name, most in limits.items()}


def _back(request: web.Request, token: str) -> web.HTTPSeeOther:
    return web.HTTPSeeOther(f"/transfer/{_id(request)}?token={token}", headers={"Referrer-Policy": "no-referrer"})


def _dressed(response: web.Response) -> web.Response:
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _id(request: web.Request) -> str:
    return request.match_info["transfer_id"]
