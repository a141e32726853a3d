"""Random carts against a slow reference written apart: equal to the cent, and refunds return all of it.

``ONSALE_CARTS=10000`` tries as many of them.
"""

from __future__ import annotations

import os
from fractions import Fraction
from math import floor

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.money.refunds import Parts, of_amount
from engine.domain.prices import Discount, Fee, Line, quote
from engine.domain.taxes import Tax

TYPES = ["a", "b", "c"]
CARTS_TRIED = int(os.environ.get("ONSALE_CARTS", "500"))


def nearest(value: Fraction, step: int) -> int:
    """To a multiple of the step, halves up."""
    return floor(value / step + Fraction(1, 2)) * step


def shared(amount: int, weights: list[int], step: int) -> list[int]:
    """A step at a time to the line that is furthest below its exact share, the earlier one of two."""
    whole = sum(weights)
    exact = [Fraction(amount * weight, whole) if whole else Fraction(0) for weight in weights]
    given_out = [floor(part / step) * step for part in exact]
    owed = [part - out for part, out in zip(exact, given_out, strict=True)]
    while sum(given_out) < amount:
        place = max(range(len(owed)), key=lambda index: (owed[index], -index))
        given_out[place] += step
        owed[place] -= step
    return given_out


def taken_off(rule: Discount, cart: list[Line], left: list[int], step: int) -> list[int]:
    mine = [left[i] if not rule.ticket_type_ids or line.ticket_type_id in rule.ticket_type_ids else 0
            for i, line in enumerate(cart)]  # fmt: skip
    wanted = Fraction(rule.value) if rule.kind == "fixed" else Fraction(sum(mine) * rule.value, 10_000)
    return shared(min(nearest(wanted, step), sum(mine)), mine, step)


def enough(rule: Discount, cart: list[Line]) -> bool:
    mine = [line for line in cart if not rule.ticket_type_ids or line.ticket_type_id in rule.ticket_type_ids]
    return len(mine) >= max(1, rule.quantity_min) and sum(line.price_cents for line in mine) >= rule.amount_min_cents


def reference(cart, taxes, fee, code, groups, *, included: bool, step: int) -> tuple[int, dict[str, int], list[int]]:
    """(total, taxes by name, what each ticket costs), by exact fractions."""
    left = [line.price_cents for line in cart]
    offers = [(rule, taken_off(rule, cart, left, step)) for rule in groups if enough(rule, cart)]
    rule, off = max(offers, key=lambda offer: sum(offer[1]), default=(None, [0] * len(cart)))
    if code is not None and enough(code, cart):
        if rule is not None and sum(off) and not rule.stackable:
            alone = taken_off(code, cart, left, step)
            off = alone if sum(alone) > sum(off) else off
        else:
            after = [a - b for a, b in zip(left, off, strict=True)]
            off = [a + b for a, b in zip(off, taken_off(code, cart, after, step), strict=True)]
    nets = [a - b for a, b in zip(left, off, strict=True)]
    rated = shared(nearest(Fraction(sum(nets) * fee.rate_bp, 10_000), step), nets, step)
    fees = [part + (fee.fixed_cents if net else 0) for part, net in zip(rated, nets, strict=True)]
    paid = [net + (part if fee.paid_by == "buyer" else 0) for net, part in zip(nets, fees, strict=True)]
    bases = [each if line.taxable else 0 for each, line in zip(paid, cart, strict=True)]
    rates = {tax.name: Fraction(str(tax.rate_bp)) / 10_000 for tax in taxes}
    under = 1 + sum(rates.values()) if included else Fraction(1)
    by_tax = {name: nearest(sum(bases) * rate / under, step) for name, rate in rates.items()}
    if not included:
        for cents in by_tax.values():
            paid = [a + b for a, b in zip(paid, shared(cents, bases, step), strict=True)]
    return sum(paid), by_tax, paid


def rules(step: int, *, least: int):
    types = st.frozensets(st.sampled_from(TYPES), max_size=2)
    return st.builds(
        lambda kind, value, types, quantity, amount, stackable: Discount(
            kind, value if kind == "percent" else value * step, types, quantity, amount, stackable
        ),
        st.sampled_from(["percent", "fixed"]),
        st.integers(1, 10_000),
        types,
        st.integers(least, 6),
        st.integers(0, 20_000),
        st.booleans(),
    )


@st.composite
def carts(draw):
    currency, step = draw(st.sampled_from([("CAD", 1), ("JPY", 1), ("KWD", 10)]))
    count = draw(st.integers(1, 9))
    cart = [
        Line(draw(st.sampled_from(TYPES)), draw(st.integers(0, 30_000)) * step, draw(st.booleans()))
        for _ in range(count)
    ]
    taxes = [
        Tax(f"T{place}", rate)
        for place, rate in enumerate(draw(st.lists(st.sampled_from([0, 500, 700, 997.5, 1300, 2000]), max_size=3)))
    ]
    fee = Fee(
        draw(st.integers(0, 2000)), draw(st.integers(0, 300)) * step, draw(st.sampled_from(["buyer", "organizer"]))
    )
    groups = draw(st.lists(rules(step, least=2), max_size=3))
    code = draw(st.none() | rules(step, least=1))
    return currency, step, cart, taxes, fee, code, groups, draw(st.booleans())


@settings(max_examples=CARTS_TRIED, deadline=None)
@given(cart=carts(), cuts=st.lists(st.integers(1, 10_000), max_size=4))
def test_every_cart_costs_what_the_reference_says_and_refunds_return_all_of_it(cart, cuts):
    currency, step, lines, taxes, fee, code, groups, included = cart
    price = quote(
        currency=currency, lines=lines, taxes=taxes, fee=fee, discount=code, groups=groups, tax_included=included
    )
    total, by_tax, paid = reference(lines, taxes, fee, code, groups, included=included, step=step)
    assert (price.total_cents, price.taxes) == (total, by_tax)
    assert [line.total_cents for line in price.lines] == paid
    added = 0 if included else price.tax_cents
    assert price.total_cents == price.face_cents - price.discount_cents + price.fees_cents + added
    assert all(amount % step == 0 for amount in (price.total_cents, price.tax_cents, *paid))

    whole, gone = Parts(price.total_cents - price.tax_cents, price.taxes), Parts(0)
    for cut in cuts:
        amount = min((whole.total_cents - gone.total_cents), whole.total_cents * cut // 10_000)
        gone = gone + of_amount(amount, paid=whole, refunded=gone) if amount else gone
    rest = whole.total_cents - gone.total_cents
    if rest:
        gone += of_amount(rest, paid=whole, refunded=gone)
    assert gone.total_cents == price.total_cents
    assert {name: cents for name, cents in gone.taxes.items() if cents} == {n: c for n, c in price.taxes.items() if c}
