"""Prices against the published cases, and properties that hold for every order."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.catalogue.promos import PERCENT_MAX_BP
from engine.domain.prices import Discount, Fee, Line, quote
from engine.domain.taxes import Tax, half_up, spread

CASES = json.loads((Path(__file__).parent / "money_cases.json").read_text())
PRICED = [case for case in CASES if "lines" in case]


def price_of(case):
    lines = [Line("tt", row["price_cents"]) for row in case["lines"] for _ in range(row["quantity"])]
    taxes = [Tax(name, rate_bp) for name, rate_bp in case["taxes"]]
    return quote(currency="CAD", lines=lines, taxes=taxes, fee=Fee(**case.get("fee", {})))


@pytest.mark.parametrize("case", PRICED, ids=lambda case: case["name"])
def test_a_price_agrees_with_the_published_case(case):
    price, expect = price_of(case), case["expect"]
    assert price.face_cents == expect["face"]
    assert price.total_cents == expect["total"]
    for name, shares in expect["taxes"].items():
        assert [line.taxes[name] for line in price.lines] == shares
    assert [line.fee_cents for line in price.lines] == expect.get("fee", [0] * len(price.lines))
    if "per_ticket" in expect:
        assert [line.total_cents for line in price.lines] == expect["per_ticket"]


cents = st.integers(0, 500_000)
taxes = st.lists(st.integers(0, 3000), max_size=3).map(
    lambda rates: [Tax(f"T{index}", rate_bp) for index, rate_bp in enumerate(rates)]
)
fees = st.builds(Fee, st.integers(0, 3000), st.integers(0, 500), st.sampled_from(["buyer", "organizer"]))
discounts = (
    st.none()
    | st.builds(Discount, st.just("percent"), st.integers(1, PERCENT_MAX_BP))
    | st.builds(Discount, st.just("fixed"), st.integers(1, 1_000_000))
)
lines = st.lists(st.builds(Line, st.just("tt"), cents, st.booleans()), min_size=1, max_size=12)


@given(lines=lines, taxes=taxes, fee=fees, discount=discounts)
def test_the_lines_of_a_price_sum_to_its_totals_and_nothing_is_negative(lines, taxes, fee, discount):
    price = quote(currency="CAD", lines=lines, taxes=taxes, fee=fee, discount=discount)
    assert price.total_cents == price.face_cents - price.discount_cents + price.fees_cents + price.tax_cents
    assert price.tax_cents == sum(price.taxes.values())
    for total, name in (
        (price.face_cents, "face_cents"),
        (price.discount_cents, "discount_cents"),
        (price.fees_cents, "fee_cents"),
        (price.total_cents, "total_cents"),
    ):
        assert total == sum(getattr(line, name) for line in price.lines)
    for name, total in price.taxes.items():
        assert total == sum(line.taxes[name] for line in price.lines)
    for line in price.lines:
        assert min(line.face_cents, line.discount_cents, line.fee_cents, line.total_cents, 0, *line.taxes.values()) == 0
        assert line.discount_cents <= line.face_cents


@given(lines=lines, taxes=taxes, fee=fees)
def test_a_whole_discount_makes_an_order_free(lines, taxes, fee):
    price = quote(currency="CAD", lines=lines, taxes=taxes, fee=fee, discount=Discount("percent", PERCENT_MAX_BP))
    assert price.total_cents == 0


@given(lines=lines, taxes=taxes)
def test_a_tax_is_within_half_a_cent_of_the_exact_one(lines, taxes):
    price = quote(currency="CAD", lines=lines, taxes=taxes, fee=Fee())
    base = sum(line.price_cents for line in lines if line.taxable)
    for tax in taxes:
        assert abs(2 * (price.taxes[tax.name] * 10_000 - base * tax.rate_bp)) <= 10_000


def test_a_line_that_is_not_taxable_carries_no_tax():
    lines = [Line("a", 1000, taxable=False), Line("b", 1000)]
    price = quote(currency="CAD", lines=lines, taxes=[Tax("GST", 500)], fee=Fee())
    assert [line.taxes["GST"] for line in price.lines] == [0, 50]


def test_a_fee_paid_by_the_organizer_costs_the_buyer_nothing_and_is_remembered():
    price = quote(currency="CAD", lines=[Line("a", 1000)], taxes=[Tax("GST", 500)], fee=Fee(600, 50, "organizer"))
    assert (price.fees_cents, price.total_cents, price.service_fee_cents) == (0, 1050, 110)


def test_a_fixed_discount_is_spread_with_ties_to_the_earlier_line():
    price = quote(currency="CAD", lines=[Line("a", 1000)] * 3, taxes=[], fee=Fee(), discount=Discount("fixed", 100))
    assert [line.discount_cents for line in price.lines] == [34, 33, 33]


def test_half_a_cent_goes_up():
    assert [half_up(n, 10) for n in (14, 15, 25, 24)] == [1, 2, 3, 2]


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any))
def test_a_spread_amount_is_whole(amount, weights):
    shares = spread(amount, weights)
    assert sum(shares) == amount
    assert all(share == 0 for share, weight in zip(shares, weights, strict=True) if weight == 0)


def test_an_encoded_price_says_each_line_and_its_taxes_in_one():
    encoded = msgspec.json.decode(msgspec.json.encode(price_of(PRICED[0])))
    assert encoded["total_cents"] == 3394
    assert [line["total_cents"] for line in encoded["lines"]] == [1132, 1132, 1130]
    assert encoded["lines"][0]["tax_cents"] == 122
