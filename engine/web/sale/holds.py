"""Holds over HTTP: set units aside, look, keep longer, change seats, give back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec
from aiohttp import web

from engine.domain import errors as refusals
from engine.domain.sale.holds import CODE_CHARS_MAX, GrowRequest, Hold, HoldRequest, SwapRequest
from engine.foundation import bodies, errors, http
from engine.foundation.clock import now_ms
from engine.foundation.idempotency import key_of
from engine.foundation.ids import id_to_bytes
from engine.foundation.ready import Ready
from engine.services.appkeys import HOLD_ENDPOINT, HOLDS, SELLING
from engine.services.sale.hold_endpoint import HoldEndpoint
from engine.web import auth
from engine.web.route import Route

_hold_request = msgspec.json.Decoder(HoldRequest)
_swap_request = msgspec.json.Decoder(SwapRequest)
_grow_request = msgspec.json.Decoder(GrowRequest)
PLACE: Final = "/v1/holds"
_PLACED = b"Content-Type: application/json\r\nX-Request-Id: %b\r\n"
_REPLAYED = _PLACED + b"Idempotent-Replayed: true\r\n"


class HoldItemDocument(msgspec.Struct):
    ticket_type_id: str
    unit: int
    seat: str | None
    section: str
    price_cents: int


class AllocationDocument(msgspec.Struct):
    adjacent: bool
    rows_used: int
    step: int
    orphans_created: int


class HoldDocument(msgspec.Struct):
    """A hold. ``hold_token`` is the capability that opens it."""

    id: str
    hold_token: str
    event_id: str
    status: str
    expires_at: str
    expires_at_ms: int
    server_now_ms: int
    items: list[HoldItemDocument]
    allocation: AllocationDocument
    price: dict[str, Any]
    promo_code: str | None


class SwapQuery(msgspec.Struct):
    code: Annotated[str, msgspec.Meta(max_length=CODE_CHARS_MAX)] | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a request before it was routed: its body, and why it is refused, if it is."""

    raw: bytes
    refusal: BaseException | None = None


TRIED: Final = web.RequestKey("tried", Tried)


async def place_hold(request: web.Request) -> web.StreamResponse:
    """Set units aside for the admitted buyer, all or nothing."""
    endpoint = request.app[HOLD_ENDPOINT]
    tried = request.get(TRIED)
    if tried is None:
        tried = Tried(await bodies.read(request))
        answer = await at_once(request, endpoint, tried.raw, request[http.REQUEST_ID])
        if answer is not None:
            return answer
    elif tried.refusal is not None:
        raise tried.refusal
    raw = tried.raw
    key, (principal, admission) = (
        key_of(request),
        auth.buyer(request, bearers=endpoint.bearers, trust_forwarded=endpoint.trust_forwarded),
    )
    placed = await endpoint.holds.place(
        bodies.decode(raw, _hold_request), admission=admission, principal=principal, key=key, body=raw
    )
    response = http.json(placed.hold.document(placed.token, placed.server_now_ms), 201)
    if placed.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response


async def at_once(request: web.Request, endpoint: HoldEndpoint, raw: bytes, request_id: str) -> Ready | None:
    """The answer to a request of the usual kind, None where the long way must be taken. Asks no router's findings."""
    key, (principal, admission) = (
        key_of(request),
        auth.buyer(request, bearers=endpoint.bearers, trust_forwarded=endpoint.trust_forwarded),
    )
    delay_s = endpoint.limits.take(http.client_address(request, trust_forwarded=endpoint.trust_forwarded))
    if delay_s:
        await endpoint.limits.hold_back(delay_s)
    usual = await endpoint.holds.place_usual(raw, admission=admission, principal=principal, key=key)
    if usual is None:
        return None
    return placed(usual, request_id)


def placed(usual: tuple[bytes, bool], request_id: str) -> Ready:
    """The answer to a hold of the usual kind: (its JSON, whether it is a repetition)."""
    body, replayed = usual
    return Ready(201, (_REPLAYED if replayed else _PLACED) % request_id.encode(), body)


async def read_hold(request: web.Request) -> web.Response:
    """The hold as it stands; 410 once it is over."""
    hold = await request.config_dict[HOLDS].of_token(request.match_info["hold_id"], auth.hold_token(request))
    return await _answer(request, hold)


async def release_hold(request: web.Request) -> web.Response:
    """Give the units back at once."""
    await request.config_dict[HOLDS].release(request.match_info["hold_id"], auth.hold_token(request))
    return web.Response(status=204)


async def extend_hold(request: web.Request) -> web.Response:
    """A full life from now, within the cap of 900 s in total."""
    hold = await request.config_dict[HOLDS].extend(request.match_info["hold_id"], auth.hold_token(request))
    return await _answer(request, hold)


async def swap_hold(request: web.Request) -> web.Response:
    """Other seats for the same tickets; on a refusal the old ones stay."""
    query = bodies.query(request, SwapQuery)
    body = await bodies.body(request, _swap_request)
    codes = frozenset({query.code}) if query.code else frozenset()
    hold = await request.config_dict[HOLDS].swap(
        request.match_info["hold_id"], auth.hold_token(request), body.seats, codes
    )
    return await _answer(request, hold)


async def grow_hold(request: web.Request) -> web.Response:
    """More tickets in the same hold, beside the held ones if that can be."""
    body = await bodies.body(request, _grow_request)
    hold = await request.config_dict[HOLDS].grow(request.match_info["hold_id"], auth.hold_token(request), body.items)
    return await _answer(request, hold)


async def _answer(request: web.Request, hold: Hold) -> web.Response:
    event = await request.config_dict[SELLING].get(hold.event_id)
    token = event.keys.mint_hold_token(id_to_bytes(hold.id))
    return http.json(hold.document(token, now_ms()), headers={"Cache-Control": "no-store"})


_ONE = "/v1/holds/{hold_id}"
_OVER = (refusals.CapabilityWrong, refusals.HoldExpired, refusals.InventoryRebuilding)

ROUTES: tuple[Route, ...] = (
    Route(
        "POST", PLACE, place_hold, "buyer", takes=HoldRequest, gives=HoldDocument, status=201, idempotent=True
    ).refuses(
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
        refusals.MaxPerOrder,
        refusals.AmountTooLarge,
        refusals.PromoInvalid,
        refusals.InventoryRebuilding,
        refusals.SwitchedOff,
    ),
    Route("GET", _ONE, read_hold, "capability", gives=HoldDocument).refuses(*_OVER),
    Route("DELETE", _ONE, release_hold, "capability", status=204).refuses(*_OVER, refusals.HoldOrdered),
    Route("POST", f"{_ONE}/extend", extend_hold, "capability", gives=HoldDocument).refuses(
        *_OVER, refusals.HoldOrdered, refusals.HoldLifetimeExceeded
    ),
    Route(
        "POST", f"{_ONE}/swap", swap_hold, "capability", takes=SwapRequest, gives=HoldDocument, query=SwapQuery
    ).refuses(*_OVER, refusals.HoldOrdered, refusals.SeatTaken, refusals.OrphanSeat, refusals.UnknownSeat),
    Route("POST", f"{_ONE}/items", grow_hold, "capability", takes=GrowRequest, gives=HoldDocument).refuses(
        *_OVER,
        refusals.HoldOrdered,
        refusals.SoldOut,
        refusals.SeatTaken,
        refusals.BestAvailableNotFound,
        refusals.BuyerLimit,
        refusals.MaxPerOrder,
    ),
)
