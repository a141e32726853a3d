"""Every price agrees, line by line and cent by cent, with a model that knows nothing of its code."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.domain.prices import Discount, Fee, Line, quote
from engine.domain.taxes import Tax
from tests.money_model import Terms, price

terms = st.builds(
    Terms,
    taxes=st.dictionaries(st.sampled_from(["GST", "PST", "VAT"]), st.integers(0, 3000), max_size=3),
    fee_bp=st.integers(0, 3000),
    fee_fixed_cents=st.integers(0, 500),
    buyer_pays=st.booleans(),
    percent_bp=st.integers(0, 10_000),
    fixed_off_cents=st.just(0) | st.integers(1, 100_000),
)
tickets = st.lists(st.tuples(st.integers(0, 99_999), st.booleans()), min_size=1, max_size=10)


@given(tickets=tickets, terms=terms)
def test_a_price_is_what_the_design_says_it_is(tickets, terms):
    discount = None
    if terms.fixed_off_cents:
        discount = Discount("fixed", terms.fixed_off_cents)
    elif terms.percent_bp:
        discount = Discount("percent", terms.percent_bp)
    priced = quote(
        currency="CAD",
        lines=[Line("tt", cents, taxable) for cents, taxable in tickets],
        taxes=[Tax(name, bp) for name, bp in terms.taxes.items()],
        fee=Fee(terms.fee_bp, terms.fee_fixed_cents, "buyer" if terms.buyer_pays else "organizer"),
        discount=discount,
    )
    model = price([cents for cents, _ in tickets], [taxable for _, taxable in tickets], terms)
    for line, expected in zip(priced.lines, model, strict=True):
        assert line.discount_cents == expected.off
        assert line.fee_cents == expected.fee
        assert line.taxes == expected.taxes
        assert line.total_cents == expected.total
    assert priced.total_cents == sum(ticket.total for ticket in model)
