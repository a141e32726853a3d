"""`/_sandbox/*`: see and turn the switches, read the totals, do what only banks and buyers can do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import orjson
from aiohttp import web

from loadtest.sandbox import checkout_sessions, connect, disputes, ledger, limits, paying
from loadtest.sandbox.calls import Call, Sandbox
from loadtest.sandbox.errors import InvalidRequest, Obj, ResourceMissing, StripeError
from loadtest.sandbox.events import public
from loadtest.sandbox.store import new_id

_LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]", "::1"})
ROWS_MAX = 1_000
Answer = Callable[[web.Request, Obj], Awaitable[Obj]]


def add(app: web.Application, box: Sandbox) -> None:
    switches = _Switches(box)
    for method, path, answer in (
        ("GET", "/_sandbox/controls", switches.controls),
        ("POST", "/_sandbox/controls", switches.change),
        ("GET", "/_sandbox/state", switches.state),
        ("GET", "/_sandbox/payment_intents", switches.intents),
        ("POST", "/_sandbox/payment_intents/{id}/authenticate", switches.authenticate),
        ("POST", "/_sandbox/payment_intents/{id}/settle", switches.settle),
        ("POST", "/_sandbox/checkout_sessions/{id}/pay", switches.pay_session),
        ("POST", "/_sandbox/accounts/{id}/onboard", switches.onboard),
        ("POST", "/_sandbox/disputes", switches.open_dispute),
        ("POST", "/_sandbox/disputes/{id}/close", switches.close_dispute),
        ("POST", "/_sandbox/webhooks/resend", switches.resend),
        ("GET", "/_sandbox/health", switches.health),
    ):
        app.router.add_route(method, path, _json(answer))


def _json(answer: Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        """Refuses a foreign Host: a page in somebody's browser must not reach the switches by DNS rebinding."""
        if (request.url.host or "") not in _LOOPBACK_NAMES:
            raise web.HTTPForbidden(text="The controls answer on the loopback address only.")
        try:
            text = await request.read()
            body = orjson.loads(text) if text else {}
            if not isinstance(body, dict):
                raise InvalidRequest("The body must be a JSON object.")
            return _reply(await answer(request, body))
        except (orjson.JSONDecodeError, msgspec.ValidationError) as error:
            return _reply(InvalidRequest(str(error)).body(""), status=400)
        except StripeError as error:
            return _reply(error.body(""), status=error.status)

    return handle


