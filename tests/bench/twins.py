"""Bench-only servers: what the product is held against, in the same kind of process.

``python -m tests.bench.twins bare --port P``: no middleware, no store, the same loop and the same memory settings;
``stores`` and ``checkout`` are the usual designs (store_twins.py, checkout_peer.py).
"""

from __future__ import annotations

import argparse
import sys

import uvloop
from aiohttp import web

from engine.foundation.memory import settle
from tests.bench import checkout_peer, store_twins

BODY_BYTES_MAX = 32 * 1024 * 1024
_ANSWER = b'{"ok":true}'
_HEADERS = {"Content-Type": "application/json"}


async def take(request: web.Request) -> web.Response:
    """A POST whose body is read and nothing else."""
    await request.read()
    return web.Response(body=_ANSWER, status=201, headers=_HEADERS)


async def give(_request: web.Request) -> web.Response:
    return web.Response(body=_ANSWER, headers=_HEADERS)


def bare_app() -> web.Application:
    app = web.Application(client_max_size=BODY_BYTES_MAX)
    app.router.add_post("/v1/holds", take)
    app.router.add_post("/v1/events/{event_id}/checkins/batch", take)
    app.router.add_get("/v1/holds", give)
    return app


KINDS = {"bare": bare_app, "checkout": checkout_peer.app, "stores": store_twins.app}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=sorted(KINDS))
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    app = KINDS[options.kind]()
    app.on_startup.append(settle)
    web.run_app(
        app, host="127.0.0.1", port=options.port, reuse_port=True, access_log=None, print=None,
        loop=uvloop.new_event_loop(),
    )  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
