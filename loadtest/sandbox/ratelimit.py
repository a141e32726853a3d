"""Stripe's per-endpoint rate limit: a token bucket that holds one second's worth."""

from __future__ import annotations

import time

from loadtest.sandbox.errors import RateLimited


class RateLimit:
    """One bucket per endpoint name, of which there are as many as routes."""

    def __init__(self) -> None:
        self._buckets: dict[str, tuple[float, float]] = {}

    def spend(self, endpoint: str, per_s: float) -> None:
        """Take one token or refuse with 429. `per_s` 0 is no limit."""
        if per_s <= 0:
            return
        now = time.monotonic()
        tokens, then = self._buckets.get(endpoint, (max(per_s, 1.0), now))
        tokens = min(max(per_s, 1.0), tokens + (now - then) * per_s)
        if tokens < 1:
            self._buckets[endpoint] = (tokens, now)
            raise RateLimited("endpoint-rate")
        self._buckets[endpoint] = (tokens - 1, now)
