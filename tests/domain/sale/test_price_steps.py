"""Price steps: each ticket has the first that still applies, and the script is told for which counts that holds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.catalogue.errors import PriceStepsOverlap
from engine.domain.catalogue.pricing.price_steps import NewPriceStep, check_steps, numbered
from engine.domain.sale.price_steps import split, split_all, standing_steps
from engine.domain.sale.selling import PriceStepTerms, TicketTypeTerms
from engine.foundation.clock import from_ms

NOW_MS = 1_800_000_000_000


def kind(steps: list[tuple[int | None, int | None]], capacity: int | None = None) -> TicketTypeTerms:
    """A type whose steps end (ms from now, count of sold); step i costs (i + 1) x 100, then 1000."""
    plain = TicketTypeTerms(
        id="tt", number=0, name="T", price_cents=1000, categories=(), capacity=capacity, max_per_order=50,
        sales_start_at_ms=None, sales_end_at_ms=None, hidden=False, taxable=True,
        counted=tuple(range(len(steps) + 1)),
    )  # fmt: skip
    terms = [
        PriceStepTerms(
            replace(plain, number=place + 1, price_cents=(place + 1) * 100, step=f"S{place}"),
            None if after_ms is None else NOW_MS + after_ms,
            until_sold,
        )
        for place, (after_ms, until_sold) in enumerate(steps)
    ]
    return replace(plain, steps=(*terms, PriceStepTerms(plain, None, None)))


def price_of_ticket(steps: list[tuple[int | None, int | None]], place: int) -> int:
    """What the ticket with ``place`` before it costs, told in the plainest way."""
    for number, (after_ms, until_sold) in enumerate(steps):
        if (after_ms is None or after_ms > 0) and (until_sold is None or place < until_sold):
            return (number + 1) * 100
    return 1000


@st.composite
def step_lists(draw):
    counts = sorted(draw(st.lists(st.integers(1, 60), max_size=4, unique=True)))
    return [(draw(st.sampled_from([None, -5, 0, 5])), count) for count in counts]


@settings(deadline=None)
@given(
    steps=step_lists(), taken=st.integers(0, 70), quantity=st.integers(1, 20), capacity=st.none() | st.integers(1, 90)
)
def test_every_ticket_has_the_first_step_that_still_applies_and_the_span_says_for_which_counts(
    steps, taken, quantity, capacity
):
    found = split(kind(steps, capacity), taken, quantity, NOW_MS)

    def prices_at(count: int) -> list[int]:
        return [price_of_ticket(steps, count + place) for place in range(quantity)]

    prices = [terms.price_cents for terms, count in found.parts for _ in range(count)]
    assert prices == prices_at(taken)
    for count in range(130):
        holds = prices_at(count) == prices and (capacity is None or count + quantity <= capacity)
        assert (found.span.low <= count <= found.span.high) == holds, count


def test_tickets_of_one_type_in_several_items_go_through_its_steps_one_after_another():
    stepped = kind([(None, 3)])
    other = replace(kind([]), id="other", number=9, counted=(), steps=())
    parts, spans = split_all([(stepped, 2), (other, 5), (stepped, 2)], {"tt": 0}, NOW_MS)
    assert [[(terms.price_cents, count) for terms, count in each] for each in parts] == [
        [(100, 2)],
        [(1000, 5)],
        [(100, 1), (1000, 1)],
    ]
    assert [(span.numbers, span.low, span.high) for span in spans] == [((0, 1), 0, 0)]


def test_the_step_that_stands_is_shown_with_what_comes_next():
    stepped = kind([(-1, None), (60, 10), (None, 20)])
    now, after = standing_steps(stepped, 4, NOW_MS)
    assert (now.kind.step, after.kind.step if after else "") == ("S1", "S2")
    now, after = standing_steps(stepped, 20, NOW_MS)
    assert (now.kind.step, after) == (None, None)
    assert standing_steps(kind([(None, None)]), 400, NOW_MS)[1] is None


def step(until_ms: int | None, until_sold: int | None, name: str = "") -> NewPriceStep:
    until = None if until_ms is None else from_ms(NOW_MS + until_ms)
    return NewPriceStep(name=name or f"{until_ms} {until_sold}", price_cents=1, until=until, until_sold=until_sold)


@pytest.mark.parametrize(
    ("steps", "pointer"),
    [
        ([step(None, None, "a"), step(None, 5)], "/price_steps/0"),
        ([step(5_000, None), step(5_000, 9)], "/price_steps/1/until"),
        ([step(None, 5), step(5_000, None), step(None, 5, "b")], "/price_steps/2/until_sold"),
    ],
)
def test_a_step_that_ends_no_later_than_the_one_before_it_is_refused(steps: list[NewPriceStep], pointer: str):
    with pytest.raises(PriceStepsOverlap) as refused:
        check_steps(steps)
    assert [error["pointer"] for error in refused.value.errors] == [pointer]


def test_a_step_of_the_same_name_keeps_its_number():
    first = numbered([step(None, 1, "a"), step(None, 2, "b")], (), [7, 8])
    again = numbered([step(None, 1, "c"), step(None, 4, "b")], first, [9])
    assert [(each.name, each.number) for each in again] == [("c", 9), ("b", 8)]
