"""A buyer's whole way: hold, order, payment, status, tickets, as often and as many at a time as asked for.

``python -m tests.bench.journey``: the statements, commands and calls of one paid order, one line each.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import itertools
import math
import re
import secrets
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import aiohttp
import orjson
import uvloop

from engine.foundation import embedded
from engine.foundation.clock import now_ms
from tests.bench import stage
from tests.bench.sales import ADMITTED_MS, JSON, Sale, general
from tests.bench.stage import Served, Stage

RATE_PER_S = 1_000  # the lane must not be what is measured
AT_ONCE = 20  # buyers, if nobody says otherwise
STATUS_EVERY_S = 0.05
STATUS_TIMES_MAX = 600
SHED_TIMES_MAX = 8  # of one request that is told to come again
STATEMENT_CHARS = 110
_EXECUTED: Final = re.compile(r"LOG:  duration: [\d.]+ ms  (?:execute [^:]*|statement): (.*)")
_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Shop:
    """The engine with a provider that answers and sends its webhooks, and an event to sell."""

    stage: Stage
    engine: Served
    sandbox: Served
    sale: Sale


@dataclass(slots=True)
class Walked:
    """What buyers did.

    ``looks`` are the reads of a status, ``took_s`` what each call of a kind took, ``shed`` how often somebody was told
    to come again.
    """

    paid: int = 0
    looks: int = 0
    shed: int = 0
    seconds: float = 0.0
    took_s: dict[str, list[float]] = field(default_factory=lambda: collections.defaultdict(list))

    def p95_ms(self, call: str) -> float:
        """Of a kind of call; KeyError if nobody made one."""
        took_s = sorted(dict(self.took_s)[call])
        return round(took_s[math.ceil(len(took_s) * 0.95) - 1] * 1_000, 1)


@contextlib.asynccontextmanager
async def opened(stage: Stage, units: int, *engine: str, **more: str) -> AsyncIterator[Shop]:
    """Engine and sandbox, each told of the other. ``engine``: the module to serve instead, with its arguments."""
    sale = await general(stage, units)
    port, secret = embedded.free_port(), stage.environment["ONSALE_STRIPE_WEBHOOK_SECRET"]
    settings = {"ONSALE_STRIPE_URL": f"http://127.0.0.1:{port}", "ONSALE_STRIPE_RATE_PER_S": str(RATE_PER_S)}
    async with contextlib.AsyncExitStack() as stack:
        served = await stack.enter_async_context(
            stage.served(*(engine or ("engine", "serve", "engine")), **settings, **more)
        )
        sandbox = await stack.enter_async_context(
            stage.served(
                "loadtest.sandbox", "--webhook-url", f"{served.url}/v1/webhooks/stripe", "--webhook-secret", secret,
                port=port,
            )
        )  # fmt: skip
        yield Shop(stage, served, sandbox, sale)


async def walk(shop: Shop, orders: int, at_once: int) -> Walked:
    """``orders`` buyers, ``at_once`` at a time, each from hold to tickets."""
    return await _walk(shop, iter(range(orders)), at_once)


async def walk_for(shop: Shop, seconds: float, at_once: int) -> Walked:
    """As many buyers as come to an end when the last begins within so long, ``at_once`` at a time."""
    until_s = time.monotonic() + seconds
    return await _walk(shop, iter(lambda: time.monotonic() < until_s, False), at_once)


async def arrive(shop: Shop, *, per_s: float, seconds: float) -> Walked:
    """Buyers who come on a schedule, whatever those before them wait for."""
    walked, began_s = Walked(), time.monotonic()
    async with _client() as client, asyncio.TaskGroup() as buyers:
        for number in range(round(per_s * seconds)):
            due_s = began_s + number / per_s
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            buyers.create_task(_buy(client, shop, walked, due_s=due_s))
    walked.seconds = time.monotonic() - began_s
    return walked


async def _walk(shop: Shop, left: Iterator[object], at_once: int) -> Walked:
    walked = Walked()
    async with _client() as client:

        async def buyers() -> None:
            for _ in left:
                await _buy(client, shop, walked)

        began_s = time.monotonic()
        await asyncio.gather(*(buyers() for _ in range(at_once)))
        walked.seconds = time.monotonic() - began_s
    return walked


def _client() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), json_serialize=_dumps)


async def _buy(client: aiohttp.ClientSession, shop: Shop, walked: Walked, *, due_s: float | None = None) -> None:
    """One buyer. ``due_s``: since when the hold is waited for, if the buyer was to come before this moment."""
    engine, key = shop.engine.url, secrets.token_hex(8)
    admission = await _admission(shop)
    hold = await _ask(
        client, walked, "POST", f"{engine}/v1/holds", 201, data=shop.sale.body(shop.sale.types[0]),
        headers={**JSON, "Authorization": f"Admission {admission}", "Idempotency-Key": key}, since_s=due_s,
    )  # fmt: skip
    buyer = {"name": "Ada Lovelace", "email": f"ada-{next(_numbers)}@example.test"}
    order = await _ask(
        client, walked, "POST", f"{engine}/v1/orders", 201, json={"hold_id": hold["id"], "user_info": buyer},
        headers={"X-Order-Token": hold["hold_token"], "Idempotency-Key": key},
    )  # fmt: skip
    secret = order["client_secret"]
    intent_id = secret.partition("_secret_")[0]
    async with client.post(
        f"{shop.sandbox.url}/v1/payment_intents/{intent_id}/confirm",
        data={"client_secret": secret, "payment_method": "pm_card_visa"},
        headers={"Authorization": "Bearer pk_test_onsale"},
    ) as answer:
        if answer.status != 200:
            raise RuntimeError(f"not paid: {await answer.text()}")
    own = {"X-Order-Token": order["order_token"]}
    at = f"{engine}/v1/orders/{order['order_id']}"
    for _ in range(STATUS_TIMES_MAX):
        await asyncio.sleep(STATUS_EVERY_S)
        walked.looks += 1
        if (await _ask(client, walked, "GET", f"{at}/status", 200, headers=own))["status"] == "paid":
            break
    else:
        raise RuntimeError("an order that was paid did not become so")
    tickets = await _ask(client, walked, "GET", f"{at}/tickets", 200, headers=own)
    if len(tickets["data"]) != 2:
        raise RuntimeError(f"two tickets were paid: {tickets}")
    walked.paid += 1


async def _admission(shop: Shop) -> str:
    event = await shop.stage.selling.get(shop.sale.event_id)
    moment = now_ms()
    return event.keys.mint_admission(
        lease_id=secrets.token_bytes(16), device_key_hash=b"", not_before_ms=moment, expires_at_ms=moment + ADMITTED_MS
    )


async def _ask(
    client: aiohttp.ClientSession,
    walked: Walked,
    method: str,
    url: str,
    status: int,
    *,
    since_s: float | None = None,
    **more: Any,
) -> dict[str, Any]:
    """The answer. Who is told to come again does, with the same key; the wait counts. RuntimeError."""
    began_s = time.monotonic() if since_s is None else since_s
    for _ in range(SHED_TIMES_MAX):
        async with client.request(method, url, **more) as answer:
            raw = await answer.read()
        if answer.status != HTTPStatus.SERVICE_UNAVAILABLE or "Retry-After" not in answer.headers:
            break
        walked.shed += 1
        await asyncio.sleep(float(answer.headers["Retry-After"]))
    if answer.status != status:
        raise RuntimeError(f"{method} {url}: {answer.status} {raw.decode()}")
    call = f"{method} {re.sub('ord_[^/]+', '{order_id}', url.removeprefix(shop_of(url)))}"
    walked.took_s[call].append(time.monotonic() - began_s)
    return dict(orjson.loads(raw))


def shop_of(url: str) -> str:
    """The address without its path."""
    return "/".join(url.split("/")[:3])


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


async def count(opened_stage: Stage) -> list[tuple[str, str, int]]:
    """(where, what, how often) of one buyer's paid order, all caches warm."""
    async with opened(opened_stage, 1_000) as shop:
        await walk(shop, 20, 1)
        await asyncio.sleep(1)
        pool, redis = opened_stage.pool, opened_stage.redis
        await pool.execute("ALTER SYSTEM SET log_min_duration_statement = 0")
        await pool.execute("SELECT pg_reload_conf()")
        await asyncio.sleep(1)
        begins = opened_stage.postgres.log.stat().st_size
        heard: list[str] = []
        async with redis.monitor() as monitor:
            listening = asyncio.get_running_loop().create_task(_listen(monitor, heard))
            asked = (await walk(shop, 1, 1)).took_s
            await asyncio.sleep(1)
            listening.cancel()
        with opened_stage.postgres.log.open(encoding="utf-8") as log:
            log.seek(begins)
            statements = _statements(log.read())
    http = [("HTTP", what, len(took_s)) for what, took_s in asked.items()]
    commands = collections.Counter(heard)
    return [
        *http, *(("Postgres", what, times) for what, times in statements.items()),
        *(("Redis", what, times) for what, times in commands.items()),
    ]  # fmt: skip


async def _listen(monitor: Any, heard: list[str]) -> None:
    async for said in monitor.listen():
        if said.get("client_type") == "lua":
            continue
        words = said["command"].split(" ")
        if words[0] == "EVALSHA":
            words = [words[0], *words[3:4]]
        heard.append(" ".join(words[:2]))


def _statements(log: str) -> collections.Counter[str]:
    """The statements of a log, each from its first word on; continued lines belong to the one before."""
    joined = re.sub(r"\n\t", " ", log)
    found: collections.Counter[str] = collections.Counter()
    for line in joined.splitlines():
        match = _EXECUTED.search(line)
        if match is not None:
            found[" ".join(match[1].split())[:STATEMENT_CHARS]] += 1
    return found


async def _main() -> None:
    async with stage.opened() as made:
        for where, what, times in await count(made):
            print(f"{where:9} {times:3} x {what}")


if __name__ == "__main__":
    sys.exit(uvloop.run(_main()))
