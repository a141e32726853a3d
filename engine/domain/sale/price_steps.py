"""Which price step each of several tickets is sold at, and what must be true of the count for that to hold.

The count is of the type's units that are held, being paid for or sold, in the order in which the script takes them. A
service splits by the count that it read; the script takes the units only if the count still is within the ``Span``, and
says what it is if it is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

from engine.domain.sale.selling import PriceStepTerms, TicketTypeTerms

COUNT_MAX = 0xFFFFFF  # a count has 24 bits


@dataclass(frozen=True, slots=True)
class Span:
    """From ``low`` to ``high`` units under these numbers together, before any is added."""

    numbers: tuple[int, ...]
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Split:
    """``parts`` of (terms at a step, how many), in the order of the units."""

    parts: tuple[tuple[TicketTypeTerms, int], ...]
    span: Span


def standing_steps(kind: TicketTypeTerms, taken: int, moment_ms: int) -> tuple[PriceStepTerms, PriceStepTerms | None]:
    """(the step that the next ticket is sold at, the one after it if its price ever ends)."""
    standing = [
        step
        for step in kind.steps
        if (step.until_ms is None or moment_ms < step.until_ms) and (step.until_sold is None or taken < step.until_sold)
    ]
    now = standing[0]
    endless = now.until_ms is None and now.until_sold is None
    return now, None if endless or len(standing) == 1 else standing[1]


def split(kind: TicketTypeTerms, taken: int, quantity: int, moment_ms: int) -> Split:
    """``quantity`` more tickets of a type that has steps, when ``taken`` are; beyond its capacity no count will do."""
    parts, low, high, left = list[tuple[TicketTypeTerms, int]](), 0, COUNT_MAX, quantity
    for step in kind.steps:
        if step.until_ms is not None and moment_ms >= step.until_ms:
            continue
        room = left if step.until_sold is None else step.until_sold - (taken + quantity - left)
        if room <= 0:
            low = max(low, step.until_sold or 0)
            continue
        count = min(left, room)
        parts.append((step.kind, count))
        left -= count
        if not left:
            high = COUNT_MAX if step.until_sold is None else step.until_sold - quantity
            break
    if len(parts) > 1:
        low = high = taken  # another count would part them elsewhere
    if kind.capacity is not None:
        high = min(high, kind.capacity - quantity)
    if high < 0:
        low, high = 1, 0
    return Split(tuple(parts), Span(kind.counted, low, high))


def split_all(
    wanted: Sequence[tuple[TicketTypeTerms, int]], taken: Mapping[str, int], moment_ms: int
) -> tuple[list[tuple[tuple[TicketTypeTerms, int], ...]], tuple[Span, ...]]:
    """Each of these (type, how many) at its steps, one after another, and a span for each type that has steps.

    ``taken`` says how many of those types are, by id.
    """
    totals: dict[str, int] = {}
    for kind, count in wanted:
        totals[kind.id] = totals.get(kind.id, 0) + count
    kinds = {kind.id: kind for kind, _ in wanted if kind.counted}
    whole = {kind_id: split(kind, taken[kind_id], totals[kind_id], moment_ms) for kind_id, kind in kinds.items()}
    units = {
        kind_id: iter([terms for terms, count in each.parts for _ in range(count)]) for kind_id, each in whole.items()
    }
    parts = [_parts(islice(units[kind.id], count)) if kind.counted else ((kind, count),) for kind, count in wanted]
    return parts, tuple(each.span for each in whole.values())


def _parts(units: Iterable[TicketTypeTerms]) -> tuple[tuple[TicketTypeTerms, int], ...]:
    """Neighbours at the same step together."""
    runs = [list(run) for _, run in groupby(units, key=lambda terms: terms.number)]
    return tuple((run[0], len(run)) for run in runs)
