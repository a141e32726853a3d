"""Ticket codes: verified in the extension against `hmac.new` and `openssl speed`; uploads of gates over HTTP."""

from __future__ import annotations

import asyncio
import os
import secrets
import statistics
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import orjson

from engine.domain.tickets.tickets import code_window
from engine.foundation.bearer import Person
from engine.foundation.ids import new_id
from engine.services.accounts.access import Access
from engine.services.gates.devices import Devices
from engine.services.gates.gate_events import GateEvents
from engine.services.gates.scan_packs import ScanPacks
from tests import factories
from tests.bench import open_loop
from tests.bench.machine import CpuMeter, cpu_seconds
from tests.bench.method import Plan, Row, Run, interleaved, ratio_row
from tests.bench.stage import Served, Stage
from tests.bench.uploads import Uploads
from tests.hotpath import code_ratios

CODES = 10_000
LINES = 50_000
SEEDING_S_MAX = 60.0
UPLOADS_MEANWHILE = 8
SINGLES_PER_S, SINGLES_S = 50.0, 4.0
ADMIN = Person("usr_bench", is_admin=True)


async def verified(_stage: Stage, plan: Plan) -> list[Row]:
    """Row 7: nanoseconds of CPU time a code, alone and in one call of 10,000."""
    single, bulk = await asyncio.to_thread(code_ratios.measured, plan.pairs)
    rows = []
    for name, pairs, must, hope in (
        ("verify one code from Python / hmac.new", single, 10.0, 12.0),
        ("verify 10,000 codes / openssl speed", bulk, 2.0, 3.5),
    ):
        ratios = tuple(round(theirs / ours, 2) for ours, theirs in pairs)
        facts = {
            "ours_ns": round(statistics.median(ours for ours, _ in pairs)),
            "theirs_ns": round(statistics.median(theirs for _, theirs in pairs)),
        }
        rows.append(Row(name, "ticket codes of 40 characters", statistics.median(ratios), must=must, hope=hope,
                        spread=ratios, facts=facts))  # fmt: skip
    return rows


async def bulk_over_http(stage: Stage, plan: Plan) -> list[Row]:
    """Row 8: every scan of the batch is in the ledger before the answer; the other side reads the body and stops."""
    async with (
        stage.served("engine", "serve", "engine") as shop,
        stage.served("tests.bench.twins", "bare") as bare,
    ):
        event_id, codes = await _sold_out(stage)

        async def ours(seconds: float) -> Run:
            return await _upload(stage, shop, event_id, codes, seconds, 200)

        async def theirs(seconds: float) -> Run:
            return await _upload(stage, bare, event_id, codes, seconds, 201)

        pairs = await interleaved(plan, ours, theirs)
        whole = await _whole_upload(stage, shop)
    await ScanPacks(pool=stage.pool).unpack(event_id)
    logged = await stage.pool.fetchval("SELECT count(*) FROM scans WHERE event_id = $1", event_id)
    return [
        ratio_row(
            "bulk validation of 10,000 / reading the body", "POST /v1/events/{id}/checkins/batch, JSON, durable", pairs,
            must=0.10, hope=0.20, codes=CODES, scans_in_the_ledger=logged,
        ),
        *whole,
    ]  # fmt: skip


