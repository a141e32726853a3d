"""The pure parts of the sandbox: forms, cards, search, tables, fault dice."""

from __future__ import annotations

import pytest

from loadtest.sandbox import cards, lists, params, store
from loadtest.sandbox.cards import Card, Decline
from loadtest.sandbox.controls import Board, Controls, Fault
from loadtest.sandbox.errors import InvalidRequest
from loadtest.sandbox.search import _parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a=1&b=x%20y", {"a": "1", "b": "x y"}),
        ("a[b][c]=1&a[d]=2", {"a": {"b": {"c": "1"}, "d": "2"}}),
        ("a[]=1&a[]=2", {"a": ["1", "2"]}),
        ("a[1][x]=2&a[0][x]=1", {"a": [{"x": "1"}, {"x": "2"}]}),
        ("a[10]=k&a[9]=j", {"a": ["j", "k"]}),
        ("a=", {"a": ""}),
        ("", {}),
    ],
)
def test_bracketed_forms_are_read_as_stripe_reads_them(text, value):
    assert params.decode(text) == value


@pytest.mark.parametrize("text", ["a=1&a[b]=2", "a[b][c][d][e][f][g]=1", "&".join(f"a{n}=1" for n in range(1_001))])
def test_a_form_that_makes_no_sense_is_refused(text):
    with pytest.raises(InvalidRequest):
        params.decode(text)


def test_every_published_number_passes_the_check_digit_and_keeps_its_last_four():
    for number, card in cards.NUMBERS.items():
        assert cards.luhn(number), number
        assert number.endswith(card.last4)
        assert cards.by_number(number) is card


def test_any_other_number_is_refused_by_kind():
    assert isinstance(cards.by_number("4242 4242 4242 4242"), Card)
    assert cards.by_number("4929420573595709") is cards.LIVE_CARD
    assert cards.by_number("4242424242424241") is cards.INCORRECT_NUMBER
    assert isinstance(cards.by_number(""), Decline)


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ("metadata['order_id']:'ord_1'", True),
        ('metadata["order_id"]:"ord_2"', False),
        ("status:'succeeded' AND amount>1000", True),
        ("status:'succeeded' amount<1000", False),
        ("-status:'canceled'", True),
        ("status:'canceled' OR amount:4525", True),
        ("metadata['gone']:null", True),
        ("description~'stalls'", True),
        ("metadata['note']:'a AND b'", False),
    ],
)
def test_search_queries_find_what_they_say(query, matches):
    item = {"status": "succeeded", "amount": 4525, "metadata": {"order_id": "ord_1"}, "description": "Two Stalls"}
    assert all(test(item) for test in _parse(query)) is matches


@pytest.mark.parametrize("query", ["", "status", "status:'a' AND amount:1 OR amount:2", "status=':x'"])
def test_a_search_query_that_cannot_be_read_is_refused(query):
    with pytest.raises(InvalidRequest):
        _parse(query)


def test_a_forgetful_table_drops_its_oldest_and_pages_go_on():
    table = store.Table("events")
    table._capacity = 100
    for number in range(150):
        table.put({"id": f"evt_{number}"})
    ids = [item["id"] for item in table.newest_first()]
    assert len(ids) <= 100
    assert ids[0] == "evt_149"
    assert next(table.newest_first("evt_149"))["id"] == "evt_148"
    assert ids == sorted(ids, key=lambda name: -int(name[4:]))


def test_a_table_of_money_refuses_to_forget():
    table = store.Table("payment_intents")
    table._capacity = 2
    table.put({"id": "pi_1"})
    table.put({"id": "pi_2"})
    with pytest.raises(Exception, match="at most 2"):
        table.put({"id": "pi_3"})


def test_expanding_goes_down_paths_and_leaves_the_stored_object_alone():
    shelf = store.Store()
    shelf.save("charges", {"id": "ch_1", "balance_transaction": "txn_1"})
    shelf.save("balance_transactions", {"id": "txn_1", "net": 5, "_account": None})
    answer = {"latest_charge": "ch_1"}
    lists.expand(shelf, answer, ["latest_charge.balance_transaction"])
    assert answer["latest_charge"]["balance_transaction"] == {"id": "txn_1", "net": 5}
    assert shelf.get("charges", "ch_1")["balance_transaction"] == "txn_1"
    with pytest.raises(InvalidRequest):
        lists.expand(shelf, {"a": 1}, ["unknown"])


def test_a_counted_fault_is_used_up_and_a_seed_repeats_the_weather():
    board = Board(Controls(faults=[Fault("outage", remaining=2)]))
    struck = [board.fault_at("POST /v1/refunds", frozenset({"outage"})) for _ in range(4)]
    assert [fault is not None for fault in struck] == [True, True, False, False]
    once, again = (Board(Controls(seed=9, faults=[Fault("outage", probability=0.5)])) for _ in range(2))
    kinds = frozenset({"outage"})
    rolls = [[board.fault_at("x", kinds) is None for _ in range(50)] for board in (once, again)]
    assert rolls[0] == rolls[1]
    assert {True, False} == set(rolls[0])
