"""Records of holds, made by the names of their layout."""

from __future__ import annotations

from typing import Any

from engine.stores.sale.hold_records import COUNTED, HEAD, STATE_NAME, Record, Run, allocation_byte


def packed(record: Record, *, counted: bool = False) -> bytes:
    """The record's bytes, by the names of the layout."""
    (state,) = [number for number, name in STATE_NAME.items() if name == record.state]
    life_ms = record.life_ms | (COUNTED if counted else 0)
    allocation = allocation_byte(record.step, adjacent=record.adjacent, orphans=record.orphans_created)
    head = HEAD.pack(
        state,
        record.placed_at_ms.to_bytes(6, "big"),
        life_ms.to_bytes(3, "big"),
        record.body_hash,
        record.total_cents,
        allocation,
        record.promo,
        len(record.counted_for),
    )
    return head + record.counted_for + b"".join(run.pack() for run in record.runs)


def record(**more: Any) -> Record:
    """A pair that is held, but for what is said otherwise."""
    facts: dict[str, Any] = {
        "state": "held",
        "placed_at_ms": 1_800_000_000_123,
        "life_ms": 600_000,
        "body_hash": b"body",
        "total_cents": 70_000,
        "step": 1,
        "adjacent": True,
        "orphans_created": 0,
        "promo": 0,
        "counted_for": b"",
        "runs": (Run(0, 0, 2),),
    }
    return Record(**(facts | more))
