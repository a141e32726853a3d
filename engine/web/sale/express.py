"""`POST /v1/holds` before the router: in the second of an on-sale nearly every request is one.

It decides what ``holds.py`` decides. What is not of the usual kind and who is held back go on to the route; nothing is
done twice on the way. A refusal is answered here: after the first seconds of an on-sale most answers are one.
"""

from __future__ import annotations

import time

from aiohttp import web

from engine.foundation import bodies, http, metrics
from engine.foundation.address_limits import AddressLimits
from engine.foundation.errors import Refusal
from engine.foundation.express import Express, Reply
from engine.foundation.metrics import RouteAnswers
from engine.foundation.problems import ready_problem
from engine.foundation.ready import Ready
from engine.services.appkeys import HOLDS, SETTINGS
from engine.services.sale.usual_holds import UsualHold, UsualHolds
from engine.settings import Settings
from engine.web import callers
from engine.web.sale.hold_caller import HoldCaller
from engine.web.sale.holds import ASKED, PLACE, REFUSED, Asked, hold_request, placed_answer


class PlacedReply(Reply[bytes]):
    """The hold that the script was asked for."""

    __slots__ = ("_answers", "_caller", "_holds", "_raw", "_request", "_settings", "_started_s", "_usual")

    def __init__(
        self,
        request: web.Request,
        caller: HoldCaller,
        raw: bytes,
        holds: UsualHolds,
        usual: UsualHold,
        answers: RouteAnswers,
        started_s: float,
        settings: Settings,
    ) -> None:
        super().__init__()
        self._request = request
        self._caller = caller
        self._raw = raw
        self._holds = holds
        self._usual = usual
        self._answers = answers
        self._started_s = started_s
        self._settings = settings

    def answer(self, told: bytes) -> Ready | None:
        try:
            finished = self._holds.finish(self._usual, told)
        except Refusal as refusal:
            return refused(self._request, refusal, self._answers, self._started_s)
        if finished is None:
            self._request[ASKED] = Asked(self._caller, self._raw)
            return None
        cookie = callers.cookie_line(self._request, self._settings)
        answer = placed_answer(finished, http.request_id_of(self._request), cookie)
        self._answers.note(answer.status, time.perf_counter() - self._started_s)
        return answer

    def refuse(self, error: BaseException) -> None:
        self._request[REFUSED] = error


def _passes(limits: AddressLimits, caller: HoldCaller) -> bool:
    """False if the request must be held back, which takes time. SlowDown if not even that would do."""
    if limits.passes(caller.address):
        caller.waited = True
        return True
    slow_down = limits.beyond(caller.address)
    if slow_down is not None:
        raise slow_down
    return False


def refused(request: web.Request, refusal: Refusal, answers: RouteAnswers, started_s: float) -> Ready:
    """The refusal's document, counted as the boundary counts it."""
    metrics.refused(refusal.code)
    answers.note(refusal.status, time.perf_counter() - started_s)
    return ready_problem(refusal, http.request_id_of(request), PLACE)


def express(app: web.Application) -> Express:
    """What answers holds where they arrive; the application must have started."""
    takers, holds, settings = app[HOLDS].takers, app[HOLDS].usual, app[SETTINGS]
    limits = takers.limits
    answers = metrics.ANSWERS.of(PLACE, "POST")

    def place(request: web.Request) -> Reply[bytes] | Ready | None:
        if request.raw_path != PLACE or request.method != "POST":
            return None
        started_s = time.perf_counter()
        try:
            caller = HoldCaller.of_request(request, takers)
            raw = bodies.read_now(request) if _passes(limits, caller) else None
            if raw is None:
                return None
            usual = holds.start(
                raw, admission=caller.admission, principal=caller.principal, key=caller.key, taker=caller
            )
            if usual is None:
                app[HOLDS].look(bodies.decode(raw, hold_request), caller.admission)
                request[ASKED] = Asked(caller, raw)
                return None
            reply = PlacedReply(request, caller, raw, holds, usual, answers, started_s, settings)
            holds.send(usual, reply)
        except Refusal as refusal:
            return refused(request, refusal, answers, started_s)
        except Exception as error:  # noqa: BLE001 - told by the route, whose boundary knows how
            request[REFUSED] = error
            return None
        return reply

    return place
