"""Codes that somebody types: wrong ones count against the block they come from, and right ones wait there too.

Otherwise a program tries them all. A refusal that tells a wrong code says so (``is_guess``); who takes a code from a
caller looks at it inside ``typed``.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator

from aiohttp import web

from engine.foundation.errors import Refusal, SlowDown
from engine.foundation.manners import LIMITS, TRUST, address_of


@contextlib.contextmanager
def typed(request: web.Request, code: str | None) -> Iterator[None]:
    """While a code is looked at; nothing is asked if there is none.

    SlowDown, and nothing is looked at, if too many wrong ones came from around there.
    """
    limits = request.app.get(LIMITS)
    if not code or limits is None:
        yield
        return
    guesses, address = limits.of("code_guess"), address_of(request, request.app[TRUST].forwarded)
    wait_s = guesses.wait_s(address)
    if wait_s > 0:
        raise SlowDown(retry_after_s=math.ceil(wait_s))
    try:
        yield
    except Refusal as refusal:
        if refusal.is_guess:
            guesses.take(address)
        raise
