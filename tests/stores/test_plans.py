"""How statements reach the tables that grow with every sale: by a key, whatever the planner believes of their size.

A connection keeps a statement's plan, and it is made when the tables are empty, or hold a few rows of last week. A plan
that reads them whole is then kept through the first minute of a sale, until autovacuum has looked: every order would
pay for all orders before it.
"""

from __future__ import annotations

import importlib
import itertools
import pkgutil
import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any

import asyncpg
import orjson
import pytest

import engine.stores
from engine.domain.catalogue.event_search import ListingFilter
from engine.foundation import idempotency
from engine.foundation.clock import now
from engine.foundation.ledger_pool import kept
from engine.stores.catalogue import event_search, promos
from engine.stores.gates import scans
from engine.stores.money import disputes, orders, refunds
from engine.stores.money.aftersale import asked_refunds
from engine.stores.money.box_office import drawers
from engine.stores.money.order_reads import OrderReadStore
from engine.stores.money.orders import OrderStore
from engine.stores.money.payments import PaymentStore
from engine.stores.outbox import OutboxStore
from engine.stores.tickets import tickets
from tests import factories, gate_world
from tests.bench.ledger_way import Ledger

GROWING = {
    "orders", "order_units", "tickets", "scans", "outbox", "webhook_events", "ticket_changes", "idempotency_keys",
    "audit_log", "refunds", "disputes", "counter_payments",
}  # fmt: skip
CATALOGUE = {"events", "venues", "organizations", "ticket_types", "promo_codes"}  # for what is asked most often
# Beginnings of statements: the ways they end in are here instead.
BEGINNINGS = {("orders", "_COLUMNS"), ("refunds", "_COLUMNS"), ("disputes", "_COLUMNS"), ("scans", "_CHECKED_IN"),
              ("tickets", "_READ"), ("promos", "_SELECT"), ("audit", "_FIRST_ORDER"), ("activity", "_LINES"),
              ("event_search", "_CARDS"), ("facets", "_AT_ONCE"), ("facets", "_ONE"),
              ("drawers", "_SELECT"), ("feed", "_NOW_OF"), ("asked_refunds", "_READ")}  # fmt: skip
WHOLE = {
    ("orders", "of_intent"): orders._COLUMNS + " WHERE o.payment_intent_id = $1",
    ("orders", "of_hold"): orders._COLUMNS + " WHERE o.hold_id = $1",
    ("orders", "read many"): orders._COLUMNS + orders._OF_IDS,
    ("orders", "lock"): orders._COLUMNS + " WHERE o.id = $1 FOR UPDATE OF o",
    ("refunds", "get"): refunds._COLUMNS + " WHERE id = $1",
    ("disputes", "get"): disputes._COLUMNS + " WHERE d.id = $1",
    ("tickets", "get"): tickets._READ + " WHERE t.id = $1",
    ("tickets", "of_orders"): tickets._READ + tickets._OF_ORDERS,
    ("tickets", "of_order"): tickets._READ + " WHERE t.order_id = $1 ORDER BY t.line",
    ("scans", "newest"): scans._NEWEST,
    ("asked_refunds", "get"): asked_refunds._READ + " WHERE q.id = $1",
    ("drawers", "of_event"): drawers._SELECT + " WHERE d.event_id = $1 ORDER BY d.id DESC LIMIT $2",
    ("promos", "get"): promos._SELECT + " WHERE p.id = $1",
}
# What a paid order, its looks and a scan ask, many times a second: (module, name) as below.
KEPT = {
    ("orders", "_BEFORE"), ("orders", "_PLACE"), ("orders", "_ATTACH"), ("orders", "read many"),
    ("orders", "_TICKET_COUNTS"), ("payments", "_SETTLE"), ("webhook_events", "_STORE"), ("outbox", "_DELETE"),
    ("order_reads", "_HEADS"), ("order_reads", "_WHOLE"), ("order_reads", "_TICKETS"), ("order_reads", "_MOVED"),
    ("tickets", "of_orders"), ("scans", "_NEWEST"), ("scans", "_REVOKED"), ("scans", "_REPLAYS"), ("scans", "_SETTLE"),
    ("idempotency", "_CLAIM"), ("idempotency", "_KEEP"),
}  # fmt: skip
ALL_OF_AN_EVENT = re.compile(r"\((\w+\.)?event_id = [\w.$()]+\)")  # and nothing else that an index is asked
PLANNED_AFRESH = 5  # a statement's first plans are made for its values, whatever comes of them
# Read a whole event, a person's all, or what was left over, and nobody waits in a queue for it.
REPORTS = {
    ("attendance", "_ALERTS"), ("cancellations", "_CANCEL_FREE"), ("gate_bundles", "_FINGERPRINT"),
    ("gate_bundles", "_LIVE"), ("audit", "_STRAY_TICKETS"), ("audit", "_UNITS"), ("orders", "_OF_PERSON"),
    ("payments", "_LATE"), ("reports", "_BOARD"), ("reports", "_BY_TYPE"), ("reports", "_OVER_TIME"),
    ("reports", "_SECONDS"), ("reports", "_DISPUTED"), ("selling", "_OWNED"),
    ("selling", "_OWNED_COUNTS"), ("selling", "_OWNED_BY_TYPE"), ("selling", "_PROMO_USES"), ("selling", "_COUNTED"),
    ("webhook_events", "_FORGET"), ("event_holders", "_HEARS_MESSAGE"), ("personal_data", "_MY_ORDERS"),
    ("personal_data", "_ORDERS"), ("personal_data", "_TICKETS"), ("personal_data", "_MY_OBJECTS"),
    ("endpoints", "_BEGIN"),  # the last line of each log, by its key from the end, once for an organization
}  # fmt: skip


