from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from engine.pages.catalogue.search import Search, place_of


def test_an_empty_form_narrows_nothing() -> None:
    search = Search.read({"q": " ", "from": ""})
    assert not search.narrowed
    assert search.filter().q is None


def test_what_cannot_be_read_is_left_out_rather_than_refused() -> None:
    wanted = Search.read({"from": "soon", "to": "2026-13-40", "price_max": "cheap", "q": "jazz"}).filter()
    assert (wanted.day_from, wanted.day_to, wanted.price_max, wanted.q) == (None, None, None, "jazz")


def test_days_are_days_at_the_event() -> None:
    wanted = Search.read({"from": "2026-12-23", "to": "2026-12-24"}).filter()
    assert (wanted.day_from, wanted.day_to, wanted.over_too) == (date(2026, 12, 23), date(2026, 12, 24), False)
    assert Search.read({"to": "9999-12-31"}).filter().day_to is None


def test_a_price_is_read_in_whole_units_with_a_comma_or_a_point() -> None:
    assert Search.read({"price_max": "$49,50"}).filter().price_max == Decimal("49.50")
    assert Search.read({"price_max": "1,500,000"}).filter().price_max == 1_500_000
    assert Search.read({"price_max": "1 500 000"}).filter().price_max == 1_500_000
    assert Search.read({"price_max": "NaN"}).filter().price_max is None
    assert Search.read({"price_max": "-1"}).filter().price_max is None


def test_a_category_typed_in_any_way_is_the_one_of_the_taxonomy_and_a_currency_one_of_the_table() -> None:
    assert Search.read({"category": "Sport "}).filter().category == "sports"
    assert Search.read({"currency": "jpy"}).filter().currency == "JPY"
    assert Search.read({"currency": "DEM"}).filter().currency is None


def test_the_next_page_keeps_the_search() -> None:
    assert Search.read({"q": "a&b", "city": "Hull"}).url("x y") == "/?q=a%26b&city=Hull&cursor=x+y"


@given(st.text(max_size=200))
def test_a_foreign_cursor_is_the_beginning(cursor: str) -> None:
    assert place_of(cursor) is None


@given(st.dictionaries(st.sampled_from(["q", "city", "category", "from", "to", "price_max"]), st.text(max_size=300)))
def test_any_form_can_be_read(query: dict[str, str]) -> None:
    search = Search.read(query)
    search.filter()
    assert len(search.q) <= 100
