"""What an intent means for its order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.domain.errors import AmountTooSmall, PaymentMismatch
from engine.domain.money.payments import Intent, Verdict, check, judge
from engine.domain.prices import check_chargeable

PAID = Intent("pi_1", "succeeded", 1000, 1000, "CAD", "ord_1")


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("succeeded", Verdict.SETTLE),
        ("canceled", Verdict.CLOSE),
        ("processing", Verdict.WAIT),
        ("requires_capture", Verdict.WAIT),
        ("requires_action", Verdict.OPEN),
        ("requires_confirmation", Verdict.OPEN),
        ("requires_payment_method", Verdict.OPEN),
        ("a_status_of_the_future", Verdict.WAIT),
    ],
)
def test_only_a_cancelled_payment_lets_the_units_go(status, verdict):
    assert judge(replace(PAID, status=status)) is verdict


def test_an_intent_that_pays_exactly_this_order_is_accepted():
    check(PAID, order_id="ord_1", intent_id="pi_1", amount_cents=1000, currency="CAD")
    check(PAID, order_id="ord_1", intent_id=None, amount_cents=1000, currency="CAD")


@pytest.mark.parametrize(
    "intent",
    [
        replace(PAID, order_id="ord_2"),
        replace(PAID, order_id=None),
        replace(PAID, id="pi_2"),
        replace(PAID, currency="USD"),
        replace(PAID, amount_cents=999),
        replace(PAID, amount_received_cents=999),
    ],
)
def test_an_intent_that_differs_in_anything_is_not_this_orders(intent):
    with pytest.raises(PaymentMismatch):
        check(intent, order_id="ord_1", intent_id="pi_1", amount_cents=1000, currency="CAD")


@pytest.mark.parametrize("amount_cents", [1, 49])
def test_amounts_below_the_providers_least_are_refused(amount_cents):
    with pytest.raises(AmountTooSmall):
        check_chargeable(amount_cents, "CAD")
    check_chargeable(0, "CAD")
    check_chargeable(50, "CAD")
