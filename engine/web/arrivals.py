"""What the engine answers where it arrives, before the router: holds, public answers that stand ready, own orders."""

from __future__ import annotations

import time
from typing import Any

from aiohttp import web

from engine.foundation import cors, manners
from engine.foundation.express import Express, Reply
from engine.foundation.ready import Ready
from engine.foundation.shelf import SHELF, address_of
from engine.web.money.express import express as order_reads
from engine.web.sale.express import express as holds


def express(app: web.Application) -> Express:
    """All of it; the application must have started."""
    place, shelf, look = holds(app), app[SHELF], order_reads(app)

    def ask(request: web.Request) -> Ready | Reply[Any] | None:
        if request.method != "GET":
            return place(request)
        started_s = time.perf_counter()
        standing = shelf.find(address_of(request))
        if standing is None:
            return look(request)
        if "Authorization" in request.headers:  # an organizer may be told more
            return None
        ready = standing.answer(request)
        if ready is not None:
            standing.told.note(ready.status, time.perf_counter() - started_s)
        return ready

    readers = app[manners.TRUST].readers

    def ask_here(request: web.Request) -> Ready | Reply[Any] | None:
        """What a page of another site calls goes the usual way, which says that it may read the answer."""
        return None if cors.is_from(request, readers) else ask(request)

    return ask_here if readers else ask
