"""The whole contract of the engine: the rows of every noun, in the order of the buyer's journey."""

from __future__ import annotations

from engine.web import availability, holds
from engine.web.wire import Route

ROUTES: tuple[Route, ...] = (
    *availability.ROUTES,
    *holds.ROUTES,
)
