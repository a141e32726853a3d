"""A small rehearsal to judge: what was asked, what was seen, what the ledger says."""

from __future__ import annotations

from loadtest.record import Journey, Record, Sample
from loadtest.verdict import Asked

LEDGER = {
    "capacity": 10, "sold": 4, "held": 0, "free": 6, "unit_conflicts": 0, "orders_unsettled": 0,
    "redis_matches_postgres": True, "exit_status": 0,
}  # fmt: skip


def asked(**changes):
    return Asked(**({"profile": "emf", "multiplier": 1, "arrivals": 2, "seconds": 1, "fresh_event": True} | changes))


def journey(*units, outcome="paid"):
    return Journey(0.5, 1.0, 0.4, outcome, list(units), 5000, 0.1, 0.3)


def record(*more_samples, journeys=None, scans=None):
    samples = [Sample("hold", 0.1, 12.0, 201, "ok"), Sample("order", 0.2, 20.0, 201, "ok"), *more_samples]
    return Record(samples, journeys or [journey("1", "2"), journey("3", "4")], scans or {"admit": 4})
