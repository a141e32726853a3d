"""From the hold to the mailed ticket, against a checkout written the usual way."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import AsyncIterator

from tests.bench import checkout_peer, journey
from tests.bench.journey import AT_ONCE
from tests.bench.machine import CpuMeter
from tests.bench.mail_catcher import MailCatcher, catching
from tests.bench.method import Plan, Row, Run, Side, interleaved, ratio_row
from tests.bench.stage import Stage

UNITS = 100_000
ORDERS_PER_S_MAX = 600  # what the seats are enough for; both sides stay far below
_PLACES = "INSERT INTO bench_places (event_id, unit) SELECT $1, generate_series(0, $2 - 1)"


async def against_usual(stage: Stage, plan: Plan) -> list[Row]:
    """Paid and mailed orders of two. The same buyers walk through both; a run is over when its last mail has come."""
    seconds = plan.pairs * plan.run_s + plan.warm_up_s
    assert 2 * ORDERS_PER_S_MAX * seconds <= UNITS
    rates: dict[str, list[float]] = {"ours": [], "theirs": []}
    async with (
        catching(stage.cores) as catcher,
        _ours(stage, catcher) as (shop, our_parts),
        _theirs(stage, catcher) as (peer, their_parts),
    ):
        await stage.pool.execute(checkout_peer.TABLES)
        await stage.pool.execute(_PLACES, peer.sale.event_id, UNITS)
        await stage.pool.execute("VACUUM ANALYZE bench_places")
        ours = _side(shop, catcher, our_parts, rates["ours"])
        theirs = _side(peer, catcher, their_parts, rates["theirs"])
        pairs = await interleaved(plan, ours, theirs)
        ledger = await stage.audit([shop.sale.event_id])
        mails = await catcher.caught()
        twice = await stage.pool.fetchval("SELECT count(*) - count(DISTINCT unit) FROM bench_tickets")
    sold = ledger["sold"] // 2 + await _theirs_paid(stage)
    if mails != sold or twice:
        raise RuntimeError(f"{sold} orders were paid, {mails} mails came; the peer sold {twice} units twice")
    told = f"a paid order of two, mailed with its PDF: {AT_ONCE} buyers at a time"
    buyers = {f"{side}_without_mail_per_s": round(statistics.median(each), 1) for side, each in rates.items()}
    return [ratio_row("order to mailed ticket / the usual way", told, pairs, group="peers", ledger=ledger, **buyers)]


@contextlib.asynccontextmanager
async def _ours(stage: Stage, catcher: MailCatcher) -> AsyncIterator[tuple[journey.Shop, dict[str, int | list[int]]]]:
    """The engine and the worker that mails."""
    mail = {"ONSALE_SMTP_HOST": "127.0.0.1", "ONSALE_SMTP_PORT": str(catcher.smtp_port)}
    async with journey.opened(stage, UNITS, **mail) as shop, stage.started("engine", "work", **mail) as (worker,):
        yield shop, {"engine": shop.engine.pids, "worker": worker.pid, "redis": stage.redis_pid}


@contextlib.asynccontextmanager
async def _theirs(stage: Stage, catcher: MailCatcher) -> AsyncIterator[tuple[journey.Shop, dict[str, int | list[int]]]]:
    """One process that does it all."""
    mail = {"ONSALE_SMTP_PORT": str(catcher.smtp_port)}
    async with journey.opened(stage, 2, "tests.bench.twins", "checkout", **mail) as peer:
        yield peer, {"app": peer.engine.pids}


def _side(shop: journey.Shop, catcher: MailCatcher, parts: dict[str, int | list[int]], rates: list[float]) -> Side:
    async def run(seconds: float) -> Run:
        meter = CpuMeter({**parts, "postgres": shop.stage.postgres_pids()})
        mails, began_s = await catcher.caught(), time.monotonic()
        meter.start()
        walked = await journey.walk_for(shop, seconds, AT_ONCE)
        rates.append(walked.paid / walked.seconds)
        await catcher.until(mails + walked.paid)
        return Run(walked.paid, time.monotonic() - began_s, 0, meter.stop(walked.paid))

    return run


async def _theirs_paid(stage: Stage) -> int:
    return int(await stage.pool.fetchval("SELECT count(*) FROM bench_orders WHERE status = 'paid'"))
