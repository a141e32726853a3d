"""A sold-out storm: holds of an event that is gone at a fixed rate, next to the buyers of another event.

``python -m tests.bench.storm``: the storm alone, in a process of its own. What to ask, how often and for how long comes
as JSON on its input; what it heard goes to its output.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec
import uvloop

from tests.bench import journey
from tests.bench.journey import Walked
from tests.bench.open_loop import Latencies, latencies, request
from tests.bench.rows_holds import HOLDS
from tests.bench.rows_refusals import sold_out
from tests.bench.sales import Sale
from tests.bench.stage import Served, Stage

CONNECTIONS = 256
DRAIN_S = 30.0  # a machine that does much else is no reason to have heard nothing
LEAD_S = 1.0  # the storm blows before the first buyer comes
REFUSED = b'"code":"sold_out"'
_KEY = "00000000000000000000"  # takes the place of each request's own


class Asked(msgspec.Struct, frozen=True):
    """One storm. Every answer must have ``expected`` in it."""

    url: str
    path: str
    body: str
    headers: dict[str, str]
    per_s: float
    seconds: float
    expected: bytes


@dataclass(frozen=True, slots=True)
class Weathered:
    """What both heard, and what the audit says of both events."""

    storm: Latencies
    buyers: Walked
    ledger: dict[str, int]


async def weathered(stage: Stage, *, refused_per_s: float, orders_per_s: float, seconds: float) -> Weathered:
    """Both at once. RuntimeError if anything but ``sold_out`` and "come again" was heard in the storm, or nothing; if
    somebody who came has no tickets; if a ledger does not add up."""
    orders = round(orders_per_s * seconds)
    async with journey.opened(stage, 2 * (orders + 1)) as shop:
        gone = await sold_out(stage, shop.engine)
        await journey.walk(shop, 1, 1)  # prices and snapshots are ready
        blowing = asyncio.create_task(_blow(stage, shop.engine, gone, refused_per_s, seconds + 2 * LEAD_S))
        await asyncio.sleep(LEAD_S)
        buyers = await journey.arrive(shop, per_s=orders_per_s, seconds=seconds)
        storm = await blowing
        if storm.unlike or storm.unanswered:
            raise RuntimeError(
                f"of {storm.sent} in the storm {storm.unanswered} heard nothing, {storm.unlike} something else:"
                f" {storm.example}"
            )
        ledger = await stage.audit([shop.sale.event_id, gone.event_id])
        if buyers.paid != orders or ledger["sold"] != 2 * (orders + 1):
            raise RuntimeError(f"{orders} were to pay, {buyers.paid} did, {ledger['sold']} tickets are sold")
    return Weathered(storm, buyers, ledger)


async def _blow(stage: Stage, served: Served, gone: Sale, per_s: float, seconds: float) -> Latencies:
    """The storm, on the core of those who ask."""
    asked = Asked(served.url, HOLDS, gone.body(gone.types[0]), gone.headers, per_s, seconds, REFUSED)
    child = await asyncio.create_subprocess_exec(
        *stage.cores.pinned([sys.executable, "-m", "tests.bench.storm"], to=stage.cores.asking),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        told, _ = await child.communicate(msgspec.json.encode(asked))
    finally:
        if child.returncode is None:
            child.kill()
    if child.returncode:
        raise RuntimeError(f"the storm ended with {child.returncode}")
    return msgspec.json.decode(told, type=Latencies)


def _requests(asked: Asked) -> Iterator[bytes]:
    """The same request again and again, each with a key of its own."""
    whole = request(asked.path, urlsplit(asked.url).netloc, asked.body, asked.headers, _KEY)
    head, _, tail = whole.partition(_KEY.encode())
    number = 0
    while True:
        number += 1
        yield b"%b%020d%b" % (head, number, tail)


async def _alone(asked: Asked) -> Latencies:
    return await latencies(
        asked.url, _requests(asked), per_s=asked.per_s, seconds=asked.seconds, connections=CONNECTIONS,
        expected=asked.expected, drain_s=DRAIN_S,
    )  # fmt: skip


def main() -> int:
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Asked)
    heard = uvloop.run(_alone(asked))
    sys.stdout.buffer.write(msgspec.json.encode(heard))
    return 0


if __name__ == "__main__":
    sys.exit(main())
