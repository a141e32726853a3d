"""docs/BENCHMARKS.md: every row ever taken here, with the day, the machine and the command that made it.

A row that is taken again replaces the older one of its name; rows that a run leaves out stay as they are. What the
Markdown is made of lies next to it as JSON, each pair's ratio included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson

from tests.bench.machine import load, processor, versions
from tests.bench.method import Group, Plan, Row

FOLDER = Path(__file__).parents[2] / "docs"
MARKDOWN, FIGURES = FOLDER / "BENCHMARKS.md", FOLDER / "benchmarks.json"
TITLES: Final[dict[Group, str]] = {
    "ratios": "The ratios of the hot path",
    "storm": "Orders next to a sold-out storm",
    "memory": "Memory of an engine",
    "looks": "What a look at an order costs",
    "gates": "Gates",
    "embedded": "The stores of `onsale up`",
    "peers": "The usual designs",
    "designs": "Who picks the seats",
    "workers": "Workers",
    "durability": "Durability of holds",
    "discovery": "Finding events",
    "fluidity": "20,000 seats in a browser",
}
_INTRODUCTION = """# Benchmarks

`make bench` writes this file (`ARGS="--quick"` to try it, `ARGS="--only holds room"` for some rows). What is measured
and how:

- Both sides of a ratio get the same method, body, headers, event loop, process settings, core and number of
  connections. The servers, Redis and Postgres share one core; the generator has the other (wrk, one thread, an
  idempotency key of its own for every request). Loopback only.
- Ratios are taken from interleaved runs after a warm-up; the value is the median of the pairs' ratios. "by CPU" is the
  same ratio of CPU time an operation (user + system, all processes of a side): it holds where others are at work too,
  and rates do not.
- Latency comes from an open loop and counts from the moment a request was scheduled.
- Every row ends with the audit: sold + held + free = capacity, no unit twice, every answered hold there.
- Where a peer is faster, the row stays.
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """One taking of some rows."""

    command: str
    plan: Plan
    load_before: float


def write(rows: Sequence[Row], taken: Taken) -> None:
    """Replace what was measured, keep the rest."""
    kept: dict[str, Any] = orjson.loads(FIGURES.read_bytes())["rows"] if FIGURES.exists() else {}
    stamp = {
        "taken_at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "command": taken.command,
        "processor": processor(),
        "versions": versions(),
        "load_before": round(taken.load_before, 2),
        "load_after": round(load(), 2),
        "runs": f"{taken.plan.pairs} x {taken.plan.run_s:g} s",
    }
    for row in rows:
        kept[row.name] = row.document() | {"reached": [row.reached(row.must), row.reached(row.hope)], "stamp": stamp}
    FIGURES.write_bytes(orjson.dumps({"rows": kept}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    MARKDOWN.write_text(markdown(kept), encoding="utf-8")


def markdown(rows: dict[str, Any]) -> str:
    """The whole page."""
    parts = [_INTRODUCTION]
    for group, title in TITLES.items():
        members = [row for row in rows.values() if row["group"] == group]
        if members:
            parts.append(f"## {title}\n\n{_table(members)}\n{_notes(members)}")
    return "\n".join(parts)


def _table(members: Sequence[dict[str, Any]]) -> str:
    lines = [
        "| row | value | must | hope | pairs | ours | theirs |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in members:
        facts = row["facts"]
        cells = [
            f"{row['name']}<br>{row['operation']}",
            _value(row),
            _bar(row["must"], row["reached"][0]),
            _bar(row["hope"], row["reached"][1]),
            _spread(row["spread"]),
            _side(facts.get("ours"), facts),
            _side(facts.get("theirs"), facts),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _value(row: dict[str, Any]) -> str:
    value = (
        f"**{row['value']:,}{row['unit']}**"
        if row["unit"] in {"x", "/s", ""}
        else f"**{row['value']:,} {row['unit']}**"
    )
    by_cpu = row["facts"].get("ratio_by_cpu")
    return f"{value} (by CPU {by_cpu}x)" if by_cpu is not None else value


def _bar(bar: float | None, reached: bool | None) -> str:
    return "" if bar is None else f"{bar:g} {'reached' if reached else '**missed**'}"


def _spread(values: Sequence[float]) -> str:
    return f"{min(values):,} to {max(values):,} ({len(values)})" if values else ""


def _side(told: dict[str, Any] | None, facts: dict[str, Any]) -> str:
    if told is None:
        return (
            ", ".join(f"{name}: {_plain(value)}" for name, value in facts.items() if name != "ledger") if facts else ""
        )
    cpu = " + ".join(f"{name} {spent:g}" for name, spent in told["cpu_us"].items())
    refused = f", {told['errors']:,} refused" if told["errors"] else ""
    return f"{told['per_s']:,}/s, CPU us: {cpu}{refused}"


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(part)}" for name, part in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)


def _notes(members: Sequence[dict[str, Any]]) -> str:
    """When, if and how each of them was taken; rows of one taking share a line."""
    takings: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in members:
        stamp = row["stamp"]
        takings.setdefault((stamp["taken_at"], stamp["command"]), []).append(row)
    lines = []
    for (taken_at, command), rows in takings.items():
        stamp = rows[0]["stamp"]
        installed = ", ".join(f"{name} {version}" for name, version in stamp["versions"].items())
        ledger = [row["facts"]["ledger"] for row in rows if "ledger" in row["facts"]]
        checked = (
            f" Ledger checked over {sum(one.get('events', 1) for one in ledger)} events: in order." if ledger else ""
        )
        lines.append(
            f"`{command}`, {taken_at}: {stamp['runs']}; {stamp['processor']}; {installed}; "
            f"load {stamp['load_before']} before, {stamp['load_after']} after.{checked}\n"
        )
    return "\n".join(lines)
