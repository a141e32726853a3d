"""The audit: whether the ledger keeps its promises, and whether Redis says the same.

Per event: sold + held + free = capacity, one live owner a unit, Redis = Postgres for everything sold, every paid line
has its ticket (one that admits, or whose money is on its way back), a ticket in transfer is frozen and no other, money
adds up, nothing unsettled past its deadline + 120 s; with the provider's books, what was captured and given back is
what the orders say; each picture has its files, each file its picture. A running shop moves while it is read, so what
looks wrong is looked at again; only what stays wrong is reported.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from engine.domain import order_states
from engine.domain.sale.inventory import BLOCKED, FREE, HELD, ORDERED, SOLD
from engine.domain.sale.selling import SellingEvent
from engine.foundation.errors import NotFound
from engine.services.insight.picture_books import PictureBooks
from engine.services.insight.provider_books import Books, ProviderBooks, differences, without_order
from engine.services.sale.selling import Selling
from engine.stores.insight.audit import AuditStore, PostgresView, RedisView
from engine.stores.sale.hold_records import Run

LATE_AFTER = timedelta(seconds=120)
LOOKS_MAX = 6
LOOK_AGAIN_S = 0.5
PROBLEMS_SHOWN_MAX = 50
CAUSES_FIRST = (
    "units",
    "tickets",
    "orders",
    "money",
    "redis",
    "media",
)  # what is wrong in Postgres shows in Redis as well

_STATE_NAME = {HELD: "held", ORDERED: "ordered", SOLD: "sold", BLOCKED: "blocked"}


class Audit:
    """Audits events. Reads only."""

    def __init__(
        self,
        *,
        store: AuditStore,
        selling: Selling,
        books: ProviderBooks | None = None,
        pictures: PictureBooks | None = None,
    ) -> None:
        self._store = store
        self._selling = selling
        self._books = books
        self._pictures = pictures

    async def check(self, event_id: str | None = None, *, provider: bool = False) -> list[dict[str, Any]]:
        """One report an event (all events without an id). NotFound for an unknown one.

        ``provider``: its books are read too, some 100 payments a call. Money of no order is told in the first report.
        """
        events = await self._store.events()
        pictures = await self._pictures.problems(events) if self._pictures is not None else {}
        if event_id is not None:
            if event_id not in events:
                raise NotFound("There is no such event with an inventory")
            events = [event_id]
        books = await self._read_books() if provider else None
        return [
            await self._event(one, books, strays=one == events[0], pictures=pictures.get(one, ())) for one in events
        ]

    async def _read_books(self) -> Books:
        assert self._books is not None, "this audit was given no provider"
        return await self._books.read()

    async def _event(
        self, event_id: str, books: Books | None, *, strays: bool, pictures: Sequence[str]
    ) -> dict[str, Any]:
        event = await self._selling.get(event_id)
        standing: set[str] | None = None
        report: dict[str, Any] = {}
        for look in range(LOOKS_MAX):
            postgres = await self._store.postgres(event_id, LATE_AFTER)
            redis = await self._store.redis(event_id)
            report, problems = _compare(event, postgres, redis)
            if books is not None:
                books = await self._read_books() if look else books
                problems += [
                    *differences(postgres.orders, books),
                    *(map(without_order, books.strays) if strays else ()),
                ]
            found = set(problems)
            standing = found if standing is None else standing & found
            if not found or (look and not standing):
                break
            await asyncio.sleep(LOOK_AGAIN_S)
        problems = sorted({*(standing or ()), *pictures}, key=_rank)
        report["problems"] = problems[:PROBLEMS_SHOWN_MAX]
        report["problems_total"] = len(problems)
        report["redis_matches_postgres"] = not any(problem.startswith("redis:") for problem in problems)
        report["ok"] = not problems
        if books is not None:
            report["provider_payments"] = sum(row["id"] in books.by_order for row in postgres.orders)
            report["provider_problem"] = books.problem
        return report


def _rank(problem: str) -> tuple[int, str]:
    return CAUSES_FIRST.index(problem.partition(":")[0]), problem


def _compare(event: SellingEvent, postgres: PostgresView, redis: RedisView) -> tuple[dict[str, Any], list[str]]:
    problems: list[str] = []
    owners = _owners(event, postgres, problems)
    problems += _transfers(postgres)
    _money(postgres, problems)
    counts = _map(event, owners, postgres.blocked, redis, problems)
    late = [row for row in postgres.orders if row["status"] in order_states.OPEN and row["late"]]
    unsettled = len(late)
    problems += [f"orders: {row['id']} is {row['status']}, unsettled past its deadline + 120 s" for row in late]
    free = sum(count for state, count in counts.items() if state >= FREE)
    if redis.map is not None and counts[SOLD] + counts[HELD] + counts[ORDERED] + counts[BLOCKED] + free != event.units:
        problems.append("redis: sold + held + free is not the capacity")
    conflicts = len(postgres.double_tickets) + sum(len(rows) > 1 for rows in owners.values())
    report = {
        "event_id": event.id,
        "title": event.title,
        "capacity": event.units,
        "sold": sum(row["status"] in order_states.TAKEN for rows in owners.values() for row in rows),
        "ordered": sum(row["status"] in order_states.OPEN for rows in owners.values() for row in rows),
        "held": counts[HELD] + counts[ORDERED] + counts[BLOCKED],  # whatever is neither sold nor free
        "free": free,
        "on_hold": counts[HELD],
        "blocked": counts[BLOCKED],
        "unit_conflicts": conflicts,
        "orders": len(postgres.orders),
        "orders_unsettled": unsettled,
        "paid_cents": sum(
            row["amount_cents"] - row["refunded_cents"] - row["charged_back_cents"]
            for row in postgres.orders
            if row["status"] in order_states.TAKEN
        ),
        "ticket_types": _by_type(event, postgres),
        "sections": _by_section(event, redis),
    }
    return report, problems


def _owners(event: SellingEvent, postgres: PostgresView, problems: list[str]) -> dict[int, list[Any]]:
    """Live rows by unit; everything that is wrong with a row on the way."""
    owners: dict[int, list[Any]] = {}
    for row in postgres.units:
        if row["live"]:
            owners.setdefault(row["unit"], []).append(row)
        problems += _row(event, row)
    for unit, rows in owners.items():
        if len(rows) > 1:
            names = ", ".join(row["order_id"] for row in rows)
            problems.append(f"units: unit {unit} has {len(rows)} live owners: {names}")
    problems += [f"tickets: unit {row['unit']} has {row['owners']} live tickets" for row in postgres.double_tickets]
    problems += [f"tickets: {row['id']} stands for no order line" for row in postgres.stray_tickets]
    return owners


def _transfers(postgres: PostgresView) -> Iterator[str]:
    """What is wrong with tickets that were, or are being, handed on; and units with more than one good code."""
    for row in postgres.older_live_tickets:
        yield f"tickets: {row['id']} is live in version {row['version']}, unit {row['unit']} has a newer one"
    for row in postgres.transfers:
        pending, completed = row["pending"] or 0, row["completed"] or 0
        frozen = row["status"] == "transfer_pending"
        if pending != frozen:
            yield f"tickets: {row['ticket_id']} is {row['status']} with {pending} transfers under way"
        if completed != row["handed_on"]:
            yield f"tickets: {row['ticket_id']} was handed on {row['handed_on']} times, its transfers say {completed}"
        if row["newest"] is not None and row["version"] < row["newest"]:
            yield f"tickets: {row['ticket_id']} is in version {row['version']}, a transfer gave out {row['newest']}"


def _row(event: SellingEvent, row: Any) -> Iterator[str]:
    """What is wrong with one unit of one order: its place, whether it is live, its ticket, its ticket type."""
    where = f"unit {row['unit']} of {row['order_id']}"
    if not 0 <= row["unit"] < event.units:
        yield f"units: {where} does not exist in the chart"
        return
    paid, unpaid = row["status"] in order_states.SOLD, row["status"] in order_states.OPEN
    gone = row["ticket_status"] in {"refunded", "cancelled"}
    lost = row["charged_back"]  # in a dispute: its unit is kept from sale until somebody says otherwise
    returning = row["being_refunded"]  # a pending refund says so: of its ticket, or of an order paid when all was gone
    if row["live"] and not (paid or unpaid or lost):
        yield f"units: {where} is live though the order is {row['status']}"
    if not row["live"] and (unpaid or (paid and not gone and not returning)):
        yield f"units: {where} is not live though the order is {row['status']}"
    if paid and not row["ticketed"] and not returning:
        yield f"tickets: {where} is paid without a ticket"
    if row["ticketed"]:
        if row["ticket_unit"] != row["unit"]:
            yield f"tickets: the ticket of {where} says unit {row['ticket_unit']}"
        if not paid and not gone:
            yield f"tickets: {where} has a {row['ticket_status']} ticket though the order is {row['status']}"
        if lost and not gone:
            yield f"tickets: {where} was charged back, its ticket is {row['ticket_status']}"
        if paid and row["live"] and gone and not (returning or lost) and event.status != "cancelled":
            yield f"tickets: {where} is paid, its ticket is {row['ticket_status']} and no refund is under way"
    yield from _kind(event, row, where)


def _kind(event: SellingEvent, row: Any, where: str) -> Iterator[str]:
    kind = event.ticket_types.get(row["ticket_type_id"])
    if kind is None or row["type_event"] != event.id:
        yield f"units: {where} has a ticket type of another event"
    elif event.category_of[row["unit"]] not in kind.categories:
        yield f"units: {where} is not in a category of {kind.name}"


def _money(postgres: PostgresView, problems: list[str]) -> None:
    for row in postgres.orders:
        if row["lines_cents"] != row["amount_cents"]:
            problems.append(f"money: {row['id']} is {row['amount_cents']} but its lines are {row['lines_cents']}")
        if row["refunds_done_cents"] != row["refunded_cents"]:
            told, made = row["refunded_cents"], row["refunds_done_cents"]
            problems.append(f"money: {row['id']} says {told} refunded, its refunds {made}")
        if row["disputes_lost_cents"] != row["charged_back_cents"]:
            told, lost = row["charged_back_cents"], row["disputes_lost_cents"]
            problems.append(f"money: {row['id']} says {told} charged back, its disputes {lost}")
        if row["disputed"] != (row["status"] == "disputed"):
            problems.append(f"money: {row['id']} is {row['status']}, its disputes say otherwise")
        problems += _paid_by(row)


def _paid_by(row: Any) -> Iterator[str]:
    """What is wrong with how an order was paid: by the provider, at the box office, or by nobody if it cost nothing."""
    counted = row["counter_cents"]
    if counted is None:
        if row["status"] in order_states.EVER_PAID and row["amount_cents"] > 0 and row["payment_intent_id"] is None:
            yield f"money: {row['id']} is {row['status']} without a payment"
        return
    if row["status"] not in order_states.EVER_PAID:
        yield f"money: {row['id']} is {row['status']}, and was paid at the box office"
    if row["payment_intent_id"] is not None:
        yield f"money: {row['id']} was paid at the box office, and has a payment at the provider"
    if counted != row["amount_cents"] or (row["counter_kind"] == "comp" and counted):
        yield f"money: {row['id']} is {row['amount_cents']}, the box office took {counted} ({row['counter_kind']})"


def _map(
    event: SellingEvent,
    owners: dict[int, list[Any]],
    blocked: frozenset[int],
    redis: RedisView,
    problems: list[str],
) -> Counter[int]:
    """States by count; every unit of the map compared with the ledger, its blocks and the holds."""
    if redis.map is None:
        problems.append("redis: the event has no inventory (fenced); selling stops until it is rebuilt")
        return Counter()
    if len(redis.map) != event.units:
        problems.append(f"redis: the map has {len(redis.map)} units, the chart {event.units}")
        return Counter()
    held_by: Counter[int] = Counter()
    for run in _live_runs(redis):
        held_by.update(range(run.unit, run.unit + run.length))
    for unit, state in enumerate(redis.map):
        problem = _unit(state, owners.get(unit, ()), held_by[unit])
        if (state == BLOCKED) != (unit in blocked):
            problem = (
                f"{_STATE_NAME.get(state, 'free')}, the ledger {'blocks' if unit in blocked else 'does not block'} it"
            )
        if problem:
            problems.append(f"redis: unit {unit} is {problem}")
    counts = Counter(redis.map)
    _counters(event, owners, redis, counts, problems)
    return counts


def _unit(state: int, rows: Sequence[Any], holds: int) -> str | None:
    """What is wrong with one byte of the map, given its live rows in the ledger and how many live holds have it."""
    name = _STATE_NAME.get(state, "free")
    if rows:
        expected = SOLD if rows[0]["status"] in order_states.TAKEN else ORDERED
        return None if state == expected else f"{name}, the ledger says {_STATE_NAME[expected]}"
    if state in {ORDERED, SOLD}:
        return f"{name}, the ledger knows no owner"
    if state == HELD and holds != 1:
        return f"held by {holds} holds"
    if state >= FREE and holds:
        return "free though a live hold has it"
    if state == 0 or BLOCKED < state < FREE:
        return f"in the meaningless state {state}"
    return None


def _counters(
    event: SellingEvent, owners: dict[int, list[Any]], redis: RedisView, counts: Counter[int], problems: list[str]
) -> None:
    """The sums that scripts keep next to the map say what the map says; the price steps of a type count together."""
    assert redis.map is not None
    said = {name: int(redis.pulse.get(name.encode(), 0)) for name in ("free", "held", "ordered", "sold")}
    free = sum(count for state, count in counts.items() if state >= FREE)
    counted = {"free": free, "held": counts[HELD], "ordered": counts[ORDERED], "sold": counts[SOLD]}
    if said != counted:
        problems.append(f"redis: the counters say {said}, the map {counted}")
    own = {number: event.ticket_types[kind.id].number for number, kind in event.type_by_number.items()}
    of_types = Counter[int]()
    for name, text in redis.types.items():
        if name.isdigit():
            of_types[own.get(int(name), int(name))] += int(text)
    types = Counter(rows[0]["type_number"] for unit, rows in owners.items() if 0 <= unit < len(redis.map))
    for run in _live_runs(redis):
        types[own.get(run.kind, run.kind)] += sum(
            redis.map[unit] == HELD for unit in range(run.unit, run.unit + run.length)
        )
    for number in set(types) | set(of_types):
        count = of_types[number]
        if count != types[number]:
            problems.append(f"redis: ticket type number {number} counts {count}, its units are {types[number]}")


def _live_runs(redis: RedisView) -> Iterator[Run]:
    return (run for hold in redis.holds if hold.state in {"held", "ordering"} for run in hold.runs)


def _by_type(event: SellingEvent, postgres: PostgresView) -> list[dict[str, Any]]:
    sold = Counter(
        row["ticket_type_id"] for row in postgres.units if row["live"] and row["status"] in order_states.TAKEN
    )
    ordered = Counter(
        row["ticket_type_id"] for row in postgres.units if row["live"] and row["status"] in order_states.OPEN
    )
    return [
        {
            "id": kind.id,
            "name": kind.name,
            "capacity": kind.capacity,
            "sold": sold[kind.id],
            "ordered": ordered[kind.id],
        }
        for kind in event.ticket_types.values()
    ]


def _by_section(event: SellingEvent, redis: RedisView) -> list[dict[str, Any]]:
    if redis.map is None or len(redis.map) != event.units:
        return []
    rows = []
    for section in event.seat_map.sections:
        counts = Counter(redis.map[section.first_unit : section.first_unit + section.units])
        rows.append({
            "name": section.name,
            "capacity": section.units,
            "sold": counts[SOLD],
            "ordered": counts[ORDERED],
            "held": counts[HELD],
            "free": sum(count for state, count in counts.items() if state >= FREE),
        })  # fmt: skip
    return rows
