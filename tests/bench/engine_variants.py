"""The engine as it is served, with one thing changed: ``python -m tests.bench.engine_variants KIND``.

``planned``  every hold is planned in Rust on the worker's own map and committed conditionally; no tape is walked
``waiting``  every batch waits until a replica has it (WAIT 1) before anybody is answered
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from aiohttp import web

from engine.app import create_app
from engine.foundation import logs
from engine.foundation.memory import settle
from engine.foundation.serving import run
from engine.services.sale.holds import Holds
from engine.services.sale.usual_holds import UsualHolds
from engine.settings import Settings
from engine.stores.sale.holds import HoldStore
from engine.web.sale.express import express

REPLICA_WAIT_MS = 1000


def planned() -> None:
    """Candidate (a) of the atomic pick."""

    def not_usual(_self: UsualHolds, _body: bytes, **_more: Any) -> None:
        return None

    async def no_picks(_self: Holds, *_asked: Any) -> None:
        return None

    UsualHolds.start = not_usual  # type: ignore[method-assign, assignment]
    Holds._picks = no_picks  # type: ignore[method-assign, assignment]


def waiting() -> None:
    """Durability as a deployment with a replica has it."""
    place = HoldStore.place

    async def place_and_wait(self: HoldStore, event_id: str, epoch: bytes, items: Any) -> list[bytes]:
        answers = await place(self, event_id, epoch, items)
        if await self._hot.command(b"WAIT", 1, REPLICA_WAIT_MS) < 1:
            raise RuntimeError("no replica has it")
        return answers

    HoldStore.place = place_and_wait  # type: ignore[method-assign]


VARIANTS = {"planned": planned, "waiting": waiting}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=sorted(VARIANTS))
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    VARIANTS[options.kind]()
    logs.configure("bench", "warning")
    run(_app(), express=express, host="127.0.0.1", port=options.port, shutdown_timeout_s=1)
    return 0


async def _app() -> web.Application:
    app = create_app(Settings())
    app.on_startup.append(settle)
    return app


if __name__ == "__main__":
    sys.exit(main())
