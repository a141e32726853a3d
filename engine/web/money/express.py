"""``GET /v1/orders/{id}``, ``/status`` and ``/tickets`` before the router, for those who show the order's token.

They answer what ``order_reads.py`` answers. Who shows anything else, and what is not made yet, goes on to the route.
"""

from __future__ import annotations

import re
import time
from typing import Final

from aiohttp import web

from engine.foundation import manners, metrics
from engine.foundation.errors import Refusal
from engine.foundation.express import Express, Reply
from engine.foundation.own_answers import OwnAnswer
from engine.foundation.ready import Ready
from engine.services.appkeys import LIMITS, ORDER_READS, ORDER_WAITS, ORDERS
from engine.services.money.order_reads import KnownOrder, KnownTickets
from engine.services.money.order_waits import WAIT_MAX_S
from engine.web import auth
from engine.web.money.order_reads import (
    ORDER_TO_BUYER,
    STATUS,
    TICKETS_SHOWN,
    WAITED,
    knows_another,
    status_answer,
    stays,
    tickets_answer,
    waits_for,
)

AT: Final = "/v1/orders/{order_id}"
_PATH: Final = re.compile(r"/v1/orders/(ord_[0-7][0-9A-HJKMNP-TV-Z]{25})(?:/(status|tickets))?(?:\?wait_s=(\d\d?))?\Z")
_NAMES: Final = {None: ORDER_TO_BUYER, "status": STATUS, "tickets": TICKETS_SHOWN}


class LookedUp(Reply["KnownOrder | None"]):
    """An answer that waits for the order to be read, and then perhaps for it to change."""

    __slots__ = ("_name", "_reads", "_request", "_started_s", "_token", "_wait_s")

    def __init__(self, reads: _Reads, request: web.Request, token: str, name: str, wait_s: int) -> None:
        super().__init__()
        self._reads = reads
        self._request = request
        self._token = token
        self._name = name
        self._wait_s = wait_s
        self._started_s = time.perf_counter()

    def set_result(self, told: KnownOrder | None, /) -> None:
        try:
            if told is not None and (self.goes_on_to_wait(told) or self.goes_on_to_tickets(told)):
                return
        except Exception as error:  # noqa: BLE001 - told by the usual way
            self.set_exception(error)
            return
        if WAITED in self._request:
            self._started_s = time.perf_counter()  # how long it waited says nothing about us
        super().set_result(told)

    def goes_on_to_wait(self, known: KnownOrder) -> bool:
        """Wait from now on, if the caller asks to, and may, and there is something to wait for."""
        wait_s, self._wait_s = self._wait_s, 0
        if not wait_s:
            return False
        answer = self._reads.made(known, self._token, self._name)
        if answer is None or not waits_for(self._reads.app, self._request, known, answer):
            return False
        self._request[WAITED] = True
        self._reads.waits.wait(known, self, wait_s, stays(self._reads.app, self._request))
        return True

    def goes_on_to_tickets(self, known: KnownOrder) -> bool:
        """Read its tickets, if that is what is asked for and left to do."""
        if self._name != TICKETS_SHOWN or not known.tickets or self._name in known.answers:
            return False
        if not self._reads.opens(known, self._token):
            return False
        self._reads.known.tickets_for(known, _TicketsRead(self, known))
        return True

    def tickets_read(self, known: KnownOrder, found: KnownTickets) -> None:
        """The tickets as they are now."""
        answer = None
        try:
            answer = self._reads.give_tickets(known, found, self._request, self._started_s)
        except Exception as error:  # noqa: BLE001 - told by the usual way
            self.refuse(error)
        self._tell(answer)

    def answer(self, told: KnownOrder | None) -> Ready | None:
        answer = None if told is None else self._reads.made(told, self._token, self._name)
        return None if answer is None else self._reads.give(answer, self._name, self._request, self._started_s)

    def refuse(self, error: BaseException) -> None:
        """The usual way asks again, and tells what is amiss."""


