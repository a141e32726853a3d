"""The box office's arithmetic: change, comps, what a drawer expects, and how a guest list is read."""

from __future__ import annotations

import pytest

from engine.domain.money.box_office.drawers import expected_cents
from engine.domain.money.box_office.guests import ROWS_MAX, read_table
from engine.domain.money.box_office.sales import (
    CounterPayment,
    CounterSale,
    GivenPayment,
    check,
    check_received,
    comp_price,
)
from engine.domain.prices import Fee, Line, quote
from engine.domain.sale.holds import HoldItem
from engine.domain.taxes import Tax
from engine.foundation.errors import Invalid

ITEMS = (HoldItem("tt_A", 2),)
PRICE = quote(
    currency="CAD",
    lines=[Line("tt_A", 1_001), Line("tt_A", 1_001)],
    taxes=[Tax("GST", 500), Tax("PST", 700)],
    fee=Fee(rate_bp=250, fixed_cents=50),
)


def test_a_comp_costs_nothing_line_by_line_and_keeps_its_tickets():
    given = comp_price(PRICE)
    assert (given.total_cents, given.service_fee_cents, given.taxes) == (0, 0, {"GST": 0, "PST": 0})
    assert [(line.ticket_type_id, line.total_cents) for line in given.lines] == [("tt_A", 0), ("tt_A", 0)]


@pytest.mark.parametrize(("received_cents", "change_cents"), [(None, 0), (2_500, 0), (5_000, 2_500)])
def test_change_is_what_was_handed_over_less_the_price(received_cents, change_cents):
    paid = CounterPayment("ord_A", "evt_A", "cash", 2_500, received_cents, None, "", "usr_A")
    assert paid.change_cents == change_cents


def test_too_little_cash_is_refused_with_the_price():
    check_received(GivenPayment(kind="cash", received_cents=PRICE.total_cents), PRICE)
    with pytest.raises(Invalid) as refused:
        check_received(GivenPayment(kind="cash", received_cents=PRICE.total_cents - 1), PRICE)
    assert refused.value.errors[0]["pointer"] == "/payment/received_cents"


@pytest.mark.parametrize(
    ("payment", "note", "pointer"),
    [
        (GivenPayment(kind="comp"), " \n", "/note"),
        (GivenPayment(kind="invoice", received_cents=1), "", "/payment/received_cents"),
    ],
)
def test_a_comp_without_a_reason_and_cash_for_an_invoice_are_refused(payment, note, pointer):
    with pytest.raises(Invalid) as refused:
        check(CounterSale(items=ITEMS, payment=payment, note=note))
    assert refused.value.errors[0]["pointer"] == pointer


def test_a_drawer_expects_its_float_and_its_cash_less_what_went_back():
    assert expected_cents(10_000, 3_000, 500) == 12_500


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_a_table_is_read_however_a_spreadsheet_parts_it(sign):
    rows = [
        ["\ufeffE-mail", " Name ", "TYPE", "Tickets"],
        ["a@b.test", '"Ada\nByron"', "Floor", "2"],
        ["", "", "", ""],
        ["", "Bob"],
    ]
    lines = read_table("\r\n".join(sign.join(row) for row in rows).encode())
    assert [(line.number, line.given.name, line.given.email, line.given.quantity) for line in lines] == [
        (2, "Ada\nByron", "a@b.test", "2"),
        (5, "Bob", "", ""),
    ]


@pytest.mark.parametrize(
    ("table", "code"),
    [
        (b"", "missing_column"),
        (b"name\n\n", "empty"),
        (b"name,name\nA,B\n", "unknown_column"),
        (b'name\n"A\n', "malformed_csv"),
        ("name\nÄ\n".encode("utf-16"), "not_utf8"),
        (b"name\n" + b"A\n" * (ROWS_MAX + 1), "too_many"),
    ],
)
def test_what_is_no_guest_list_says_why(table, code):
    with pytest.raises(Invalid) as refused:
        read_table(table)
    assert refused.value.errors[0]["code"] == code
