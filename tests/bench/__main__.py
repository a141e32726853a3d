"""``python -m tests.bench [--quick] [--only NAME...]``: take rows, write docs/BENCHMARKS.md, say what was missed."""

from __future__ import annotations

import argparse
import asyncio
import logging
import shutil
import sys
import time
from collections.abc import Awaitable, Callable

import structlog
import uvloop

from tests.bench import (
    report,
    rows_checkout,
    rows_codes,
    rows_designs,
    rows_discovery,
    rows_embedded,
    rows_expiry,
    rows_fluidity,
    rows_holds,
    rows_journey,
    rows_mail,
    rows_memory,
    rows_orders,
    rows_peers,
    rows_reads,
    rows_refusals,
    rows_room,
    rows_script,
    rows_settings,
    rows_status,
    rows_storm,
    stage,
)
from tests.bench.machine import load, production_redis
from tests.bench.method import Plan, Row

Taking = Callable[[stage.Stage, Plan], Awaitable[list[Row]]]


async def _orders(opened: stage.Stage, plan: Plan) -> list[Row]:
    return [
        *await rows_orders.confirmed(opened, plan),
        *await rows_journey.journey_of(opened, plan),
        *await rows_checkout.against_usual(opened, plan),
    ]


ROWS: dict[str, Taking] = {
    "holds": rows_holds.against_bare,
    "reads": rows_reads.against_bare,
    "refusals": rows_refusals.against_bare,
    "script": rows_script.batched_against_single,
    "evalsha": rows_holds.against_evalsha,
    "room": rows_room.room,
    "crowded": rows_room.crowded,
    "orders": _orders,
    "embedded": rows_embedded.embedded,
    "settings": rows_settings.settings,
    "journey": rows_journey.journey_of,
    "status": rows_status.against_bare,
    "mail": rows_mail.mailed,
    "codes": rows_codes.verified,
    "bulk": rows_codes.bulk_over_http,
    "expiry": rows_expiry.expiry,
    "memory": rows_expiry.memory,
    "storm": rows_storm.beside_orders,
    "memory_of_orders": rows_memory.of_orders,
    "peers": rows_peers.peers,
    "checkout": rows_checkout.against_usual,
    "allocation": rows_designs.allocation,
    "workers": rows_holds.workers,
    "discovery": rows_discovery.discovery,
    "fluidity": rows_fluidity.fluidity,
    "durability": rows_designs.durability,
}
INCLUDED = frozenset({"journey", "checkout"})  # taken by another name too: "orders" are all three
LONG = frozenset({"memory_of_orders"})  # ten minutes and more: taken if named


def main() -> int:
    """0 if every row could be taken, whether or not it reached its bar."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="3 pairs of 2 s: to find mistakes, not to publish")
    parser.add_argument("--only", nargs="+", choices=sorted(ROWS), metavar="NAME", help=", ".join(ROWS))
    parser.add_argument("--dry", action="store_true", help="say the figures, write nothing")
    options = parser.parse_args()
    for tool in ("wrk", "taskset"):
        if shutil.which(tool) is None:
            parser.error(f"{tool} is not installed (Debian: apt-get install wrk util-linux)")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    production_redis()
    plan = Plan.short() if options.quick else Plan()
    names = options.only or [name for name in ROWS if name not in INCLUDED | LONG]
    command = " ".join(["python -m tests.bench", *sys.argv[1:]])
    failed = []
    for name in names:
        began_s, before = time.monotonic(), load()
        try:
            rows = asyncio.Runner(loop_factory=uvloop.new_event_loop).run(_take(ROWS[name], plan))
        except Exception as error:  # noqa: BLE001 - the other rows are taken all the same
            failed.append(name)
            print(f"{name}: {error!r}", file=sys.stderr, flush=True)
            continue
        for row in rows:
            print(f"{row.name}: {row.value:,} {row.unit} {_verdict(row)}  {list(row.spread)}", flush=True)
        print(f"  ({name} took {time.monotonic() - began_s:.0f} s)", flush=True)
        if not options.dry:
            report.write(rows, report.Taken(command, plan, before))
    return 1 if failed else 0


async def _take(taking: Taking, plan: Plan) -> list[Row]:
    async with stage.opened() as opened:
        return await taking(opened, plan)


def _verdict(row: Row) -> str:
    must, hope = row.reached(row.must), row.reached(row.hope)
    if must is None:
        return ""
    return "hope reached" if hope else "must reached" if must else "MISSED"


if __name__ == "__main__":
    sys.exit(main())