def _reply(body: Obj, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")


class _Switches:
    """The handlers, each from a JSON object to a JSON object."""

    def __init__(self, box: Sandbox) -> None:
        self._box = box

    async def health(self, _: web.Request, __: Obj) -> Obj:
        return {"ok": True}

    async def controls(self, _: web.Request, __: Obj) -> Obj:
        """The secret is not shown again; whether there is one is."""
        shown: dict[str, Any] = msgspec.to_builtins(self._box.board.now)
        shown["webhook_secret"] = "set" if shown["webhook_secret"] else ""
        return shown

    async def change(self, request: web.Request, body: Obj) -> Obj:
        self._box.board.change(body)
        self._box.store.clock_offset_s = self._box.board.now.clock_offset_s
        self._box.timers.fire()
        return await self.controls(request, body)

    async def state(self, _: web.Request, __: Obj) -> Obj:
        return ledger.totals(self._box)

    async def intents(self, request: web.Request, _: Obj) -> Obj:
        limit = request.query.get("limit", "100")
        if not limit.isdigit() or not 1 <= int(limit) <= ROWS_MAX:
            raise InvalidRequest(f"limit must be between 1 and {ROWS_MAX}", param="limit")
        return ledger.intent_rows(self._box, limit=int(limit), starting_after=request.query.get("starting_after"))

    async def authenticate(self, request: web.Request, body: Obj) -> Obj:
        """`{"outcome": "succeed" | "fail"}`: what the buyer does on the bank's page."""
        intent = self._intent(request)
        paying.answer_challenge(self._box, intent, passed=_outcome(body))
        session = self._box.store.get("checkout_sessions", intent.get("_session"))
        if session is not None:
            checkout_sessions.settle(self._box, session, intent)
        return public(intent)

    async def settle(self, request: web.Request, body: Obj) -> Obj:
        """`{"outcome": "succeed" | "fail"}`: the bank's answer for a payment that is `processing`."""
        intent = self._intent(request)
        if intent["status"] != "processing":
            raise paying.unexpected(intent, "settle", f"it has a status of {intent['status']}")
        paying.finish_processing(self._box, intent["id"], paid=_outcome(body))
        return public(intent)

    async def pay_session(self, request: web.Request, body: Obj) -> Obj:
        session = self._box.store.tables["checkout_sessions"].by_id.get(request.match_info["id"])
        if session is None:
            raise ResourceMissing("checkout_session", request.match_info["id"])
        return public(checkout_sessions.pay(hosted_call(self._box, request, session), session, body))

    async def onboard(self, request: web.Request, _: Obj) -> Obj:
        account = self._box.store.find("accounts", request.match_info["id"])
        return public(connect.onboard(self._box, account))

    async def open_dispute(self, _: web.Request, body: Obj) -> Obj:
        return public(disputes.open_by_control(self._box, body))

    async def close_dispute(self, request: web.Request, body: Obj) -> Obj:
        dispute = self._box.store.get("disputes", request.match_info["id"])
        if dispute is None:
            raise ResourceMissing("dispute", request.match_info["id"])
        if body.get("status") not in {"won", "lost", "warning_closed"}:
            raise InvalidRequest("status must be one of won, lost, warning_closed", param="status")
        return public(disputes.close(self._box, dispute, body["status"]))

    async def resend(self, _: web.Request, body: Obj) -> Obj:
        """`{"event_id" or ("object_id", "type"), "copies"?, "delay_ms"?}`: send it again, whatever the weather."""
        copies, delay_ms = body.get("copies", 1), body.get("delay_ms", 0)
        if not isinstance(copies, int) or not 1 <= copies <= limits.COPIES_MAX:
            raise InvalidRequest(f"copies must be between 1 and {limits.COPIES_MAX}", param="copies")
        if not isinstance(delay_ms, int) or not 0 <= delay_ms <= limits.FAULT_LATENCY_MAX_MS:
            raise InvalidRequest("Invalid delay_ms", param="delay_ms")
        event = self._event(body)
        for _copy in range(copies):
            self._box.webhooks.send_later(event, delay_ms=delay_ms)
        return {"event_id": event["id"], "copies": copies}

    def _event(self, body: Obj) -> Obj:
        identifier = body.get("event_id")
        if isinstance(identifier, str):
            found = self._box.store.get("events", identifier)
            if found is not None:
                return found
        elif isinstance(body.get("object_id"), str):
            needle = f'"id":"{body["object_id"]}"'
            for event in self._box.store.tables["events"].newest_first():
                if body.get("type") in {None, event["type"]} and needle in event["_payload"]:
                    return event
        raise ResourceMissing("event", str(identifier or body.get("object_id")), param="event_id")

    def _intent(self, request: web.Request) -> Obj:
        intent = self._box.store.get("payment_intents", request.match_info["id"])
        if intent is None:
            raise ResourceMissing("payment_intent", request.match_info["id"])
        return intent


def hosted_call(box: Sandbox, request: web.Request, about: Obj) -> Call:
    """A call made by one of our own hosted pages in the buyer's name."""
    return Call(box, {}, about["id"], True, about.get("_account"), f"{request.scheme}://{request.host}", new_id("req_"))


def _outcome(body: Obj) -> bool:
    if body.get("outcome") not in {"succeed", "fail"}:
        raise InvalidRequest("outcome must be succeed or fail", param="outcome")
    return bool(body["outcome"] == "succeed")
