"""What comes back of tickets that their buyer gives back: cent by cent, whatever is given back in which order."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from engine.domain.catalogue.pricing.refund_policies import RefundPolicy, folded, read
from engine.domain.errors import OrderNotRefundable, RefundWindowClosed
from engine.domain.money.asked_refunds import OwnTicket, Returnable, check_open, chosen, returned
from engine.domain.money.orders import NewOrder, Order, OrderLine
from engine.foundation.errors import Conflict, Invalid

START = datetime(2027, 5, 1, 20, tzinfo=UTC)
NOON = datetime(2027, 4, 1, 12, tzinfo=UTC)


def line(place: int, face: int, fee: int = 0, discount: int = 0, **taxes: int) -> OrderLine:
    total = face - discount + fee + sum(taxes.values())
    return OrderLine(place, place, "tty_1", "Floor", None, face, discount, fee, taxes, total)


def order(*lines: OrderLine, status: str = "paid", currency: str = "CAD") -> Order:
    taxes: dict[str, int] = {}
    for name, cents in itertools.chain.from_iterable(one.taxes.items() for one in lines):
        taxes[name] = taxes.get(name, 0) + cents
    new = NewOrder("ord_1", "N", "evt_1", "hld_1", None, "Ada", "a@b.test", {}, currency,
                   sum(one.total_cents for one in lines), {"taxes": taxes}, lines, START)  # fmt: skip
    opened = new.opened(organization_id="org_1", destination_account=None, event_ends_at=START + timedelta(hours=3))
    return replace(opened, status=status)


def given(of: Order, rule: RefundPolicy, *, before: int = 0, left: int | None = None, **turned: object) -> Returnable:
    tickets = [OwnTicket(f"tkt_{one.line}", one.line, "valid", used=False, asked=False) for one in of.lines]
    left = of.amount_cents if left is None else left
    return replace(Returnable(of, rule, START, "published", tickets, before, left), **turned)


def cents(of: Returnable) -> list[int]:
    return [part.amount_cents for part in returned(of, of.tickets)]


AUTO = RefundPolicy(mode="automatic", until=None)
TAXED = line(0, 4999, 250, GST=262)


@pytest.mark.parametrize(
    ("policy", "lines", "expected"),
    [
        ({}, [TAXED], [4999 + 250]),  # the tax of the price alone: 262 x 4999 / 5249 = 249.52
        ({"fees_returned": True}, [TAXED], [5511]),
        ({"keep_bp": 1000}, [TAXED], [4724]),  # 5249 x 0.9 = 4724.1
        ({"keep_bp": 1000, "keep_fixed_cents": 200}, [TAXED], [4524]),
        ({"keep_bp": 10_000}, [TAXED], [0]),
        ({"keep_fixed_cents": 9999}, [TAXED], [0]),
        ({"keep_bp": 5000}, [line(0, 999), line(1, 999), line(2, 999)], [500, 499, 500]),  # 1498.5 in all, once half-up
        ({}, [line(0, 0)], [0]),
        ({}, [line(0, 3000, discount=500)], [2500]),
    ],
)
def test_a_ticket_brings_back_what_the_policy_leaves(policy: dict, lines: list[OrderLine], expected: list[int]):
    assert cents(given(order(*lines), RefundPolicy(mode="automatic", **policy))) == expected


def test_one_after_the_other_returns_what_all_at_once_do():
    of = order(*(line(place, 999, 99, GST=55) for place in range(5)))
    policy = RefundPolicy(mode="automatic", keep_bp=3333, fees_returned=True)
    at_once = cents(given(of, policy))
    before, left, one_by_one = 0, of.amount_cents, []
    for place in range(5):
        here = given(of, policy, before=before, left=left)
        (part,) = returned(here, [here.tickets[place]])
        before, left = before + part.worth_cents, left - part.amount_cents
        one_by_one.append(part.amount_cents)
    assert one_by_one == at_once


def test_no_more_comes_back_than_is_left():
    assert cents(given(order(line(0, 1000), line(1, 1000)), AUTO, left=1500)) == [1000, 500]


def test_money_whose_last_digit_is_always_nought_comes_back_in_whole_steps():
    of = order(line(0, 9_990), currency="KWD")
    assert cents(given(of, RefundPolicy(mode="automatic", keep_bp=5000))) == [5_000]  # 4,995


@pytest.mark.parametrize(
    ("turned", "moment", "refusal"),
    [
        ({}, START, RefundWindowClosed),
        ({"policy": RefundPolicy(mode="automatic", until=NOON)}, NOON, RefundWindowClosed),
        ({"policy": RefundPolicy(mode="none")}, NOON, RefundWindowClosed),
        ({"event_status": "cancelled"}, NOON, RefundWindowClosed),
        ({"order": order(TAXED, status="pending")}, NOON, OrderNotRefundable),
        ({"order": order(TAXED, status="disputed")}, NOON, OrderNotRefundable),
    ],
)
def test_when_nothing_may_be_given_back(turned: dict, moment: datetime, refusal: type[Conflict]):
    with pytest.raises(refusal):
        check_open(given(order(TAXED), AUTO, **turned), moment)


def test_until_the_last_moment_it_may():
    check_open(given(order(TAXED), RefundPolicy(mode="approval", until=NOON)), NOON - timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("ticket", "code"),
    [
        (OwnTicket("tkt_0", 0, "refunded", used=False, asked=False), "refund_exceeds_paid"),
        (OwnTicket("tkt_0", 0, "cancelled", used=False, asked=False), "refund_exceeds_paid"),
        (OwnTicket("tkt_0", 0, "blocked", used=False, asked=False), "ticket_not_returnable"),
        (OwnTicket("tkt_0", 0, "transfer_pending", used=False, asked=False), "ticket_not_returnable"),
        (OwnTicket("tkt_0", 0, "valid", used=True, asked=False), "ticket_already_used"),
        (OwnTicket("tkt_0", 0, "valid", used=False, asked=True), "refund_request_open"),
        (OwnTicket("tkt_0", 0, "valid", used=False, asked=False, handed_on=True), "ticket_not_returnable"),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_a_ticket_that_may_not_be_given_back_says_why(ticket: OwnTicket, code: str, named: bool):
    here = given(order(TAXED), AUTO, tickets=[ticket])
    with pytest.raises(Conflict) as refused:
        chosen(here, ["tkt_0"] if named else None)
    assert refused.value.code == code


@pytest.mark.parametrize("ids", [["tkt_9"], ["tkt_0", "tkt_0"]])
def test_a_ticket_of_another_order_or_named_twice_is_refused(ids: list[str]):
    with pytest.raises(Invalid):
        chosen(given(order(TAXED), AUTO), ids)


def test_the_time_is_one_under_both_names_and_alone_it_means_asking():
    policy, until = folded(RefundPolicy(until=NOON), None)
    assert (read({}, until).mode, read({}, None).mode, read({"mode": "none"}, until).mode) == (
        "approval", "none", "none",
    )  # fmt: skip
    assert (until, read({"keep_bp": 5}, until)) == (NOON, RefundPolicy(mode="approval", until=NOON, keep_bp=5))
    assert isinstance(policy, RefundPolicy)
    with pytest.raises(Invalid):
        folded(RefundPolicy(until=NOON), START)
