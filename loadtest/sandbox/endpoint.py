"""One API endpoint, from the wire to its answer: key, faults, rate limit, idempotency, the resource, the headers."""

from __future__ import annotations

import asyncio
import base64
import binascii
from http import HTTPStatus

import orjson
from aiohttp import web

from loadtest.sandbox import lists, params
from loadtest.sandbox.calls import Call, Route, Sandbox
from loadtest.sandbox.errors import ApiError, InvalidRequest, Obj, RateLimited, StripeError, Unauthorized
from loadtest.sandbox.events import API_VERSION
from loadtest.sandbox.idempotency import Idempotency, Replay
from loadtest.sandbox.ratelimit import RateLimit
from loadtest.sandbox.store import new_id

_BEFORE = frozenset({"outage", "rate_limited", "reset", "latency"})
_AFTER = frozenset({"error_after", "lost_reply", "timeout_after"})
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, PUT, PATCH, POST, DELETE",
    "Access-Control-Allow-Headers": "authorization, content-type, idempotency-key, stripe-account, stripe-version",
    "Access-Control-Expose-Headers": "Request-Id, Idempotent-Replayed, Stripe-Should-Retry",
    "Access-Control-Max-Age": "300",
}


class _Unanswered(Exception):  # noqa: N818 - not an error but a decision
    """A fault says: close the connection without a word."""


async def preflight(_: web.Request) -> web.Response:
    return web.Response(headers=_CORS)


async def unknown_url(request: web.Request) -> web.Response:
    error = InvalidRequest(f"Unrecognized request URL ({request.method}: {request.path}).")
    request_id = new_id("req_")
    return web.json_response(error.body(request_id), status=404, headers={"Request-Id": request_id, **_CORS})


class Endpoint:
    """Answers for one `Route`."""

    def __init__(self, box: Sandbox, route: Route, keys: Idempotency, rates: RateLimit) -> None:
        self._box, self._route, self._keys, self._rates = box, route, keys, rates

    async def handle(self, request: web.Request) -> web.Response:
        request_id = new_id("req_")
        headers = {"Request-Id": request_id, "Stripe-Version": API_VERSION, **_CORS}
        try:
            answer, extra = await self._answer(request, request_id)
            headers |= extra
        except _Unanswered:
            if request.transport is not None:
                request.transport.abort()
            raise web.HTTPServiceUnavailable from None
        except StripeError as error:
            if isinstance(error, RateLimited):
                headers["Stripe-Rate-Limited-Reason"] = error.reason
            answer = Replay(error.status, orjson.dumps(error.body(request_id)), request_id)
        return web.Response(body=answer.body, status=answer.status, headers=headers, content_type="application/json")

    async def _answer(self, request: web.Request, request_id: str) -> tuple[Replay, dict[str, str]]:
        publishable = False
        body = await request.read()
        given = params.decode(body.decode("utf-8", "replace") if body else request.query_string)
        key = _api_key(request, given)
        publishable = _is_publishable(key)
        if publishable and not self._route.publishable:
            raise Unauthorized(
                "This API call cannot be made with a publishable API key. Please use a secret API key.",
                code="secret_key_required",
            )
        now = self._box.board.now
        if not publishable or now.rate_limit_publishable:
            self._rates.spend(self._route.name, now.rate_limit_per_s)
        call = Call(
            self._box, given, request.match_info.get("id", ""), publishable, request.headers.get("Stripe-Account"),
            f"{request.scheme}://{request.host}", request_id,
        )  # fmt: skip
        idempotency_key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
        if idempotency_key is None:
            await self._fault_before()
            return await self._fault_after(self._run(call)), {}
        replay = self._keys.begin(idempotency_key, call.account, request.path, given)
        if replay is not None:
            return replay, {"Idempotent-Replayed": "true", "Original-Request": replay.request_id}
        answer: Replay | None = None
        try:
            await self._fault_before()
            answer = self._run(call)
        finally:
            kept = answer if answer is not None and _remembered(answer.status) else None
            self._keys.finish(idempotency_key, call.account, request.path, given, kept)
        return await self._fault_after(answer), {"Idempotency-Key": idempotency_key}

    def _run(self, call: Call) -> Replay:
        """The resource's answer, or its refusal, as bytes. Synchronous: a call is atomic."""
        try:
            params.only(call.params, self._route.takes)
            answer: Obj = self._route.answer(call)
            paths = params.listing(call.params, "expand")
            if paths:
                answer = lists.expand(self._box.store, answer, paths)
            return Replay(HTTPStatus.OK, orjson.dumps(answer), call.request_id)
        except StripeError as error:
            return Replay(error.status, orjson.dumps(error.body(call.request_id)), call.request_id)

    async def _fault_before(self) -> None:
        if not self._box.board.now.faults:
            return
        fault = self._box.board.fault_at(self._route.name, _BEFORE)
        if fault is None:
            return
        if fault.latency_ms:
            await asyncio.sleep(fault.latency_ms / 1000)
        match fault.kind:
            case "outage":
                raise ApiError("An unknown error occurred (the sandbox was told to be down).")
            case "rate_limited":
                raise RateLimited("sandbox-fault")
            case "reset":
                raise _Unanswered

    async def _fault_after(self, answer: Replay) -> Replay:
        """The call is applied already; what remains to fail is telling so."""
        if not self._box.board.now.faults:
            return answer
        fault = self._box.board.fault_at(self._route.name, _AFTER)
        if fault is None:
            return answer
        if fault.latency_ms:
            await asyncio.sleep(fault.latency_ms / 1000)
        if fault.kind == "error_after":
            raise ApiError("An unknown error occurred (the sandbox was told to forget the answer).")
        raise _Unanswered


def _remembered(status: int) -> bool:
    return (
        status < HTTPStatus.BAD_REQUEST
        or status == HTTPStatus.PAYMENT_REQUIRED
        or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    )


def _api_key(request: web.Request, given: Obj) -> str:
    """From `Authorization: Bearer`, Basic's user name, or the `key` field Stripe.js sends."""
    header = request.headers.get("Authorization", "")
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    key = given.get("key")
    return key if isinstance(key, str) else ""


def _is_publishable(key: str) -> bool:
    if key.startswith("pk_test_"):
        return True
    if key.startswith(("sk_test_", "rk_test_")):
        return False
    if not key:
        raise Unauthorized(
            "You did not provide an API key. You need to provide your API key in the Authorization header, using "
            "Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
        )
    raise Unauthorized(f"Invalid API Key provided: {key[:7]}{'*' * 8}")