async def _whole_upload(stage: Stage, shop: Served) -> list[Row]:
    """A gate's first upload after an evening without a network: LINES scans, a tenth junk, a twentieth shown twice."""
    event_id, codes = await _sold_out(stage, LINES)
    credential = await _scanner(stage, event_id)
    junk, twice = LINES // 10, LINES // 20
    at = datetime.now(UTC).isoformat()
    shown = codes[: LINES - junk - twice]
    shown += shown[:twice] + [secrets.token_urlsafe(40) for _ in range(junk)]
    lines = [orjson.dumps({"code": code, "scannedAt": at, "nonce": secrets.token_hex(8)}) for code in shown]
    headers = {
        "Authorization": f"Device {credential}",
        "Idempotency-Key": secrets.token_hex(8),
        "Content-Type": "application/x-ndjson",
    }
    alone = await _scanner(stage, event_id)
    singles = (
        open_loop.request(
            "/v1/tickets/validate",
            urlsplit(shop.url).netloc,
            orjson.dumps({"code": code}).decode(),
            {"Authorization": f"Device {alone}"},
            secrets.token_hex(8),
        )
        for code in reversed(codes)
    )
    meter = CpuMeter({"app": shop.pids, "redis": stage.redis_pid, "postgres": stage.postgres_pids()})
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120)) as client:
        meter.start()
        path = f"{shop.url}/v1/events/{event_id}/checkins/batch"
        async with client.post(path, data=b"\n".join(lines), headers=headers) as answer:
            told = orjson.loads(await answer.read())
        cpu_ms = {name: round(us / 1000, 1) for name, us in meter.stop(1).items()}
        expected = {"admit": LINES - junk - twice, "duplicate": twice, "reject": junk}
        if told["counts"] != expected:
            raise RuntimeError(f"other verdicts: {told['counts']}")
        before_s = cpu_seconds(os.getpid())
        await ScanPacks(pool=stage.pool).unpack(event_id)
        unpacked_ms = round((cpu_seconds(os.getpid()) - before_s) * 1000, 1)
    files = [stage.folder / f"upload-{turn}" for turn in range(UPLOADS_MEANWHILE)]
    for turn, file in enumerate(files):
        file.write_bytes(_renamed(lines, turn))
    async with stage.worked():
        uploads = await Uploads.ready(path, SINGLES_S, credential, files, core=stage.cores.asking)
        uploads.begin()
        latencies = await open_loop.latencies(shop.url, singles, per_s=SINGLES_PER_S, seconds=SINGLES_S)
        uploaded = await uploads.done()
    cost = Row(
        "upload of 50,000: CPU of all processes before the answer", "NDJSON, a tenth junk, a twentieth shown twice",
        round(sum(cpu_ms.values()) / 1000, 3), unit="s", must=1.0, better="lower", group="gates",
        facts={"cpu_ms": cpu_ms, "unpacking_worker_ms": unpacked_ms},
    )  # fmt: skip
    waiting = Row(
        "single scans while uploads of 50,000 come one after the other: p99", "open loop, a worker unpacks meanwhile",
        latencies.p99_ms, unit="ms", must=50.0, better="lower", group="gates",
        facts={**latencies.told, "uploads": uploaded},
    )  # fmt: skip
    return [cost, waiting]


def _renamed(lines: list[bytes], turn: int) -> bytes:
    """The same scans under new nonces."""
    return b"\n".join(line.replace(b'"nonce":"', b'"nonce":"%d-' % turn) for line in lines)


async def _upload(stage: Stage, served: Served, event_id: str, codes: list[str], seconds: float, expected: int) -> Run:
    """Uploads of one gate after the other, each of every code under nonces of its own; at least one.

    What a worker does meanwhile is done between them, and counts for neither side.
    """
    path = f"{served.url}/v1/events/{event_id}/checkins/batch"
    done, elapsed_s = 0, 0.0
    spent_us: defaultdict[str, float] = defaultdict(float)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120)) as client:
        while elapsed_s < seconds:
            at = datetime.now(UTC).isoformat()
            scans = [{"code": code, "scannedAt": at, "nonce": secrets.token_hex(8)} for code in codes]
            body = orjson.dumps({"scans": scans})
            headers = {
                "Authorization": f"Device {await _scanner(stage, event_id)}",
                "Idempotency-Key": secrets.token_hex(8),
                "Content-Type": "application/json",
            }
            # An event has a greatest number of scanners; those whose uploads are over make room.
            await stage.pool.execute(
                "UPDATE devices SET revoked_at = now() WHERE event_id = $1 AND id <> $2",
                event_id, headers["Authorization"].split()[1].partition(".")[0],
            )  # fmt: skip
            await ScanPacks(pool=stage.pool).unpack(event_id)
            meter = CpuMeter({"app": served.pids, "redis": stage.redis_pid, "postgres": stage.postgres_pids()})
            meter.start()
            began_s = time.perf_counter()
            async with client.post(path, data=body, headers=headers) as answer:
                raw = await answer.read()
            elapsed_s += time.perf_counter() - began_s
            for name, us in meter.stop(1).items():
                spent_us[name] += us
            if answer.status != expected:
                raise RuntimeError(f"no verdicts: {answer.status} {raw[:500]!r}")
            done += 1
    return Run(done, elapsed_s, 0, {name: us / done for name, us in spent_us.items()})


