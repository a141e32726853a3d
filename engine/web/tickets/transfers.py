"""Transfers over HTTP: a ticket goes to another person once both sides have shown the codes mailed to them."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from aiohttp import web

from engine.domain.accounts.errors import MailThrottled
from engine.domain.tickets.one_time_codes import OtpExpired, OtpLocked, OtpMailedOften, OtpWrong
from engine.domain.tickets.transfers import (
    CodeWanted,
    NewTransfer,
    SenderCode,
    TicketHandedOn,
    TicketUsed,
    TransferAccepted,
    TransferDocument,
    TransferLimitReached,
    TransferList,
    TransferOver,
    TransferPending,
    TransfersClosed,
    TransferUnknown,
)
from engine.foundation import bodies, guesses, http
from engine.foundation.errors import Forbidden, Malformed, NotFound, Unauthenticated
from engine.services.appkeys import TRANSFERS
from engine.services.tickets.tickets import Asker, TicketNotLive
from engine.web import auth
from engine.web.forms import form
from engine.web.route import Route
from engine.web.tickets.tickets import asker_of

UNKEPT: Final = {"Cache-Control": "no-store"}
_sender_code = msgspec.json.Decoder(SenderCode)
_accepted = msgspec.json.Decoder(TransferAccepted)


async def start_transfer(request: web.Request) -> web.Response:
    """Hand a ticket on: its code is frozen, and both sides are mailed a code of six digits."""
    asker = asker_of(request)
    wanted = await form(request, NewTransfer)
    transfer = await request.config_dict[TRANSFERS].start(asker, request.match_info["ticket_id"], wanted)
    return http.json(transfer, 201, headers=UNKEPT)


async def confirm_transfer(request: web.Request) -> web.Response:
    """The sender's code. The ticket changes hands once the recipient has accepted too."""
    body = await bodies.body(request, _sender_code)
    with guesses.typed(request, body.code):
        transfer = await request.config_dict[TRANSFERS].confirm(_id(request), body.code)
    return http.json(transfer, headers=UNKEPT)


async def accept_transfer(request: web.Request) -> web.Response:
    """The recipient's code, and who comes. The answer has the ticket's token once the sender has confirmed too."""
    body = await bodies.body(request, _accepted)
    with guesses.typed(request, body.code):
        transfer = await request.config_dict[TRANSFERS].accept(_id(request), body, auth.reader_language(request))
    return http.json(transfer, headers=UNKEPT)


async def cancel_transfer(request: web.Request) -> web.Response:
    """Call it back, or decline it (X-Transfer-Token of the mailed link): the same code is good again."""
    asker = Asker(auth.optional_person(request), auth.order_token(request), auth.ticket_token(request))
    token = request.headers.get("X-Transfer-Token")
    return http.json(await request.config_dict[TRANSFERS].cancel(asker, token, _id(request)), headers=UNKEPT)


async def resend_code(request: web.Request) -> web.Response:
    """Mail a new code to one side, or to each that has not shown theirs; the old one is good no longer."""
    wanted = await form(request, CodeWanted, absent=b"{}")
    return http.json(await request.config_dict[TRANSFERS].resend_code(_id(request), wanted.to), 202, headers=UNKEPT)


async def list_transfers(request: web.Request) -> web.Response:
    """Every transfer of an order's tickets, the oldest first."""
    rows = await request.config_dict[TRANSFERS].of_order(auth.person(request), request.match_info["order_id"])
    return http.json(TransferList(rows), headers=UNKEPT)


def _id(request: web.Request) -> str:
    return request.match_info["transfer_id"]


_AT: Final = "/v1/transfers/{transfer_id}"
_STEP: Final[tuple[Any, ...]] = (Malformed, TransferUnknown, TransferOver)
_OTP: Final = (OtpWrong, OtpExpired, OtpLocked, TicketUsed)

ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/v1/tickets/{ticket_id}/transfer",
        start_transfer,
        "capability",
        "buy",
        needs="orders.write",
        takes=NewTransfer,
        gives=TransferDocument,
        status=201,
    ).refuses(
        Unauthenticated,
        Malformed,
        NotFound,
        Forbidden,
        TicketHandedOn,
        TicketNotLive,
        TransferPending,
        TicketUsed,
        TransfersClosed,
        TransferLimitReached,
        MailThrottled,
    ),
    Route(
        "POST", f"{_AT}/confirm", confirm_transfer, "public", "buy", takes=SenderCode, gives=TransferDocument,
        repeats="always",
    ).refuses(*_STEP, *_OTP),
    Route(
        "POST", f"{_AT}/accept", accept_transfer, "public", "buy", takes=TransferAccepted, gives=TransferDocument,
        repeats="always",
    ).refuses(*_STEP, *_OTP),
    Route(
        "POST", f"{_AT}/cancel", cancel_transfer, "capability", "buy", needs="orders.write", gives=TransferDocument
    ).refuses(Unauthenticated, Forbidden, TicketHandedOn, *_STEP),
    Route(
        "POST", f"{_AT}/resend-code", resend_code, "public", "buy", takes=CodeWanted, gives=TransferDocument,
        status=202,
    ).refuses(*_STEP, OtpMailedOften),
    Route(
        "GET", "/v1/orders/{order_id}/transfers", list_transfers, "organizer", "operate", needs="orders.read",
        gives=TransferList,
    ).refuses(NotFound, Forbidden),
)  # fmt: skip
