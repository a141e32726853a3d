"""Equal tickets are told together, and rounding is named."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.domain.prices import Fee, Line, quote
from engine.domain.sale.ticket_groups import groups_of
from engine.domain.taxes import Tax
from engine.foundation.world.currencies import CHARGEABLE, find


def test_two_tickets_of_15_83_that_cost_31_65_are_told_with_their_rounding():
    price = quote(currency="CAD", lines=[Line("t", 1413)] * 2, taxes=[Tax("GST", 500), Tax("PST", 700)], fee=Fee())
    (group,) = groups_of(price.lines, {})
    assert (group.quantity, group.each_cents, group.rounding_cents, group.total_cents) == (2, 1583, -1, 3165)


def test_each_is_the_listed_price_unless_that_is_another_by_now():
    price = quote(currency="CAD", lines=[Line("t", 2000)] * 2, taxes=[Tax("GST", 512)], fee=Fee())
    told = [
        (group.each_cents, group.rounding_cents) for now in (2102, 2500) for group in groups_of(price.lines, {"t": now})
    ]
    assert told == [(2102, 1), (2103, -1)]


def test_types_stay_apart_and_keep_their_order():
    lines = [Line("b", 100), Line("a", 100), Line("b", 100), Line("a", 200)]
    found = groups_of(quote(currency="CAD", lines=lines, taxes=[], fee=Fee()).lines, {})
    assert [(group.ticket_type_id, group.quantity, group.lines) for group in found] == [
        ("b", 2, [0, 2]),
        ("a", 1, [1]),
        ("a", 1, [3]),
    ]


@given(
    st.sampled_from(CHARGEABLE),
    st.lists(st.integers(0, 99_999), min_size=1, max_size=12),
    st.integers(0, 2500),
    st.integers(0, 2500),
)
def test_groups_and_their_rounding_sum_to_the_total_in_every_currency(code, steps, tax_bp, fee_bp):
    step = find(code).step
    lines = [Line(f"t{n % 3}", n * step) for n in steps]
    price = quote(currency=code, lines=lines, taxes=[Tax("VAT", tax_bp)], fee=Fee(fee_bp))
    groups = groups_of(price.lines, {})
    assert sum(group.quantity * group.each_cents + group.rounding_cents for group in groups) == price.total_cents
    assert all(line.total_cents % step == 0 for line in price.lines), "each can be charged and refunded alone"
    assert price.face_cents - price.discount_cents + price.fees_cents + price.tax_cents == price.total_cents
