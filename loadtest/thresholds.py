"""What a rehearsal had to keep, line by line: what was demanded, what was seen, and whether that is enough. Pure."""

from __future__ import annotations

import msgspec

from loadtest import limits
from loadtest.record import PROVIDER_STEPS, WAITING_STEPS
from loadtest.verdict import AUDIT_CHECKS, GOOD_ENDS, GOOD_SCANS, P95_PROMISED_MS, Verdict


class Threshold(msgspec.Struct, frozen=True):
    """One line. `kept` is None if it does not decide: `word` then says what it is."""

    name: str
    demanded: str
    seen: str
    kept: bool | None
    word: str = ""

    @property
    def told(self) -> str:
        return {True: "kept", False: "broken", None: self.word}[self.kept]


def thresholds(judged: Verdict) -> list[Threshold]:
    asked = judged.asked
    lost = sum(count for outcome, count in judged.outcomes.items() if outcome not in GOOD_ENDS)
    turned = sum(count for result, count in judged.scans.items() if result not in GOOD_SCANS)
    return [
        _exactly("Reservations offered as recorded", asked.arrivals, judged.offered),
        _exactly("Buyers who did not come to an end", 0, lost),
        _exactly("Server errors (5xx)", 0, judged.errors_5xx),
        _exactly("Requests shed (503, come back later)", 0, judged.shed, allowed=asked.shed_allowed),
        _exactly("Requests without an answer", 0, judged.broken, allowed=asked.broken_allowed),
        _exactly("Units given to two buyers", 0, len(judged.units_doubled)),
        _exactly("Tickets turned away at the gate", 0, turned),
        *_ledger(judged),
        *_latencies(judged),
        _generator(judged),
    ]


def _exactly(name: str, wanted: int, seen: int, *, allowed: bool = False) -> Threshold:
    if allowed:
        return Threshold(name, "any", f"{seen:,}", None, "allowed")
    return Threshold(name, f"{wanted:,}", f"{seen:,}", seen == wanted)


def _ledger(judged: Verdict) -> list[Threshold]:
    ledger = judged.ledger
    if ledger is None:
        return [Threshold("The ledger", "every promise kept", "not checked", None, "unknown")]
    if ledger.get("problem"):
        return [Threshold("The ledger", "every promise kept", "could not be checked", kept=False)]
    found = [
        _exactly("Ledger: units with two owners", 0, int(ledger.get("unit_conflicts") or 0)),
        _exactly("Ledger: orders unsettled past their deadline", 0, int(ledger.get("orders_unsettled") or 0)),
    ]
    found += [
        Threshold(f"Ledger: {name.replace('_', ' ')}", "yes", "yes" if ledger[name] else "no", bool(ledger[name]))
        for name in AUDIT_CHECKS
        if isinstance(ledger.get(name), bool)
    ]
    problems = ledger.get("problems_total", len(ledger.get("problems") or ()))
    return [*found, _exactly("Ledger: promises broken", 0, int(problems))]


def _latencies(judged: Verdict) -> list[Threshold]:
    wanted = judged.asked.p95_max_ms
    bound = P95_PROMISED_MS if wanted is None else wanted
    found = []
    for figures in judged.steps:
        if figures.step in WAITING_STEPS or (wanted is None and figures.step in PROVIDER_STEPS):
            continue
        below = figures.p95_ms <= bound
        kept = below if wanted is not None else (True if below else None)
        name = f"p95 of {figures.step}" + ("" if wanted is not None else " (promised)")
        found.append(Threshold(name, f"{bound:,.0f} ms", f"{figures.p95_ms:,.0f} ms", kept, "missed"))
    return found


def _generator(judged: Verdict) -> Threshold:
    late = judged.generator_late_p99_ms
    return Threshold(
        "The generator's own lateness, p99", f"{limits.GENERATOR_LATE_MS:,.0f} ms", f"{late:,.0f} ms",
        True if late <= limits.GENERATOR_LATE_MS else None, "late",
    )  # fmt: skip
