"""The audit: does the ledger keep its promises, and does Redis say the same?

Per event: sold + held + free = capacity, one live owner a unit, Redis = Postgres for everything sold, every paid line has
its ticket, money adds up, nothing unsettled past its deadline + 120 s. A running shop moves while it is read, so what
looks wrong is looked at again; only what stays wrong is reported.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

from engine.domain.inventory import BLOCKED, FREE, HELD, ORDERED, SOLD
from engine.domain.selling import SellingEvent
from engine.foundation.errors import NotFound
from engine.services.selling import Selling
from engine.stores.ledger import LedgerStore, LedgerView, RedisView

LATE_AFTER = timedelta(seconds=120)
LOOKS_MAX = 6
LOOK_AGAIN_S = 0.5
PROBLEMS_SHOWN_MAX = 50

_UNPAID = {"pending", "processing"}
_SOLD = {"paid", "partially_refunded"}
_STATE_NAME = {HELD: "held", ORDERED: "ordered", SOLD: "sold", BLOCKED: "blocked"}


class Ledger:
    """Audits events. Reads only."""

    def __init__(self, *, store: LedgerStore, selling: Selling) -> None:
        self._store = store
        self._selling = selling

    async def audit(self, event_id: str | None = None) -> list[dict[str, Any]]:
        """One report an event (all events without an id). NotFound for an unknown one."""
        events = await self._store.events()
        if event_id is not None:
            if event_id not in events:
                raise NotFound("There is no such event with an inventory")
            events = [event_id]
        return [await self._event(one) for one in events]

    async def _event(self, event_id: str) -> dict[str, Any]:
        event = await self._selling.get(event_id)
        standing: set[str] | None = None
        report: dict[str, Any] = {}
        for look in range(LOOKS_MAX):
            ledger = await self._store.ledger(event_id, LATE_AFTER)
            redis = await self._store.redis(event_id)
            report, problems = _compare(event, ledger, redis)
            found = set(problems)
            standing = found if standing is None else standing & found
            if not found or (look and not standing):
                break
            await asyncio.sleep(LOOK_AGAIN_S)
        problems = sorted(standing or ())
        report["problems"] = problems[:PROBLEMS_SHOWN_MAX]
        report["problems_total"] = len(problems)
        report["redis_matches_postgres"] = not any(problem.startswith("redis:") for problem in problems)
        report["ok"] = not problems
        return report


def _compare(event: SellingEvent, ledger: LedgerView, redis: RedisView) -> tuple[dict[str, Any], list[str]]:
    problems: list[str] = []
    owners = _owners(event, ledger, problems)
    _money(ledger, problems)
    counts = _map(event, owners, redis, problems)
    unsettled = sum(row["status"] in _UNPAID and row["late"] for row in ledger.orders)
    if unsettled:
        problems.append(f"orders: {unsettled} unsettled past their deadline + 120 s")
    if redis.map is not None and counts[SOLD] + counts[HELD] + counts[ORDERED] + counts[BLOCKED] + sum(
        count for state, count in counts.items() if state >= FREE
    ) != event.units:
        problems.append("redis: sold + held + free is not the capacity")
    conflicts = len(ledger.double_tickets) + sum(len(rows) > 1 for rows in owners.values())
    report = {
        "event_id": event.id,
        "title": event.title,
        "capacity": event.units,
        "sold": sum(row["status"] in _SOLD for rows in owners.values() for row in rows),
        "ordered": sum(row["status"] in _UNPAID for rows in owners.values() for row in rows),
        "held": counts[HELD] + counts[ORDERED] + counts[BLOCKED],   # whatever is neither sold nor free
        "free": sum(count for state, count in counts.items() if state >= FREE),
        "on_hold": counts[HELD],
        "blocked": counts[BLOCKED],
        "unit_conflicts": conflicts,
        "orders": len(ledger.orders),
        "orders_unsettled": unsettled,
        "paid_cents": sum(row["amount_cents"] - row["refunded_cents"] for row in ledger.orders if row["status"] in _SOLD),
        "ticket_types": _by_type(event, ledger),
        "sections": _by_section(event, redis),
    }
    return report, problems


def _owners(event: SellingEvent, ledger: LedgerView, problems: list[str]) -> dict[int, list[Any]]:
    """Live rows by unit; everything that is wrong with a row on the way."""
    owners: dict[int, list[Any]] = {}
    for row in ledger.units:
        where = f"unit {row['unit']} of {row['order_id']}"
        paid, unpaid = row["status"] in _SOLD, row["status"] in _UNPAID
        gone = row["ticket_status"] in {"refunded", "cancelled"}
        if row["live"]:
            owners.setdefault(row["unit"], []).append(row)
        if not 0 <= row["unit"] < event.units:
            problems.append(f"units: {where} does not exist in the chart")
            continue
        if row["live"] and not (paid or unpaid):
            problems.append(f"units: {where} is live though the order is {row['status']}")
        if not row["live"] and (unpaid or (paid and not gone)):
            problems.append(f"units: {where} is not live though the order is {row['status']}")
        if paid and not row["ticketed"]:
            problems.append(f"tickets: {where} is paid without a ticket")
        if row["ticketed"] and row["ticket_unit"] != row["unit"]:
            problems.append(f"tickets: the ticket of {where} says unit {row['ticket_unit']}")
        if row["ticketed"] and not paid and not gone:
            problems.append(f"tickets: {where} has a {row['ticket_status']} ticket though the order is {row['status']}")
        kind = event.ticket_types.get(row["ticket_type_id"])
        if kind is None or row["type_event"] != event.id:
            problems.append(f"units: {where} has a ticket type of another event")
        elif event.category_of[row["unit"]] not in kind.categories:
            problems.append(f"units: {where} is not in a category of {kind.name}")
    for unit, rows in owners.items():
        if len(rows) > 1:
            problems.append(f"units: unit {unit} has {len(rows)} live owners: {', '.join(row['order_id'] for row in rows)}")
    problems += [f"tickets: unit {row['unit']} has {row['owners']} live tickets" for row in ledger.double_tickets]
    problems += [f"tickets: {row['id']} stands for no order line" for row in ledger.stray_tickets]
    return owners


def _money(ledger: LedgerView, problems: list[str]) -> None:
    for row in ledger.orders:
        if row["lines_cents"] != row["amount_cents"]:
            problems.append(f"money: {row['id']} is {row['amount_cents']} but its lines are {row['lines_cents']}")
        if row["refunds_cents"] != row["refunded_cents"]:
            problems.append(f"money: {row['id']} says {row['refunded_cents']} refunded, its refunds {row['refunds_cents']}")
        if row["status"] in _SOLD | {"refunded"} and row["amount_cents"] > 0 and row["payment_intent_id"] is None:
            problems.append(f"money: {row['id']} is {row['status']} without a payment")


def _map(event: SellingEvent, owners: dict[int, list[Any]], redis: RedisView, problems: list[str]) -> Counter[int]:
    """States by count; every unit of the map compared with the ledger and the holds."""
    if redis.map is None:
        problems.append("redis: the event has no inventory (fenced); selling stops until it is rebuilt")
        return Counter()
    if len(redis.map) != event.units:
        problems.append(f"redis: the map has {len(redis.map)} units, the chart {event.units}")
        return Counter()
    held_by: Counter[int] = Counter()
    types: Counter[int] = Counter()
    for hold in redis.holds:
        if hold.state in {"held", "ordering"}:
            for run in hold.runs:
                held_by.update(range(run.unit, run.unit + run.length))
    for unit, state in enumerate(redis.map):
        rows = owners.get(unit, ())
        name = _STATE_NAME.get(state, "free")
        if rows:
            expected = SOLD if rows[0]["status"] in _SOLD else ORDERED
            types[rows[0]["type_number"]] += 1
            if state != expected:
                problems.append(f"redis: unit {unit} is {name}, the ledger says {_STATE_NAME[expected]}")
        elif state in {ORDERED, SOLD}:
            problems.append(f"redis: unit {unit} is {name}, the ledger knows no owner")
        elif state == HELD and held_by[unit] != 1:
            problems.append(f"redis: unit {unit} is held by {held_by[unit]} holds")
        elif state >= FREE and held_by[unit]:
            problems.append(f"redis: unit {unit} is free though a live hold has it")
        elif state == 0 or 4 < state < FREE:  # noqa: PLR2004 - bytes that mean nothing
            problems.append(f"redis: unit {unit} has the meaningless state {state}")
    counts = Counter(redis.map)
    free = sum(count for state, count in counts.items() if state >= FREE)
    said = {name: int(redis.pulse.get(name.encode(), 0)) for name in ("free", "held", "ordered", "sold")}
    counted = {"free": free, "held": counts[HELD], "ordered": counts[ORDERED], "sold": counts[SOLD]}
    if said != counted:
        problems.append(f"redis: the counters say {said}, the map {counted}")
    for hold in redis.holds:
        if hold.state in {"held", "ordering"}:
            for run in hold.runs:
                types[run.kind] += sum(redis.map[unit] == HELD for unit in range(run.unit, run.unit + run.length))
    for number in set(types) | {int(name) for name in redis.types if name.isdigit()}:
        count = int(redis.types.get(str(number).encode(), 0))
        if count != types[number]:
            problems.append(f"redis: ticket type number {number} counts {count}, its units are {types[number]}")
    return counts


def _by_type(event: SellingEvent, ledger: LedgerView) -> list[dict[str, Any]]:
    sold = Counter(row["ticket_type_id"] for row in ledger.units if row["live"] and row["status"] in _SOLD)
    ordered = Counter(row["ticket_type_id"] for row in ledger.units if row["live"] and row["status"] in _UNPAID)
    return [
        {"id": kind.id, "name": kind.name, "capacity": kind.capacity, "sold": sold[kind.id], "ordered": ordered[kind.id]}
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