class _TicketsRead:
    """Where the tickets go that an order's answer still lacks."""

    __slots__ = ("_known", "_reply")

    def __init__(self, reply: LookedUp, known: KnownOrder) -> None:
        self._reply = reply
        self._known = known

    def done(self) -> bool:
        return False

    def cancelled(self) -> bool:
        return self._reply.cancelled()

    def set_result(self, found: KnownTickets, /) -> None:
        self._reply.tickets_read(self._known, found)

    def set_exception(self, error: BaseException, /) -> None:
        self._reply.set_exception(error)


class _Reads:
    """What answers; the application must have started."""

    def __init__(self, app: web.Application) -> None:
        self.app = app
        self._orders = app[ORDERS]
        self.known = app[ORDER_READS]
        self.waits = app[ORDER_WAITS]
        self._limits = app[LIMITS].of("own")
        self._forwarded = app[manners.TRUST].forwarded
        paths = {ORDER_TO_BUYER: AT, STATUS: f"{AT}/status", TICKETS_SHOWN: f"{AT}/tickets"}
        self._counts = {name: metrics.ANSWERS.of(path, "GET") for name, path in paths.items()}

    def read(self, request: web.Request) -> Ready | Reply[KnownOrder | None] | None:
        """The answer, what will be it, or None."""
        asked = _PATH.match(request.raw_path)
        token = None if asked is None or "Authorization" in request.headers else auth.order_token(request)
        if asked is None or token is None:
            return None
        order_id, noun, seconds = asked.groups()
        name, wait_s = _NAMES[noun], int(seconds or 0)
        if (seconds is not None and name != STATUS) or wait_s > WAIT_MAX_S or not self._passes(request):
            return None
        started_s = time.perf_counter()
        known = self.known.ready(order_id)
        answer = None if known is None else self.made(known, token, name)
        if known is not None and answer is None:
            reply = LookedUp(self, request, token, name, wait_s)
            return reply if self._goes_on(known, reply) else None
        if known is None or answer is None or knows_another(request, answer):
            return self._look(order_id, LookedUp(self, request, token, name, wait_s))
        if wait_s:
            reply = LookedUp(self, request, token, name, wait_s)
            if reply.goes_on_to_wait(known):
                return reply
        return self.give(answer, name, request, started_s)

    def _passes(self, request: web.Request) -> bool:
        """Counts it. False, and nothing counted, if it must be held back."""
        address = manners.address_of(request, self._forwarded)
        # Most buyers come from an address of their own, which was never seen before.
        return self._limits.passes(address) or (not self._limits.wait_s(address) and not self._limits.take(address))

    def made(self, known: KnownOrder, token: str, name: str) -> OwnAnswer | None:
        """The answer of this name if it is made, and the token opens the order."""
        if not self.opens(known, token):
            return None
        return status_answer(self.app, known) if name == STATUS else known.answers.get(name)

    def opens(self, known: KnownOrder, token: str) -> bool:
        """Whether the token is the order's."""
        return self._orders.owns(known.head, None, token)

    def give_tickets(self, known: KnownOrder, found: KnownTickets, request: web.Request, started_s: float) -> Ready:
        """The answer with these tickets, remembered if they are those of the order as it is known."""
        answer = tickets_answer(self.app, request, found.tickets, codes_shown=True)
        if found.of_this:
            self.known.remember(known, TICKETS_SHOWN, answer)
        return self.give(answer, TICKETS_SHOWN, request, started_s)

    def give(self, answer: OwnAnswer, name: str, request: web.Request, started_s: float) -> Ready:
        """The answer as this caller reads it, counted."""
        ready = answer.answer(request)
        self._counts[name].note(ready.status, time.perf_counter() - started_s)
        return ready

    @staticmethod
    def _goes_on(known: KnownOrder, reply: LookedUp) -> bool:
        try:
            return reply.goes_on_to_tickets(known)
        except Refusal:  # told by the usual way
            return False

    def _look(self, order_id: str, reply: LookedUp) -> LookedUp | None:
        try:
            self.known.look_for(order_id, reply)
        except Refusal:  # told by the usual way
            return None
        return reply


def express(app: web.Application) -> Express:
    """What answers a buyer's looks at an order where they arrive; the application must have started."""
    return _Reads(app).read
