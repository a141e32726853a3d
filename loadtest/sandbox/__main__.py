"""`python -m loadtest.sandbox`: run the payment sandbox; one JSON line says when and where it is ready."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
from pathlib import Path

import uvloop
from aiohttp import web

from loadtest.sandbox.app import build_app
from loadtest.sandbox.controls import DEFAULT_EVENTS, Controls

BACKLOG = 4_096
SHUTDOWN_GRACE_S = 2.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="loadtest.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one, named in the ready line")
    parser.add_argument("--webhook-url", default="")
    parser.add_argument(
        "--webhook-secret",
        default=os.environ.get("ONSALE_STRIPE_WEBHOOK_SECRET") or os.environ.get("STRIPE_WEBHOOK_SECRET", ""),
        help="better in ONSALE_STRIPE_WEBHOOK_SECRET: everybody may read the arguments of a process",
    )
    parser.add_argument("--webhook-events", default=",".join(DEFAULT_EVENTS), help="comma separated, * for all")
    parser.add_argument("--state-file", type=Path, help="continue from here after a restart")
    parser.add_argument("--rate-limit-per-s", type=float, default=0.0, help="per endpoint, 0 is off; Stripe's is 25")
    parser.add_argument("--seed", type=int, help="makes webhook weather repeatable")
    given = parser.parse_args()
    controls = Controls(
        webhook_url=given.webhook_url,
        webhook_secret=given.webhook_secret,
        webhook_events=[name for name in given.webhook_events.split(",") if name],
        rate_limit_per_s=given.rate_limit_per_s,
        seed=given.seed,
    )
    uvloop.run(_serve(build_app(controls, given.state_file), given.host, given.port))


async def _serve(app: web.Application, host: str, port: int) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_GRACE_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, backlog=BACKLOG)
        await site.start()
        bound = runner.addresses[0][1]
        print(json.dumps({"ready": True, "url": f"http://{host}:{bound}"}), flush=True)
        await stop.wait()
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    main()
