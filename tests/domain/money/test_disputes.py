"""What a dispute takes of an order: never more than is left, never a ticket that it does not pay for, to the cent."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from engine.domain.money.disputes import SUMS_MAX, Disputable, Standing, claim, standing
from engine.domain.money.orders import NewOrder, Order, OrderLine
from engine.domain.money.refunds import Parts
from engine.foundation.clock import now

GST = "GST"


def order_of(totals: list[int], taxes: list[int] | None = None) -> Order:
    taxes = taxes or [0] * len(totals)
    lines = tuple(
        OrderLine(
            line=number, unit=number, ticket_type_id="tt_1", section="Floor", seat=None, face_cents=total - tax,
            discount_cents=0, fee_cents=0, taxes={GST: tax}, total_cents=total,
        )
        for number, (total, tax) in enumerate(zip(totals, taxes, strict=True))
    )  # fmt: skip
    return NewOrder(
        id="ord_1", number="1", event_id="evt_1", hold_id="hld_1", user_id=None, buyer_name="Ada",
        buyer_email="a@b.test", consents={}, currency="CAD", amount_cents=sum(totals),
        price={"taxes": {GST: sum(taxes)}}, lines=lines, expires_at=now(),
    ).opened(organization_id="org_1", destination_account=None, event_ends_at=now())  # fmt: skip


def tickets_of(order: Order, *, used: frozenset[int] = frozenset()) -> list[Disputable]:
    return [Disputable(f"tkt_{line.line}", line.line, line.line in used) for line in order.lines]


@pytest.mark.parametrize(
    ("totals", "cents", "ended"),
    [
        ([2000, 2000], 2000, [0]),
        ([2000, 2000], 4000, [0, 1]),
        ([2000, 2000], 9000, [0, 1]),
        ([2000, 2000], 1999, []),
        ([2000, 2000], 3000, [0]),
        ([1000, 3000], 3000, [1]),
        ([700, 500, 300], 800, [1, 2]),
        ([2000, 0], 2000, [0, 1]),
        ([2000, 2000, 0], 2000, [0]),
    ],
)
def test_a_dispute_ends_the_tickets_it_pays_for(totals: list[int], cents: int, ended: list[int]):
    order = order_of(totals)
    found = claim(order, cents, gone=Parts(0), tickets=tickets_of(order))
    assert found.ticket_ids == tuple(f"tkt_{line}" for line in ended)
    assert found.parts.total_cents == min(cents, sum(totals))


def test_who_is_inside_keeps_the_ticket_if_another_pays_for_the_dispute():
    order = order_of([2000, 2000])
    found = claim(order, 2000, gone=Parts(0), tickets=tickets_of(order, used=frozenset({0})))
    assert found.ticket_ids == ("tkt_1",)


def test_what_is_gone_already_is_not_taken_again():
    order = order_of([2000, 2000], [100, 100])
    left = tickets_of(order)[1:]
    found = claim(order, 4000, gone=Parts(1900, {GST: 100}), tickets=left)
    assert (found.parts, found.ticket_ids) == (Parts(1900, {GST: 100}), ("tkt_1",))
    assert claim(order, 4000, gone=Parts(3800, {GST: 200}), tickets=[]).parts.total_cents == 0


@given(
    totals=some.lists(some.integers(0, 9_000), min_size=1, max_size=8),
    cents=some.integers(1, 80_000),
    gone_cents=some.integers(0, 20_000),
    used=some.frozensets(some.integers(0, 7)),
)
def test_a_claim_is_whole_cents_of_what_is_left_and_its_tickets_cost_no_more(totals, cents, gone_cents, used):
    taxes = [total // 20 for total in totals]
    order = order_of(totals, taxes)
    gone_cents = min(gone_cents, order.amount_cents)
    tax_cents = min(gone_cents, sum(taxes))
    gone = Parts(gone_cents - tax_cents, {GST: tax_cents})
    if gone.net_cents > order.paid_parts.net_cents:
        return
    found = claim(order, cents, gone=gone, tickets=tickets_of(order, used=used))
    left_cents = order.amount_cents - gone_cents
    assert found.parts.total_cents == max(0, min(cents, left_cents))
    assert 0 <= found.parts.taxes.get(GST, 0) <= sum(taxes) - tax_cents
    price = sum(order.lines[int(one.removeprefix("tkt_"))].total_cents for one in found.ticket_ids)
    assert price <= found.parts.total_cents or found.parts.total_cents == left_cents


def test_an_order_of_very_many_prices_is_still_covered_in_bounded_work():
    totals = [3**power for power in range(16)] + [2**power + 7 for power in range(16)]
    order = order_of(totals)
    found = claim(order, sum(totals) - 1, gone=Parts(0), tickets=tickets_of(order))
    assert sum(totals) > SUMS_MAX
    assert 0 < len(found.ticket_ids) < len(totals)


@pytest.mark.parametrize(
    ("status", "means"),
    [("won", Standing.WON), ("warning_closed", Standing.WON), ("prevented", Standing.WON), ("lost", Standing.LOST),
     ("needs_response", Standing.OPEN), ("under_review", Standing.OPEN), ("a_new_word", Standing.OPEN),
     ("warning_needs_response", Standing.INQUIRY), ("warning_under_review", Standing.INQUIRY)],
)  # fmt: skip
def test_the_providers_words_have_one_meaning_each(status: str, means: Standing):
    assert standing(status) is means


def test_an_order_that_was_charged_back_has_nothing_left_to_return():
    order = replace(order_of([2000, 2000]), refunded_cents=1000, charged_back_cents=3000)
    assert order.refundable_cents == 0