# As many more orders as the one that is there, each of an admission of its own.
_COPIES = """
INSERT INTO orders (id, order_number, event_id, hold_id, buyer_name, buyer_email, currency, amount_cents, price,
                    expires_at, reconcile_at, lease_id, counted_for)
SELECT id || n, order_number || n, event_id, hold_id || n, buyer_name, n || buyer_email, currency, amount_cents, price,
       expires_at, reconcile_at, sha256(n::text::bytea), 'x' FROM orders, generate_series(1, $1::integer) AS n
"""


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


def _walked(node: dict[str, Any], tables: AbstractSet[str] = GROWING, *, of_an_event: bool = False) -> Iterator[str]:
    """Those of these tables that this plan reads from end to end, or ``of_an_event`` all that is there."""
    if node.get("Relation Name") in tables:
        by_key = "Index Cond" in node or "TID Cond" in node or node["Node Type"] in ("ModifyTable", "Bitmap Heap Scan")
        # These hold only what is asked for.
        queue = node.get("Index Name") in ("outbox_dead", "webhook_events_dead")
        # An address is a key of its own: left to a filter, all orders of an event are read for it.
        if (not by_key and not queue) or re.search(r"lower\((\w+\.)?buyer_email", node.get("Filter", "")):
            yield f"{node['Relation Name']} by {node['Node Type']} {node.get('Index Name', '')}"
    if of_an_event and ALL_OF_AN_EVENT.fullmatch(node.get("Index Cond", "")) and "events" not in node["Index Name"]:
        yield f"all of an event by {node['Index Name']}"
    for child in node.get("Plans", ()):
        yield from _walked(child, tables, of_an_event=of_an_event)


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
            asked_often = (module, name) in KEPT
            looked_at = GROWING | CATALOGUE if asked_often else GROWING
            if tables := list(_walked(plan[0]["Plan"], looked_at, of_an_event=asked_often)):
                walking[f"{module}.{name}"] = tables
        await connection.execute("RESET plan_cache_mode")
    return walking


@pytest.mark.parametrize(("orders", "units"), [(0, 0), (1, 20), (40, 1)])
async def test_a_sales_statements_go_by_keys_whatever_was_sold_before(pool: asyncpg.Pool, orders: int, units: int):
    for event in range(3 if orders else 0):
        event_id, (ticket_type,) = await factories.event(
            pool, factories.chart(factories.general("Floor", 100)), [{"categories": ["Floor"]}]
        )
        for order in range(orders if event == 0 else 1):
            await gate_world.sell(pool, event_id, ticket_type, list(range(order * units, (order + 1) * units)), now())
    if orders:  # what is empty is not looked at by autovacuum
        await pool.execute("ANALYZE")
    walking = await _plans_that_walk(pool)
    print("WALK", walking)
    assert walking == {}


async def test_a_rush_that_nobody_has_counted_yet_goes_by_keys_too(pool: asyncpg.Pool):
    """And the index of open orders has become longer than that of the event's, which then looks cheaper."""
    event_id, (ticket_type,) = await factories.event(
        pool, factories.chart(factories.general("Floor", 100)), [{"categories": ["Floor"]}]
    )
    await gate_world.sell(pool, event_id, ticket_type, [0], now())
    await pool.execute(_COPIES, 99)
    await pool.execute("REINDEX INDEX orders_one_open_per_lease")
    await pool.execute("DELETE FROM orders WHERE hold_id LIKE '%9' OR hold_id LIKE '%8' OR hold_id LIKE '%7'")
    await pool.execute("REINDEX INDEX orders_event")
    walking = await _plans_that_walk(pool)
    print("WALK", walking)
    assert walking == {}


