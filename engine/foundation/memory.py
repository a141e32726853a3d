"""Garbage collection for a server: what was loaded at the start is never looked at again, and the rest rarely.

A hundred requests under way are a few thousand objects, enough to have the collector walk every imported module several
times a second. Nothing on a request's way makes cycles, so reference counting frees it; the collector is for the rest.
"""

from __future__ import annotations

import gc
from typing import Final

from aiohttp import web

YOUNG_OBJECTS_MAX: Final = 50_000
YOUNG_ROUNDS, MIDDLE_ROUNDS = 20, 50


async def settle(_app: web.Application) -> None:
    """Last step of a start: forget the garbage of importing, keep what is left out of every collection."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS_MAX, YOUNG_ROUNDS, MIDDLE_ROUNDS)
