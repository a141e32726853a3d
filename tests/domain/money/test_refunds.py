"""Refunds return exactly what was paid, in any order and any mixture."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.money import refunds
from engine.domain.money.refunds import Parts
from engine.domain.prices import Fee, Line, quote
from engine.domain.taxes import Tax

CASES = json.loads((Path(__file__).parents[1] / "money_cases.json").read_text())
REFUNDED = [case for case in CASES if "refunds" in case]


def plus(a, b):
    taxes = {name: a.taxes.get(name, 0) + b.taxes.get(name, 0) for name in a.taxes | b.taxes}
    return Parts(a.net_cents + b.net_cents, taxes)


@pytest.mark.parametrize("case", REFUNDED, ids=lambda case: case["name"])
def test_partial_refunds_agree_with_the_published_case(case):
    taxes = dict(case["order"])
    paid, refunded = Parts(taxes.pop("net"), taxes), Parts(0)
    for amount, expected in zip(case["refunds"], case["expect"], strict=True):
        parts = refunds.of_amount(amount, paid=paid, refunded=refunded)
        assert [parts.net_cents, parts.taxes["GST"], parts.taxes["PST"]] == expected
        refunded = plus(refunded, parts)
    assert refunded == paid


@given(st.data())
def test_any_mixture_of_line_and_amount_refunds_returns_every_tax_to_the_cent(data):
    line = st.builds(Line, st.just("tt"), st.integers(1, 9999), st.booleans())
    lines = data.draw(st.lists(line, min_size=1, max_size=6))
    fee = Fee(data.draw(st.integers(0, 900)), 30)
    price = quote(currency="CAD", lines=lines, taxes=[Tax("GST", 500), Tax("PST", 700)], fee=fee)
    paid, refunded = Parts(price.total_cents - price.tax_cents, price.taxes), Parts(0)
    unreturned = list(price.lines)
    for _ in range(20):
        left = paid.total_cents - refunded.total_cents
        if left == 0:
            break
        fitting = [line for line in unreturned if 0 < line.total_cents <= left]
        if fitting and data.draw(st.booleans()):
            line = data.draw(st.sampled_from(fitting))
            unreturned.remove(line)
            parts = refunds.of_line(line.total_cents, line.taxes, paid=paid, refunded=refunded)
            assert parts.total_cents == line.total_cents
        else:
            amount = data.draw(st.integers(1, left))
            parts = refunds.of_amount(amount, paid=paid, refunded=refunded)
            assert parts.total_cents == amount
        assert min(parts.net_cents, *parts.taxes.values()) >= 0
        refunded = plus(refunded, parts)
    left = paid.total_cents - refunded.total_cents
    if left:
        refunded = plus(refunded, refunds.of_amount(left, paid=paid, refunded=refunded))
    assert refunded == paid


@given(st.lists(st.integers(1, 9999), min_size=1, max_size=6))
def test_line_refunds_alone_return_the_stored_cents_of_each_line(prices):
    price = quote(currency="CAD", lines=[Line("tt", p) for p in prices], taxes=[Tax("GST", 500)], fee=Fee())
    paid, refunded = Parts(price.total_cents - price.tax_cents, price.taxes), Parts(0)
    for line in reversed(price.lines):
        parts = refunds.of_line(line.total_cents, line.taxes, paid=paid, refunded=refunded)
        assert parts.taxes == line.taxes
        refunded = plus(refunded, parts)
    assert refunded == paid


def test_more_than_was_paid_is_a_broken_promise():
    with pytest.raises(AssertionError):
        refunds.of_amount(101, paid=Parts(100), refunded=Parts(0))