async def test_the_limit_of_a_buyer_is_counted_over_the_orders_of_the_address(pool: asyncpg.Pool):
    body = await pool.fetchval("SELECT prosrc FROM pg_proc WHERE proname = 'order_within_buyer_limit'")
    counted = re.search(r"buyer_units_max < \((.*)\)\s+THEN", body, re.DOTALL)
    assert counted is not None
    text = counted[1].replace("NEW.event_id", "$1").replace("NEW.buyer_email", "$2")
    async with pool.acquire() as connection:
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        await connection.execute(f"PREPARE counted(text, text) AS {text}")
        plan = await connection.fetchval("EXPLAIN (FORMAT JSON) EXECUTE counted(NULL, NULL)")
        await connection.execute("DEALLOCATE counted")
        await connection.execute("RESET plan_cache_mode")
    assert list(_walked(orjson.loads(plan)[0]["Plan"])) == []
    assert "orders_email" in plan


async def _plans_kept(connection: asyncpg.Connection, text: str) -> int:
    """How often a statement that names nothing was run by its kept plan, of one time more than PLANNED_AFRESH."""
    count = max((int(number) for number in re.findall(r"\$(\d+)", text)), default=0)
    await connection.execute(f"PREPARE looked_at AS {text}")
    for _ in range(PLANNED_AFRESH + 1):
        await connection.execute(f"EXECUTE looked_at({', '.join(['NULL'] * count)})")
    kept = await connection.fetchval("SELECT generic_plans FROM pg_prepared_statements WHERE name = 'looked_at'")
    await connection.execute("DEALLOCATE looked_at")
    return int(kept)


async def test_the_statements_of_a_paid_order_and_of_a_scan_are_not_planned_each_time(pool: asyncpg.Pool):
    asked = dict(_statements()) | {("idempotency", name): getattr(idempotency, name) for name in ("_CLAIM", "_KEEP")}
    async with pool.acquire() as connection:
        planned = {key for key in KEPT if await _plans_kept(connection, asked[key]) == 0}
    assert planned == set()


async def _prepared(pool: asyncpg.Pool) -> set[str]:
    """The statements that the idle sessions of a pool have."""
    sessions = [await pool.acquire() for _ in range(pool.get_idle_size())]
    found = [await session.fetch("SELECT statement FROM pg_prepared_statements") for session in sessions]
    for session in sessions:
        await pool.release(session)
    return {row["statement"] for rows in found for row in rows}


async def test_the_statements_of_a_paid_order_are_asked_in_sessions_that_keep_their_plans(pool: asyncpg.Pool):
    event_id, (ticket_type,) = await factories.event(
        pool, factories.chart(factories.general("Floor", 100)), [{"categories": ["Floor"]}]
    )
    orders_, payments_, outbox_ = OrderStore(pool), PaymentStore(pool), OutboxStore(pool)
    server: Any = None
    ledger = Ledger(
        server, pool, event_id, ticket_type, orders_, payments_, OrderReadStore(pool), outbox_, itertools.count()
    )
    await ledger.walk(1, 1)
    for store in (outbox_, orders_, payments_):
        await store.close()
    asked = dict(_statements())
    hot = {key for key in KEPT if key[0] in {"orders", "payments", "order_reads", "outbox"}}
    hot -= {("orders", "_TICKET_COUNTS"), ("order_reads", "_WHOLE"), ("order_reads", "_MOVED")}  # not on this way
    assert {key for key in hot if asked[key] in await _prepared(kept(pool))} == hot
    assert {key for key in hot if asked[key] in await _prepared(pool)} == set()
    assert await kept(pool).fetchval("SHOW plan_cache_mode") == "force_generic_plan"
    assert await pool.fetchval("SHOW plan_cache_mode") == "auto"


async def test_a_statement_whose_plan_hangs_on_how_many_are_asked_for_is_noticed(pool: asyncpg.Pool):
    async with pool.acquire() as connection:  # over a table of this session, whose size is known
        await connection.execute("CREATE TEMPORARY TABLE many (id text PRIMARY KEY) ON COMMIT PRESERVE ROWS")
        await connection.execute("INSERT INTO many SELECT n::text FROM generate_series(1, 5000) AS n")
        await connection.execute("ANALYZE many")
        assert await _plans_kept(connection, "SELECT id FROM many WHERE id = ANY($1::text[])") == 0
        await connection.execute("DROP TABLE many")


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
