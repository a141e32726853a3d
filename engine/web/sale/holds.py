"""Holds over HTTP: set units aside, look, keep longer, change seats, give back."""

from __future__ import annotations

from typing import Final

import msgspec
from aiohttp import web

from engine.domain import errors as refusals
from engine.domain.sale.holds import GrowRequest, Hold, HoldRequest, SwapRequest
from engine.foundation import bodies, errors, guesses, http
from engine.foundation.clock import now_ms
from engine.foundation.ids import id_to_bytes
from engine.foundation.ready import Ready
from engine.services.appkeys import HOLDS, SELLING, SETTINGS
from engine.services.sale.holds import Holds
from engine.services.sale.takers import Taker
from engine.web import auth, callers
from engine.web.route import Route
from engine.web.sale.hold_caller import HoldCaller
from engine.web.sale.holds_shapes import HoldDocument, SwapQuery, hold_document

hold_request = msgspec.json.Decoder(HoldRequest)
_swap_request = msgspec.json.Decoder(SwapRequest)
_grow_request = msgspec.json.Decoder(GrowRequest)
PLACE: Final = "/v1/holds"
_PLACED = (
    b"Content-Type: application/json\r\nCache-Control: private, no-store\r\nX-Content-Type-Options: nosniff\r\n"
    b"X-Request-Id: %b\r\n"
)
_REPLAYED = _PLACED + b"Idempotent-Replayed: true\r\n"


class Asked(msgspec.Struct, frozen=True):
    """A request that the express path has read and found not to be of the usual kind."""

    caller: HoldCaller
    raw: bytes


# What the express path leaves with a request that it hands to the router, so that nothing is asked or decided twice.
ASKED: Final = web.RequestKey("asked", Asked)
REFUSED: Final = web.RequestKey("refused", BaseException)


async def place_hold(request: web.Request) -> web.StreamResponse:
    """Set units aside for the admitted buyer, all or nothing."""
    holds = request.app[HOLDS]
    refusal = request.get(REFUSED)
    if refusal is not None:
        raise refusal
    asked = request.get(ASKED)
    if asked is None:
        raw = await bodies.read(request)
        asked = Asked(HoldCaller.of_request(request, holds.takers), raw)
        answer = await _usual(request, holds, asked)
        if answer is not None:
            return answer
    caller = asked.caller
    wanted = bodies.decode(asked.raw, hold_request)
    with guesses.typed(request, wanted.promo_code):
        placed = await holds.place(
            wanted,
            admission=caller.admission,
            principal=caller.principal,
            key=caller.key,
            body=asked.raw,
            taker=caller,
        )
    response = http.json(hold_document(placed.hold, placed.token, placed.server_now_ms), 201)
    if placed.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response


async def _usual(request: web.Request, holds: Holds, asked: Asked) -> Ready | None:
    """The answer to a request of the usual kind; None if it is not."""
    caller = asked.caller
    usual = await holds.usual.place(
        asked.raw, admission=caller.admission, principal=caller.principal, key=caller.key, taker=caller
    )
    if usual is None:
        return None
    return placed_answer(usual, request[http.REQUEST_ID], callers.cookie_line(request, request.app[SETTINGS]))


def placed_answer(usual: tuple[bytes, bool], request_id: str, cookie: bytes) -> Ready:
    """The answer to a hold of the usual kind: (its JSON, whether it is a repetition). ``cookie`` is a line or none."""
    body, replayed = usual
    return Ready(201, (_REPLAYED if replayed else _PLACED) % request_id.encode() + cookie, body)


def _taker(request: web.Request) -> Taker:
    return request.config_dict[HOLDS].takers.of(auth.client_address(request))


async def read_hold(request: web.Request) -> web.Response:
    """The hold as it stands; 410 once it is over."""
    hold = await request.config_dict[HOLDS].of_token(request.match_info["hold_id"], auth.hold_token(request))
    return await shown(request, hold)


async def release_hold(request: web.Request) -> web.Response:
    """Give the units back at once."""
    await request.config_dict[HOLDS].release(request.match_info["hold_id"], auth.hold_token(request))
    return web.Response(status=204)


async def extend_hold(request: web.Request) -> web.Response:
    """A full life from now, within the cap of 900 s in total."""
    hold = await request.config_dict[HOLDS].extend(request.match_info["hold_id"], auth.hold_token(request))
    return await shown(request, hold)


