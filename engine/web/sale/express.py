"""`POST /v1/holds` before the router: in the second of an on-sale nearly every request is one.

It decides what ``holds.py`` decides. What is not of the usual kind, whoever is held back and every refusal go on to the
route, which explains itself; nothing is done twice on the way.
"""

from __future__ import annotations

import time

from aiohttp import web

from engine.foundation import bodies, http, metrics
from engine.foundation.express import Express, Reply
from engine.foundation.idempotency import key_of
from engine.foundation.metrics import RouteAnswers
from engine.foundation.ready import Ready
from engine.services.appkeys import HOLD_ENDPOINT
from engine.services.sale.holds import Holds, UsualHold
from engine.web import auth
from engine.web.sale.holds import PLACE, TRIED, Tried, placed


class PlacedReply(Reply[bytes]):
    """The hold that the script was asked for."""

    __slots__ = ("_answers", "_holds", "_raw", "_request", "_started_s", "_usual")

    def __init__(
        self, request: web.Request, raw: bytes, holds: Holds, usual: UsualHold, answers: RouteAnswers, started_s: float
    ) -> None:
        super().__init__()
        self._request = request
        self._raw = raw
        self._holds = holds
        self._usual = usual
        self._answers = answers
        self._started_s = started_s

    def answer(self, told: bytes) -> Ready | None:
        usual = self._holds.usual_answer(self._usual, told)
        if usual is None:
            self._request[TRIED] = Tried(self._raw)
            return None
        answer = placed(usual, http.request_id_of(self._request))
        self._answers.note(answer.status, time.perf_counter() - self._started_s)
        return answer

    def refuse(self, error: BaseException) -> None:
        self._request[TRIED] = Tried(self._raw, error)


def express(app: web.Application) -> Express:
    """What answers holds where they arrive; the application must have started."""
    endpoint = app[HOLD_ENDPOINT]
    holds, limits, bearers, trust_forwarded = (
        endpoint.holds,
        endpoint.limits,
        endpoint.bearers,
        endpoint.trust_forwarded,
    )
    answers = metrics.ANSWERS.of(PLACE, "POST")

    def place(request: web.Request) -> Reply[bytes] | None:
        if request.raw_path != PLACE or request.method != "POST":
            return None
        started_s, raw = time.perf_counter(), b""
        try:
            key, (principal, admission) = (
                key_of(request),
                auth.buyer(request, bearers=bearers, trust_forwarded=trust_forwarded),
            )
            if not limits.passes(http.client_address(request, trust_forwarded=trust_forwarded)):
                return None
            read = bodies.read_now(request)
            if read is None:
                return None
            raw = read
            usual = holds.usual(raw, admission=admission, principal=principal, key=key)
            if usual is None:
                request[TRIED] = Tried(raw)
                return None
            reply = PlacedReply(request, raw, holds, usual, answers, started_s)
            holds.place_to(usual, reply)
        except Exception as error:  # noqa: BLE001 - told by the route, whose boundary knows how
            request[TRIED] = Tried(raw, error)
            return None
        return reply

    return place
