"""What most callers hear after the first seconds: each refusal of `POST /v1/holds`, against a bare POST."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import aiohttp

from engine.foundation.clock import now
from engine.foundation.ids import new_id
from tests import factories
from tests.bench.generator import CONNECTIONS, Generator, Target
from tests.bench.method import Plan, Row, Run, Side, interleaved, ratio_row
from tests.bench.rows_holds import HOLDS
from tests.bench.sales import JSON, QUANTITY, SECTION_ROWS, SECTION_SEATS, Sale, general, open_sale
from tests.bench.stage import Served, Stage

MUST, HOPE = 0.8, 1.0
GONE_MUST, GONE_HOPE = 0.7, 0.9
GONE_CONNECTIONS = 50
SELLING_AT_ONCE = 32
WHEELCHAIR_PLACES = 4


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that is refused, and with which code."""

    name: str
    code: str
    target: Target
    must: float = MUST
    hope: float = HOPE
    connections: int = CONNECTIONS


async def against_bare(stage: Stage, plan: Plan) -> list[Row]:
    """One row a refusal; each is asked once first, to see that it is the one that is meant."""
    rows = []
    async with (
        stage.served("engine", "serve", "engine") as shop,
        stage.served("tests.bench.twins", "bare") as bare,
    ):
        generator = Generator(stage.cores)
        for refusal in await _refusals(stage, shop):
            await _heard(shop, refusal)
            ours, theirs = _side(generator, shop, refusal), _side(generator, bare, refusal)
            rows.append(_row(refusal, await interleaved(plan, ours, theirs)))
    return rows


async def _refusals(stage: Stage, shop: Served) -> list[Refusal]:
    sale = await general(stage)
    kind, body = sale.types[0], sale.body(sale.types[0])
    gone, seats = await general(stage, 1), await sold_out(stage, shop, wheelchair_places=WHEELCHAIR_PLACES)
    early = await open_sale(stage, [factories.general("Floor", 9)], [["Floor"]], room=False, opens_in=timedelta(days=1))
    late = await open_sale(stage, [factories.general("Floor", 9)], [["Floor"]], room=False, closed=now())
    forged = {"Authorization": f"Admission {sale.admission[:-4]}AAAA"}
    expired = {"Authorization": f"Admission {await _expired(stage, sale)}"}
    nowhere = body.replace(sale.event_id, new_id("evt"))
    return [
        Refusal("sold out", "sold_out", Target(gone.body(gone.types[0]), gone.headers)),
        Refusal("not open yet", "sales_not_open", Target(early.body(early.types[0]), {})),
        Refusal("closed", "sales_closed", Target(late.body(late.types[0]), {})),
        Refusal("no admission", "admission_required", Target(body, {})),
        Refusal("forged admission", "admission_required", Target(body, forged)),
        Refusal("expired admission", "admission_expired", Target(body, expired)),
        Refusal("unknown event", "not_found", Target(nowhere, {})),
        Refusal("more than one order may have", "max_per_order", Target(sale.body(kind, 5), sale.headers)),
        Refusal(
            "best available in a section that is gone", "best_available_not_found",
            Target(seats.body(seats.types[0]), seats.headers), GONE_MUST, GONE_HOPE, GONE_CONNECTIONS,
        ),
    ]  # fmt: skip


async def _expired(stage: Stage, sale: Sale) -> str:
    keys = (await stage.selling.get(sale.event_id)).keys
    return keys.mint_admission(lease_id=sale.lease, device_key_hash=b"", not_before_ms=0, expires_at_ms=1)


async def sold_out(stage: Stage, shop: Served, *, wheelchair_places: int = 0) -> Sale:
    """A section of 2,000 seats of which the wheelchair places alone are free, as it is for most of an evening."""
    section = factories.seated("S", SECTION_ROWS, SECTION_SEATS)
    section["rows"][-1]["accessible"] = [*range(1, wheelchair_places + 1)]
    sale = await open_sale(stage, [section], [["S"]])
    body = sale.body(sale.types[0])
    async with aiohttp.ClientSession() as client:

        async def buy() -> None:
            headers = {**JSON, **sale.headers, "Idempotency-Key": new_id("k")}
            async with client.post(shop.url + HOLDS, data=body, headers=headers) as answer:
                if answer.status != 201:
                    raise RuntimeError(f"no hold: {answer.status} {await answer.text()}")

        for left in range(sale.holds_each - wheelchair_places // QUANTITY, 0, -SELLING_AT_ONCE):
            await asyncio.gather(*(buy() for _ in range(min(left, SELLING_AT_ONCE))))
    return sale


async def _heard(served: Served, refusal: Refusal) -> None:
    async with aiohttp.ClientSession() as client:
        headers = {**JSON, **refusal.target.headers, "Idempotency-Key": new_id("k")}
        async with client.post(served.url + HOLDS, data=refusal.target.body, headers=headers) as answer:
            code = (await answer.json(content_type=None)).get("code")
            if code != refusal.code:
                raise RuntimeError(f"{refusal.name}: {answer.status} {code}, not {refusal.code}")


def _side(generator: Generator, served: Served, refusal: Refusal) -> Side:
    async def run(seconds: float) -> Run:
        pids: dict[str, int | list[int]] = {"app": served.pids}
        return await generator.post(served.url, HOLDS, [refusal.target], seconds, pids, connections=refusal.connections)

    return run


def _row(refusal: Refusal, pairs: list[tuple[Run, Run]]) -> Row:
    return ratio_row(
        f"refusal, {refusal.name} / bare POST", f"POST /v1/holds: {refusal.code}", pairs,
        must=refusal.must, hope=refusal.hope, connections=refusal.connections,
    )  # fmt: skip
