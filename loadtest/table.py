"""The verdict for a terminal."""

from __future__ import annotations

from loadtest.spending import Part, Spending
from loadtest.thresholds import Threshold, thresholds
from loadtest.verdict import StepFigures, Verdict

_HEAD = (
    "step",
    "requests",
    "ok",
    "refused",
    "shed",
    "limited",
    "5xx",
    "broken",
    "p50 ms",
    "p95 ms",
    "p99 ms",
    "max ms",
)


def render(judged: Verdict) -> str:
    rows = [_HEAD, *(_row(figures) for figures in (*judged.steps, judged.journey))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = [_line(row, widths) for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    asked = judged.asked
    facts = [
        f"{asked.profile}: {judged.offered} of {asked.arrivals} reservations offered over {asked.seconds} s",
        f"outcomes: {_counts(judged.outcomes)}",
        f"sold: {judged.units_sold} units, {judged.revenue_cents / 100:,.2f}; given twice: {len(judged.units_doubled)}",
        f"requests: {judged.requests}; 5xx {judged.errors_5xx}, shed {judged.shed}, no answer {judged.broken}",
        f"scans: {_counts(judged.scans)}",
        f"ledger: {_ledger(judged)}",
        f"generator late: {judged.generator_late_p99_ms:.1f} ms (p99)",
    ]
    notes = [f"  because {reason}" for reason in judged.reasons] + [f"  note: {text}" for text in judged.cautions]
    kept = [_threshold(line) for line in thresholds(judged)]
    found = [judged.limit.sentence, *(f"  {run.line}" for run in judged.limit.runs), ""] if judged.limit else []
    word = "GO" if judged.go else "NO-GO"
    return "\n".join([*lines, "", *facts, "", *_spent(judged.spending), "", *kept, "", *found, word, *notes])


def _spent(spending: Spending) -> list[str]:
    if spending.unmeasured:
        return [f"CPU an order and memory: not measured, {spending.unmeasured}"]
    whole = f"{spending.cpu_per_order_ms:,.2f} ms" if spending.cpu_per_order_ms is not None else "no order"
    return [
        f"CPU an order without sandbox and mail catcher: {whole}, of {spending.orders:,} paid",
        *(_part(part) for part in spending.parts),
    ]


def _part(part: Part) -> str:
    if not part.measured:
        return f"  {part.name:<12} not measured"
    each = f"{part.cpu_per_order_ms:>8.2f} ms" if part.cpu_per_order_ms is not None else "no order"
    before = f"{part.rss_start_mib:,.0f}" if part.rss_start_mib is not None else "-"
    return f"  {part.name:<12} {each}  memory {before} to {part.rss_end_mib:,.0f} MiB"


def _threshold(line: Threshold) -> str:
    word = line.told.upper() if line.kept is False else line.told
    return f"{word:<7} {line.name}: {line.seen} (demanded: {line.demanded})"


def _row(figures: StepFigures) -> tuple[str, ...]:
    counts = (
        figures.requests, figures.ok, figures.refused, figures.shed, figures.limited, figures.errors_5xx,
        figures.broken,
    )  # fmt: skip
    times = (figures.p50_ms, figures.p95_ms, figures.p99_ms, figures.max_ms)
    return (figures.step, *(str(count) for count in counts), *(f"{value:.1f}" for value in times))


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    cells = [text.rjust(width) for text, width in zip(row, widths, strict=True)]
    return "  ".join([row[0].ljust(widths[0]), *cells[1:]])


def _counts(found: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in found.items()) or "none"


def _ledger(judged: Verdict) -> str:
    if judged.ledger is None:
        return "not checked"
    wanted = ("capacity", "sold", "held", "free", "unit_conflicts", "orders_unsettled", "redis_matches_postgres")
    return ", ".join(f"{name} {judged.ledger[name]}" for name in wanted if name in judged.ledger) or "no answer"