async def swap_hold(request: web.Request) -> web.Response:
    """Other seats for the same tickets; on a refusal the old ones stay."""
    query = bodies.query(request, SwapQuery)
    body = await bodies.body(request, _swap_request)
    token, code = auth.hold_token(request), query.code or None
    with guesses.typed(request, code):
        hold = await request.config_dict[HOLDS].swap(
            request.match_info["hold_id"], token, body.seats, code, taker=_taker(request)
        )
    return await shown(request, hold)


async def grow_hold(request: web.Request) -> web.Response:
    """More tickets in the same hold, next to the held ones if that can be."""
    body = await bodies.body(request, _grow_request)
    hold = await request.config_dict[HOLDS].grow(
        request.match_info["hold_id"], auth.hold_token(request), body.items, taker=_taker(request)
    )
    return await shown(request, hold)


async def drop_item(request: web.Request) -> web.Response:
    """Give back one ticket, by its unit, or all of one type, by its id; the hold goes with its last ticket."""
    hold_id, item = request.match_info["hold_id"], request.match_info["item"]
    return await dropped(request, hold_id, item)


async def dropped(request: web.Request, hold_id: str, item: str) -> web.Response:
    """What is left of the hold, or 204."""
    left = await request.config_dict[HOLDS].shrink(hold_id, auth.hold_token(request), item)
    return web.Response(status=204) if left is None else await shown(request, left)


async def shown(request: web.Request, hold: Hold) -> web.Response:
    event = await request.config_dict[SELLING].get(hold.event_id)
    token = event.keys.mint_hold_token(id_to_bytes(hold.id))
    return http.json(hold_document(hold, token, now_ms()), headers={"Cache-Control": "no-store"})


_ONE = "/v1/holds/{hold_id}"
_OVER = (refusals.CapabilityWrong, refusals.HoldExpired, refusals.InventoryRebuilding)

ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        PLACE,
        place_hold,
        "buyer",
        "hold",
        counts=True,
        takes=HoldRequest,
        gives=HoldDocument,
        status=201,
        repeats="itself",
    )
    .also("/v1/cart/items", "/v1/cart/lock-seats")
    .refuses(
        errors.Malformed,
        errors.SlowDown,
        errors.IdempotencyKeyRequired,
        errors.IdempotencyKeyReused,
        errors.NotFound,
        refusals.AdmissionRequired,
        refusals.AdmissionExpired,
        refusals.SoldOut,
        refusals.SeatTaken,
        refusals.BestAvailableNotFound,
        refusals.OrphanSeat,
        refusals.SalesNotOpen,
        refusals.SalesClosed,
        refusals.BuyerLimit,
        refusals.AddressFull,
        refusals.MaxPerOrder,
        refusals.AmountTooLarge,
        refusals.PromoInvalid,
        refusals.PromoNotMet,
        refusals.InventoryRebuilding,
        refusals.SwitchedOff,
    ),
    Route("GET", _ONE, read_hold, "capability", "own", gives=HoldDocument).refuses(*_OVER),
    Route("DELETE", _ONE, release_hold, "capability", "hold", status=204).refuses(*_OVER, refusals.HoldOrdered),
    Route("POST", f"{_ONE}/extend", extend_hold, "capability", "hold", gives=HoldDocument).refuses(
        *_OVER, refusals.HoldOrdered, refusals.HoldLifetimeExceeded, refusals.SalesClosed
    ),
    Route(
        "POST",
        f"{_ONE}/swap",
        swap_hold,
        "capability",
        "hold",
        counts=True,
        takes=SwapRequest,
        gives=HoldDocument,
        query=SwapQuery,
    ).refuses(
        *_OVER,
        errors.SlowDown,
        refusals.HoldOrdered,
        refusals.SalesClosed,
        refusals.SeatTaken,
        refusals.OrphanSeat,
        refusals.UnknownSeat,
        refusals.AddressFull,
        refusals.PromoInvalid,
        refusals.AddressFull,
    ),
    Route(
        "POST", f"{_ONE}/items", grow_hold, "capability", "hold", counts=True, takes=GrowRequest, gives=HoldDocument
    ).refuses(
        *_OVER,
        errors.SlowDown,
        refusals.AddressFull,
        refusals.HoldOrdered,
        refusals.SoldOut,
        refusals.SeatTaken,
        refusals.BestAvailableNotFound,
        refusals.BuyerLimit,
        refusals.MaxPerOrder,
        refusals.SalesClosed,
    ),
    Route("DELETE", f"{_ONE}/items/{{item}}", drop_item, "capability", "hold", gives=HoldDocument).refuses(
        *_OVER, refusals.HoldOrdered, errors.NotFound
    ),
)