async def _sold_out(stage: Stage, tickets: int = CODES) -> tuple[str, list[str]]:
    """An event with this many tickets sold, and their codes."""
    pool = stage.pool
    now = datetime.now(UTC)
    ends_at, paid_at = now + timedelta(hours=5), now - timedelta(minutes=5)
    event_id, (type_id,) = await factories.event(
        pool, factories.chart(factories.general("Floor", tickets)), [{"categories": ["Floor"]}],
        starts_at=now + timedelta(hours=1), ends_at=ends_at,
    )  # fmt: skip
    for first in range(0, tickets, CODES):
        await _sell(pool, event_id, type_id, range(first, min(first + CODES, tickets)), paid_at)
    keys = stage.settings.keyring.event(event_id)
    window = code_window(paid_at, ends_at)
    return event_id, [keys.mint_ticket_code(unit, 1, *window) for unit in range(tickets)]


async def _sell(pool: asyncpg.Pool, event_id: str, type_id: str, units: range, paid_at: datetime) -> None:
    """A paid order of these units."""
    order_id = new_id("ord")
    await pool.execute(
        """INSERT INTO orders (id, order_number, event_id, hold_id, status, buyer_name, buyer_email, currency,
                               amount_cents, price, expires_at, reconcile_at, paid_at)
           VALUES ($1, $2, $3, $4, 'paid', 'Ada', 'ada@example.org', 'CAD', 1000, '{}', $5, $5, $5)""",
        order_id, order_id[-10:], event_id, new_id("hld"), paid_at,
    )  # fmt: skip
    await pool.execute(
        """INSERT INTO order_units (order_id, line, event_id, unit, ticket_type_id, section, face_cents, total_cents)
           SELECT $1, (n - $4)::smallint, $2, n, $3, 'Floor', 1000, 1000
             FROM generate_series($4::integer, $5::integer) n""",
        order_id, event_id, type_id, units[0], units[-1], timeout=SEEDING_S_MAX,
    )  # fmt: skip
    await pool.executemany(
        """INSERT INTO tickets (id, event_id, order_id, line, unit, ticket_type_id, section, holder_name, holder_email)
           VALUES ($1, $2, $3, $4, $5, $6, 'Floor', 'Ada', 'ada@example.org')""",
        [(new_id("tkt"), event_id, order_id, line, unit, type_id) for line, unit in enumerate(units)],
        timeout=SEEDING_S_MAX,
    )


async def _scanner(stage: Stage, event_id: str) -> str:
    """The credential of a scanner at the event's only gate."""
    await stage.pool.execute(
        """INSERT INTO users (id, email, name, password_hash, is_admin) VALUES ($1, 'bench@example.org', 'B', '-', true)
           ON CONFLICT DO NOTHING""",
        ADMIN.user_id,
    )
    access = Access(pool=stage.pool)
    gate_events = GateEvents(pool=stage.pool, hot=stage.hot, access=access)
    device, secret = await Devices(pool=stage.pool, access=access, gate_events=gate_events).create(
        ADMIN, event_id, "Bench", []
    )
    return f"{device.id}.{secret}"
