"""How statements reach the tables that grow with every sale: by a key, whatever the planner believes of their size.

A connection keeps a statement's plan, and it is made when the tables are empty, or hold a few rows of last week. A plan
that reads them whole is then kept through the first minute of a sale, until autovacuum has looked: every order would
pay for all orders before it.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import asyncpg
import orjson
import pytest

import engine.stores
from engine.domain.catalogue.event_search import ListingFilter
from engine.foundation.clock import now
from engine.stores.catalogue import event_search, promos
from engine.stores.gates import scans
from engine.stores.money import disputes, orders, refunds
from engine.stores.tickets import tickets
from tests import factories, gate_world

GROWING = {
    "orders", "order_units", "tickets", "scans", "outbox", "webhook_events", "ticket_changes", "idempotency_keys",
    "audit_log", "refunds", "disputes",
}  # fmt: skip
# Beginnings of statements: the ways they end in are here instead.
BEGINNINGS = {("orders", "_COLUMNS"), ("refunds", "_COLUMNS"), ("disputes", "_COLUMNS"), ("scans", "_CHECKED_IN"),
              ("tickets", "_READ"), ("promos", "_SELECT"), ("audit", "_FIRST_ORDER"),
              ("event_search", "_CARDS"), ("facets", "_AT_ONCE"), ("facets", "_ONE")}  # fmt: skip
WHOLE = {
    ("orders", "of_intent"): orders._COLUMNS + " WHERE o.payment_intent_id = $1",
    ("orders", "of_hold"): orders._COLUMNS + " WHERE o.hold_id = $1",
    ("orders", "read many"): orders._COLUMNS + " WHERE o.id = ANY($1::text[])",
    ("orders", "lock"): orders._COLUMNS + " WHERE o.id = $1 FOR UPDATE OF o",
    ("refunds", "get"): refunds._COLUMNS + " WHERE id = $1",
    ("disputes", "get"): disputes._COLUMNS + " WHERE d.id = $1",
    ("tickets", "get"): tickets._READ + " WHERE t.id = $1",
    ("tickets", "of_order"): tickets._READ + " WHERE t.order_id = $1 ORDER BY t.line",
    ("scans", "newest"): scans._NEWEST,
    ("promos", "get"): promos._SELECT + " WHERE p.id = $1",
}
# Read a whole event, a person's all, or what was left over, and nobody waits in a queue for it.
REPORTS = {
    ("attendance", "_ALERTS"), ("cancellations", "_CANCEL_FREE"), ("gate_bundles", "_FINGERPRINT"),
    ("gate_bundles", "_LIVE"), ("audit", "_STRAY_TICKETS"), ("audit", "_UNITS"), ("orders", "_OF_PERSON"),
    ("payments", "_LATE"), ("reports", "_BOARD"), ("reports", "_BY_TYPE"), ("reports", "_OVER_TIME"),
    ("reports", "_SECONDS"), ("reports", "_DISPUTED"), ("selling", "_OWNED"),
    ("selling", "_OWNED_COUNTS"), ("selling", "_OWNED_BY_TYPE"), ("selling", "_PROMO_USES"), ("selling", "_COUNTED"),
    ("webhook_events", "_FORGET"), ("event_holders", "_HEARS_MESSAGE"),
}  # fmt: skip


def _statements() -> Iterator[tuple[tuple[str, str], str]]:
    yield from WHOLE.items()
    for found in pkgutil.walk_packages(engine.stores.__path__, "engine.stores."):
        module = importlib.import_module(found.name)
        for name, text in vars(module).items():
            key = (found.name.rpartition(".")[2], name)
            if key in BEGINNINGS | REPORTS or not isinstance(text, str) or not re.fullmatch(r"_[A-Z_]+", name):
                continue
            if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", text):
                yield key, text


def _walked(node: dict[str, Any]) -> Iterator[str]:
    """Growing tables that this plan reads from end to end."""
    if node.get("Relation Name") in GROWING:
        by_key = "Index Cond" in node or "TID Cond" in node or node["Node Type"] in ("ModifyTable", "Bitmap Heap Scan")
        queue = node.get("Index Name") in ("outbox_dead", "webhook_events_dead")  # holds only what is asked for
        if not by_key and not queue:
            yield f"{node['Relation Name']} by {node['Node Type']} {node.get('Index Name', '')}"
    for child in node.get("Plans", ()):
        yield from _walked(child)


async def _plans_that_walk(pool: asyncpg.Pool) -> dict[str, list[str]]:
    walking: dict[str, list[str]] = {}
    async with pool.acquire() as connection:
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        for (module, name), text in _statements():
            count = max((int(number) for number in re.findall(r"\$(\d+)", text)), default=0)
            nulls = f"({', '.join(['NULL'] * count)})" if count else ""
            await connection.execute(f"PREPARE looked_at AS {text}")
            plan = orjson.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE looked_at{nulls}"))
            await connection.execute("DEALLOCATE looked_at")
            if tables := list(_walked(plan[0]["Plan"])):
                walking[f"{module}.{name}"] = tables
        await connection.execute("RESET plan_cache_mode")
    return walking


@pytest.mark.parametrize("sold", [0, 20])
async def test_a_sales_statements_go_by_keys_whatever_was_sold_before(pool: asyncpg.Pool, sold: int):
    if sold:
        event_id, (ticket_type,) = await factories.event(
            pool, factories.chart(factories.general("Floor", 100)), [{"categories": ["Floor"]}]
        )
        await gate_world.sell(pool, event_id, ticket_type, list(range(sold)), now())
        await pool.execute("ANALYZE")
    assert await _plans_that_walk(pool) == {}


def test_the_statements_of_every_wing_are_looked_at():
    assert len(list(_statements())) > 60


class _Explained:
    """A database that says how it would read what is asked."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self.plan = ""

    async def fetchrow(self, query: str, *values: Any) -> Any:
        return await self._connection.fetchrow(query, *values)

    async def fetch(self, query: str, *values: Any) -> list[Any]:
        self.plan = str(await self._connection.fetchval(f"EXPLAIN (FORMAT JSON) {query}", *values))
        return []


async def test_words_looked_for_in_the_listing_are_found_by_one_index(pool: asyncpg.Pool):
    async with pool.acquire() as connection:
        await connection.execute("SET enable_seqscan = off")  # a table of few rows is read whole, whatever could be
        explained = _Explained(connection)
        await event_search.published(explained, ListingFilter(q="lanterns bruges", over_too=True), None, 50)
        await connection.execute("RESET enable_seqscan")
    assert "listed_events_words" in explained.plan


async def test_a_plan_that_reads_a_table_whole_is_noticed(pool: asyncpg.Pool):
    plan = await pool.fetchval("EXPLAIN (FORMAT JSON) SELECT count(*) FROM orders WHERE buyer_name = 'Ada'")
    assert list(_walked(orjson.loads(plan)[0]["Plan"])) != []
