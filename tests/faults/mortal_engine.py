"""``python -m tests.faults.mortal_engine``: the engine, killed at one await of the way from an order to its tickets.

Every call to Redis, Postgres or the payment provider that opening an order and hearing that it is paid lead to is two
borders: before it is asked, and after it was answered. ``MORTAL_AT`` names the one at which the process ends by
SIGKILL, counted from 1; at 0 it lives, and writes to ``MORTAL_COUNT`` how many there were. The rest is ``onsale``'s.
"""

from __future__ import annotations

import contextvars
import functools
import itertools
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from engine import cli
from engine.foundation.connections import HotRedis
from engine.foundation.postgres import LedgerConnection
from engine.services.money.orders import Orders
from engine.services.money.webhooks import Webhooks
from engine.stores.money.stripe_gateway import StripeGateway

Call = Callable[..., Awaitable[Any]]
_AT, _COUNT = int(os.environ["MORTAL_AT"]), Path(os.environ["MORTAL_COUNT"])
_on_the_way = contextvars.ContextVar("on_the_way", default=False)  # group commits inherit it from who began them
_borders = itertools.count(1)


def _border() -> None:
    if not _on_the_way.get():
        return
    number = next(_borders)
    if number == _AT:
        os.kill(os.getpid(), signal.SIGKILL)
    if not _AT:
        _COUNT.write_text(str(number))


def _bordered(call: Call) -> Call:
    @functools.wraps(call)
    async def inside(*asked: Any, **more: Any) -> Any:
        _border()
        answer = await call(*asked, **more)
        _border()
        return answer

    return inside


def _the_way(call: Call) -> Call:
    @functools.wraps(call)
    async def inside(*asked: Any, **more: Any) -> Any:
        _on_the_way.set(True)
        return await call(*asked, **more)

    return inside


for owner, names in (
    (LedgerConnection, ("fetch", "fetchrow", "fetchval", "execute")),
    (HotRedis, ("run", "command")),
    (StripeGateway, ("create_intent", "read_intent")),
):
    for name in names:
        setattr(owner, name, _bordered(getattr(owner, name)))
for whole, name in ((Orders, "open_new"), (Orders, "open"), (Webhooks, "receive")):
    setattr(whole, name, _the_way(getattr(whole, name)))

if __name__ == "__main__":
    sys.exit(cli.main(["serve", "engine", *sys.argv[1:]]))
