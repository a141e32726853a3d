"""What everybody looks at: the public reads and pages, against a bare GET on the same worker."""

from __future__ import annotations

import aiohttp

from tests import factories
from tests.bench.generator import CONNECTIONS, Generator
from tests.bench.method import Plan, Row, Run, Side, interleaved, ratio_row
from tests.bench.sales import SECTION_ROWS, SECTION_SEATS, open_sale
from tests.bench.stage import Served, Stage

MUST, HOPE = 0.8, 1.5
SHOP_MUST, SHOP_HOPE = 0.4, 0.8
BARE = "/v1/holds"
LISTED = 50


async def against_bare(stage: Stage, plan: Plan) -> list[Row]:
    """One row an address; the listing has LISTED events."""
    sale = await open_sale(stage, [factories.seated("S", SECTION_ROWS, SECTION_SEATS)], [["S"]], room=False)
    for _ in range(LISTED - 1):
        await open_sale(stage, [factories.general("Floor", 9)], [["Floor"]], room=False)
    event, page = f"/v1/events/{sale.event_id}", f"/e/{sale.event_id.lower()}"
    reads = {
        "event": event,
        "availability": f"{event}/availability",
        "seat status": f"{event}/seat-status",
        "seat status since": f"{event}/seat-status?since={{version}}",
        "seat map of 2,000": f"{event}/seatmap",
        "listing": "/v1/events",
        "event page": page,
        "shop page": f"{page}/shop",
    }
    rows = []
    async with (
        stage.served("engine", "serve", "engine") as shop,
        stage.served("tests.bench.twins", "bare") as bare,
    ):
        generator = Generator(stage.cores)
        version = (await _read(shop, reads["seat status"]))["version"]
        for name, address in reads.items():
            path = address.format(version=version)
            await _read(shop, path)
            pairs = await interleaved(plan, _side(generator, shop, path), _side(generator, bare, BARE))
            must, hope = (SHOP_MUST, SHOP_HOPE) if name == "shop page" else (MUST, HOPE)
            rows.append(
                ratio_row(
                    f"read, {name} / bare GET", f"GET {address}", pairs, must=must, hope=hope, connections=CONNECTIONS
                )
            )
    return rows


async def _read(served: Served, path: str) -> dict[str, int]:
    """The JSON there, {} for a page. RuntimeError if it is refused."""
    async with aiohttp.ClientSession() as client, client.get(served.url + path) as answer:
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {await answer.text()}")
        return dict(await answer.json()) if answer.content_type == "application/json" else {}


def _side(generator: Generator, served: Served, path: str) -> Side:
    async def run(seconds: float) -> Run:
        return await generator.get(served.url, path, seconds, {"app": served.pids})

    return run
