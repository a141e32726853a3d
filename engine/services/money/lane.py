"""The payment lane: every call to the provider waits for its turn here, so that the provider never has to say 429.

One bucket an endpoint, shared by all processes in Redis; a bounded number of callers waits in each process. A busy or
silent provider is asked again with the same idempotency key, in turn, until the caller's patience ends. Without Redis
the lane lets calls through unpaced: the provider's own 429 is then the pace.

What buyers ask for (LOOKING) waits in a line of its own and then for a turn like any other, at half the rate: however
many of them ask, the other half is left to what the provider told us of and what is due.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from prometheus_client import Counter, Gauge, Histogram

from engine.domain.errors import PaymentRefused, ProviderUnavailable
from engine.foundation import logs
from engine.foundation.errors import Unavailable
from engine.foundation.leases import HEALTH_FULL
from engine.foundation.metrics import LATENCY_BUCKETS_S, labelled
from engine.stores.money.lane import LaneStore
from engine.stores.money.stripe_calls import ProviderAway, ProviderBusy, ProviderRefused

DEPTH_MAX = 2_000  # callers of one process in the lane
TURN_WAIT_MAX_S = 20.0  # a longer queue is refused at once
PATIENCE_S = 8.0  # for the provider to answer, from the first turn on
TRIES_MAX = 6
BACKOFF_FIRST_S, BACKOFF_MAX_S = 0.25, 3.0
BURST_SHARE = 10  # one tenth of a second's calls may go out together
OPENING = "payment_intents.create"
READING = "payment_intents.read"
LOOKING = "payment_intents.look"  # reading because a buyer asks
LOOK_SHARE = 2  # of the reads a half
LOOK_WAIT_MAX_S = 1.0  # in their own line
LOOK_EVERY_S = 1.0  # at one order
WAIT_FINE_S, WAIT_FULL_S = 1.0, 10.0  # a wait that nobody minds; one that means: let nobody else in
HEALTH_AWAY = HEALTH_FULL // 10  # while the provider does not answer

_DEPTH = Gauge("onsale_lane_depth", "Calls waiting for the payment provider", ["endpoint"])
_WAIT_SECONDS = Histogram(
    "onsale_lane_wait_seconds",
    "Wait for a turn at the payment provider",
    ["endpoint"],
    buckets=(*LATENCY_BUCKETS_S, TURN_WAIT_MAX_S),
)
_CALLS = Counter("onsale_lane_calls_total", "Calls to the payment provider", ["endpoint", "outcome"])
_log = logs.get("lane")

T = TypeVar("T")


class PaymentLane:
    """Runs provider calls in turn."""

    def __init__(self, turns: LaneStore) -> None:
        self._turns = turns
        self._depth = 0

    @property
    def depth(self) -> int:
        """Calls of this process that wait or run."""
        return self._depth

    async def health(self) -> int:
        """HEALTH_FULL while payments open and are read at once, 0 at a wait of WAIT_FULL_S; low while it fails."""
        backlogs = await asyncio.gather(self._turns.backlog(OPENING), self._turns.backlog(READING))
        wait_s, away = max(wait_s for wait_s, _ in backlogs), any(away for _, away in backlogs)
        share = 1.0 - min(1.0, max(0.0, wait_s - WAIT_FINE_S) / (WAIT_FULL_S - WAIT_FINE_S))
        return min(round(HEALTH_FULL * share), HEALTH_AWAY if away else HEALTH_FULL)

    async def run(
        self,
        endpoint: str,
        call: Callable[[], Awaitable[T]],
        *,
        turn_wait_max_s: float = TURN_WAIT_MAX_S,
        patience_s: float = PATIENCE_S,
    ) -> T:
        """The call's answer.

        ProviderUnavailable if the lane is full or patience ended (it may have been applied: repeat with the same
        idempotency key); PaymentRefused if the provider said no for good, ``provider_code`` among its facts.
        """
        if self._depth >= DEPTH_MAX:
            raise ProviderUnavailable("Too many payments are waiting", retry_after_s=5)
        self._depth += 1
        labelled(_DEPTH, endpoint).inc()
        try:
            await self._turn(endpoint, turn_wait_max_s)
            return await self._persist(endpoint, call, time.monotonic() + patience_s)
        finally:
            self._depth -= 1
            labelled(_DEPTH, endpoint).dec()

    async def once_a_second(self, order_id: str, *, wait_max_s: float) -> None:
        """Wait until it is a second ago that any process was here for this order. ProviderUnavailable."""
        try:
            taken, wait_s = await self._turns.take(f"look:{order_id}", wait_max_s=wait_max_s, every_s=LOOK_EVERY_S)
        except Unavailable:
            taken, wait_s = True, LOOK_EVERY_S
        if not taken:
            raise ProviderUnavailable("This payment is being looked at already", retry_after_s=2)
        if wait_s > 0:
            await asyncio.sleep(wait_s)

    async def _persist(self, endpoint: str, call: Callable[[], Awaitable[T]], deadline_s: float) -> T:
        backoff_s = BACKOFF_FIRST_S
        for _ in range(TRIES_MAX):
            try:
                async with asyncio.timeout(max(0.1, deadline_s - time.monotonic())):
                    answer = await call()
            except ProviderRefused as refused:
                labelled(_CALLS, endpoint, "refused").inc()
                raise PaymentRefused(str(refused), provider_code=refused.code) from refused
            except (ProviderBusy, ProviderAway, TimeoutError) as error:
                busy = isinstance(error, ProviderBusy)
                labelled(_CALLS, endpoint, "busy" if busy else "away").inc()
                pause_s = (error.retry_after_s if isinstance(error, ProviderBusy) else None) or backoff_s
                pause_s *= random.uniform(0.5, 1.5)  # noqa: S311 - spreads retries, guards nothing
                if time.monotonic() + pause_s >= deadline_s:
                    break
                await asyncio.sleep(pause_s)
                backoff_s = min(backoff_s * 2, BACKOFF_MAX_S)
                await self._turn(endpoint, max(0.0, deadline_s - time.monotonic()))
            else:
                labelled(_CALLS, endpoint, "ok").inc()
                return answer
        _log.warning("provider_unavailable", endpoint=endpoint)
        with contextlib.suppress(Unavailable):
            await self._turns.away(endpoint)
        raise ProviderUnavailable(retry_after_s=3)

    async def _turn(self, endpoint: str, wait_max_s: float) -> None:
        if endpoint == LOOKING:
            await self._wait_in_line(LOOKING, min(wait_max_s, LOOK_WAIT_MAX_S), share=LOOK_SHARE)
            endpoint = READING
        await self._wait_in_line(endpoint, wait_max_s)

    async def _wait_in_line(self, endpoint: str, wait_max_s: float, *, share: int = 1) -> None:
        try:
            taken, wait_s = await self._turns.take(endpoint, wait_max_s=wait_max_s, share=share)
        except Unavailable:
            return
        if not taken:
            labelled(_CALLS, endpoint, "lane_full").inc()
            retry_after_s = max(1, round(wait_s - wait_max_s))
            raise ProviderUnavailable("The queue for payments is too long", retry_after_s=retry_after_s)
        labelled(_WAIT_SECONDS, endpoint).observe(wait_s)
        if wait_s > 0:
            await asyncio.sleep(wait_s)
