"""The verdict as one HTML file that needs nothing else: figures, plots, reasons. Follows light, dark and paper."""

from __future__ import annotations

from collections import Counter
from html import escape
from pathlib import Path

from loadtest import plots
from loadtest.failures import failures
from loadtest.headroom import STEPS_BOUND, Limit
from loadtest.record import Record
from loadtest.spending import Part, Spending
from loadtest.thresholds import Threshold, thresholds
from loadtest.verdict import StepFigures, Verdict

STYLE = Path(__file__).with_name("report.css")
SECONDS_DRAWN_MAX = 3_600
_HEADS = ("Step", "Asked", "OK", "Refused", "Shed", "Limited", "5xx", "Lost", "p50", "p95", "p99", "Slowest")
_LEDGER_LABELS = {
    "title": "Event", "capacity": "Capacity", "sold": "Sold", "held": "Held", "free": "Free", "orders": "Orders",
    "orders_unsettled": "Orders unsettled past their deadline", "unit_conflicts": "Units with two owners",
    "paid_cents": "Money taken", "provider_payments": "Payments found at the provider",
    "provider_problem": "Provider", "redis_matches_postgres": "Redis says what Postgres says",
    "problems_total": "Promises broken", "problem": "Not checked because",
}  # fmt: skip


def render(judged: Verdict, seen: Record) -> str:
    word, tone = ("GO", "go") if judged.go else ("NO-GO", "no")
    asked = judged.asked
    marks = _marks(judged)
    surge = plots.surge(_per_second(seen), marks)
    holds = [(sample.due_s, sample.latency_ms) for sample in seen.samples if sample.step == "hold"]
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{word}: rehearsal of {escape(asked.profile)}</title><style>{STYLE.read_text()}</style></head>
<body><main>
<header><h1 class="word {tone}">{word}</h1>
<p class="what"><strong>Rehearsal of {escape(asked.profile)}</strong>
{_said(judged)}</p>
</header>
{_tiles(judged)}
{_notes(judged)}
{_limit(judged.limit)}
<h2>What had to hold</h2><p>{_broken(thresholds(judged))}</p>
{_thresholds(thresholds(judged))}
{_failures(seen)}
<h2>The surge</h2><p>Reservations offered each second, and how many buyers had their hold or their tickets in it.</p>
<figure>{surge}</figure>
<h2>How long each step took</h2><p>Counted from when the request was due, not from when a busy generator got to it.</p>
<figure>{plots.ranges([*judged.steps, judged.journey])}</figure>
<h2>Every hold</h2><p>One dot per request for a hold: the second it was due and the time to its answer.</p>
<figure>{plots.scatter(holds, "hold latency over time", marks)}</figure>
<h2>The figures</h2><p>Milliseconds. <em>Refused</em> are the shop's own noes, such as sold out.
A journey runs from arrival to tickets.</p>
{_steps(judged)}
<h2>What an order cost</h2>{_spending(judged.spending)}
<h2>How the journeys ended</h2><p>One line per outcome, of buyers and of scans at the gate.</p>
{_pairs(("Buyers", judged.outcomes), ("Scans", judged.scans))}
<h2>The ledger</h2><p>What the shop's own audit says after the last order was settled: Postgres, Redis and the payment
provider held against each other.</p>
{_ledger(judged)}
<h2>Where and when</h2><p>Figures of another machine are other figures.</p>
{_facts(judged.setting)}
<footer>Card payments went to the payment sandbox: no real money moved.</footer>
</main></body></html>
"""


def _said(judged: Verdict) -> str:
    asked = judged.asked
    told = (
        f"{asked.arrivals:,} reservations offered in {asked.seconds} seconds, each walked from the waiting room to the "
        "gate."
    )
    if asked.killed_at_s is not None:
        told += f" {escape(asked.killed)} was killed at second {asked.killed_at_s:.0f}."
    if asked.flushed_at_s is not None:
        told += f" Redis lost everything at second {asked.flushed_at_s:.0f}."
    return told


def _marks(judged: Verdict) -> list[tuple[float, str]]:
    asked = judged.asked
    found = []
    if asked.killed_at_s is not None:
        found.append((asked.killed_at_s, f"{asked.killed} killed"))
    if asked.flushed_at_s is not None:
        found.append((asked.flushed_at_s, "Redis lost everything"))
    return found


def _broken(lines: list[Threshold]) -> str:
    broken = sum(line.kept is False for line in lines)
    demanded = sum(line.kept is not None for line in lines)
    told = f"{demanded - broken} of {demanded} kept."
    if broken:
        told += " The broken ones come first."
    if any(line.word == "missed" and line.kept is None for line in lines):
        told += " A promised latency that was missed does not decide, unless --p95-max-ms demands it."
    return told


def _thresholds(lines: list[Threshold]) -> str:
    tones = {True: "kept", False: "broken", None: "noted"}
    rows = "".join(
        f'<tr class="{tones[line.kept]}"><th scope="row">{escape(line.name)}</th>'
        f"<td>{escape(line.demanded)}</td><td>{escape(line.seen)}</td><td>{escape(line.told)}</td></tr>"
        for line in sorted(lines, key=lambda line: line.kept is not False)
    )
    return _table(("Threshold", "Demanded", "Seen", ""), rows)


def _failures(seen: Record) -> str:
    found = failures(seen)
    if not found:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{escape(one.step)}</th><td>{escape(one.what)}</td><td>{one.status or "none"}</td>'
        f"<td>{one.count:,}</td><td>{one.first_s:.1f} s</td><td>{one.last_s:.1f} s</td></tr>"
        for one in found
    )
    heads = ("Step", "What", "Status", "Requests", "First", "Last")
    return (
        "<h2>What went wrong</h2><p>Requests that did not get what they came for, by the seconds they were due.</p>"
        + _table(heads, rows)
    )


def _limit(limit: Limit | None) -> str:
    """What a search for the limit found, and every rehearsal of it."""
    if limit is None:
        return ""
    rows = "".join(
        f'<tr class="{"kept" if run.go else "broken"}"><th scope="row">x{run.multiplier:g}</th>'
        f"<td>{run.found}</td>"
        + "".join(f"<td>{_p95(run.p95_ms.get(step))}</td>" for step in STEPS_BOUND)
        + f"<td>{run.seconds:,.0f} s</td><td>{escape('; '.join(run.reasons))}</td></tr>"
        for run in limit.runs
    )
    heads = ("Multiplier", "", *(f"{step}, p95" for step in STEPS_BOUND), "Took", "Because")
    return (
        f"<h2>How much it carries</h2><p><strong>{escape(limit.sentence)}</strong> Carried means GO, nothing shed, and "
        f"p95 of {', '.join(STEPS_BOUND)} at most {limit.p95_max_ms:,.0f} ms. All else on this page is of the highest "
        f"that was GO, or of the lowest that was tried.</p>{_table(heads, rows)}"
    )


def _p95(value: float | None) -> str:
    return "none" if value is None else f"{value:,.0f} ms"


def _spending(spending: Spending) -> str:
    if spending.unmeasured:
        return f"<p>CPU and memory: not measured, {escape(spending.unmeasured)}.</p>"
    told = f"{spending.orders:,} paid orders" if spending.orders else "no order was paid"
    if spending.cpu_per_order_ms is not None:
        told = f"{spending.cpu_per_order_ms:,.2f} ms of CPU an order without sandbox and mail catcher, {told}"
    bars = [(part.name, part.cpu_per_order_ms) for part in spending.parts if part.cpu_per_order_ms is not None]
    drawn = f"<figure>{plots.shares(bars, 'ms', 'CPU an order by part')}</figure>" if bars else ""
    heads = ("Part", "Processes", "CPU", "CPU an order", "Memory before", "Memory after")
    return (
        f"<p>{told}, over {spending.seconds:,.0f} s: from the first buyer until the shop came to rest. Memory is "
        f"resident; what processes of one part share is counted once.</p>{drawn}"
        + _table(heads, "".join(map(_part, spending.parts)))
    )


def _part(part: Part) -> str:
    name = f'<tr><th scope="row">{escape(part.name)}</th>'
    if part.cpu_s is None:
        return name + "<td>not measured</td>" * 5 + "</tr>"
    each = "no order" if part.cpu_per_order_ms is None else f"{part.cpu_per_order_ms:,.2f} ms"
    memory = ("none" if size is None else f"{size:,.0f} MiB" for size in (part.rss_start_mib, part.rss_end_mib))
    return (
        f"{name}<td>{part.processes}</td><td>{part.cpu_s:,.2f} s</td><td>{each}</td>"
        + "".join(f"<td>{size}</td>" for size in memory)
        + "</tr>"
    )


def _facts(facts: dict[str, str]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(fact)}</td></tr>' for name, fact in facts.items()
    )
    return _table(("Fact", ""), rows)


def _per_second(seen: Record) -> dict[str, list[int]]:
    offered: Counter[int] = Counter()
    held: Counter[int] = Counter()
    paid: Counter[int] = Counter()
    for journey in seen.journeys:
        offered[int(journey.due_s)] += 1
        if journey.held_after_s:
            held[int(journey.due_s + journey.held_after_s)] += 1
        if journey.paid_after_s:
            paid[int(journey.due_s + journey.paid_after_s)] += 1
    seconds = min(SECONDS_DRAWN_MAX, 1 + max([0, *offered, *held, *paid]))
    series = (("offered", offered), ("held", held), ("paid", paid))
    return {name: [counts[second] for second in range(seconds)] for name, counts in series}


def _tiles(judged: Verdict) -> str:
    tiles = (
        ("Reservations", f"{judged.offered:,}", judged.offered != judged.asked.arrivals),
        ("Units sold", f"{judged.units_sold:,}", False),
        ("Sold twice", f"{len(judged.units_doubled):,}", bool(judged.units_doubled)),
        ("Requests", f"{judged.requests:,}", False),
        ("Server errors", f"{judged.errors_5xx:,}", judged.errors_5xx > 0),
        ("Shed", f"{judged.shed:,}", judged.shed > 0 and not judged.asked.shed_allowed),
        ("Arrival to ticket, p95", f"{judged.journey.p95_ms / 1000:.2f} s", False),
    )
    cells = "".join(
        f'<div class="{"bad" if bad else ""}"><dt>{escape(name)}</dt><dd>{value}</dd></div>'
        for name, value, bad in tiles
    )
    return f'<dl class="tiles">{cells}</dl>'


def _notes(judged: Verdict) -> str:
    items = "".join(f'<li class="reason">{escape(text)}</li>' for text in judged.reasons)
    items += "".join(f"<li>{escape(text)}</li>" for text in judged.cautions)
    return f'<ul class="notes">{items}</ul>' if items else ""


def _steps(judged: Verdict) -> str:
    rows = "".join(_step(figures) for figures in (*judged.steps, judged.journey))
    return _table(_HEADS, rows)


def _step(figures: StepFigures) -> str:
    counts = (figures.requests, figures.ok, figures.refused, figures.shed, figures.limited)
    bad = (figures.errors_5xx, figures.broken)
    times = (figures.p50_ms, figures.p95_ms, figures.p99_ms, figures.max_ms)
    return (
        f'<tr><th scope="row">{escape(figures.step)}</th>'
        + "".join(f"<td>{count:,}</td>" for count in counts)
        + "".join(f'<td class="{"bad" if count else ""}">{count:,}</td>' for count in bad)
        + "".join(f"<td>{value:,.1f}</td>" for value in times)
        + "</tr>"
    )


def _pairs(*groups: tuple[str, dict[str, int]]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(group)}: {escape(name)}</th><td>{count:,}</td></tr>'
        for group, counts in groups
        for name, count in counts.items()
    )
    return _table(("Outcome", "Count"), rows)


def _ledger(judged: Verdict) -> str:
    ledger = judged.ledger
    if ledger is None:
        return "<p>Not checked: no data folder was named.</p>"
    rows = "".join(
        f'<tr><th scope="row">{escape(label)}</th><td>{escape(_shown(name, ledger[name]))}</td></tr>'
        for name, label in _LEDGER_LABELS.items()
        if ledger.get(name) is not None
    )
    problems = "".join(f'<li class="reason">{escape(str(text))}</li>' for text in ledger.get("problems") or ())
    return _table(("Check", "Finding"), rows) + (f'<ul class="notes">{problems}</ul>' if problems else "")


def _shown(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "paid_cents" and isinstance(value, int):
        return f"{value / 100:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _table(heads: tuple[str, ...], rows: str) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
