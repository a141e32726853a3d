"""The one table of the world against its sources, and against the provider's own."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.foundation.world import categories, countries, languages
from engine.foundation.world.currencies import CHARGEABLE, CURRENCIES, HELD_AMOUNT_MAX, find, is_chargeable, money
from loadtest.sandbox.currencies import CURRENCIES as THEIRS

RETIRED = ("DEM", "ITL", "HRK", "BGN", "ANG", "MRO", "STD", "LVL", "EEK", "ZWL", "VEF", "BYR")
NO_MONEY = ("X" * 3, "XAU", "XAG", "XTS", "XDR", "XUA", "CLF", "UYI", "MXV", "CHE", "COU", "BOV", "USN")
NOT_CHARGED = ("MRU", "IRR", "KPW", "CUP", "SYP", "VES", "ZWG", "LYD", "IQD")


@pytest.mark.parametrize("code", [*RETIRED, *NO_MONEY, *NOT_CHARGED, "", "cad", "CADD"])
def test_what_is_no_money_in_use_or_is_never_charged_cannot_be_sold_in(code: str):
    assert not is_chargeable(code)
    assert money(12_345, code or "EUR")  # an old row stays readable


def test_our_table_and_the_providers_say_the_same_of_every_currency():
    for code in CHARGEABLE:
        ours, theirs = CURRENCIES[code], THEIRS[code.lower()]
        assert ours.provider_digits == theirs.decimals
        assert ours.to_provider(ours.least) == theirs.minimum
        greatest = ours.to_provider(ours.greatest)
        assert greatest == theirs.maximum or ours.greatest > HELD_AMOUNT_MAX - ours.step, code
        assert greatest <= theirs.maximum
        assert ours.to_provider(ours.step) % theirs.step == 0
    assert {code.upper() for code in THEIRS} - set(CHARGEABLE) == {"ANG", "BGN", "STD"}, "withdrawn by ISO 4217"


@pytest.mark.parametrize(
    ("code", "cents", "asked"),
    [
        ("UGX", 5000, 500_000), ("ISK", 5000, 500_000), ("JPY", 5000, 5000), ("RSD", 5000, 5000), ("ALL", 5000, 5000),
        ("KWD", 5120, 5120), ("MGA", 500_000, 5000), ("HUF", 500_000, 500_000), ("TWD", 80_045, 80_045),
        ("CAD", 4500, 4500), ("IDR", 150_000_000, 150_000_000), ("VND", 50_000, 50_000), ("XOF", 1000, 1000),
    ],
)  # fmt: skip
def test_the_provider_is_asked_in_its_own_units(code: str, cents: int, asked: int):
    assert find(code).to_provider(cents) == asked
    assert find(code).from_provider(asked) == cents


@pytest.mark.parametrize(("code", "cents"), [("KWD", 5124), ("BHD", 1), ("OMR", 999), ("MGA", 550)])
def test_what_is_finer_than_a_step_has_no_amount_at_the_provider(code: str, cents: int):
    with pytest.raises(ValueError, match=code):
        find(code).to_provider(cents)


@given(st.sampled_from(CHARGEABLE), st.integers(1, 10**7))
def test_an_amount_comes_back_from_the_provider_as_it_went(code: str, steps: int):
    currency = find(code)
    cents = min(steps * currency.step, currency.greatest)
    assert currency.from_provider(currency.to_provider(cents)) == cents


@given(st.sampled_from(CHARGEABLE), st.integers(0, 10**10))
def test_money_is_written_with_the_digits_it_is_counted_in(code: str, cents: int):
    written = "".join(c for c in money(cents, code) if c.isdigit())
    assert int(written) == cents


def test_every_iso_currency_has_the_minor_units_of_iso_4217():
    """ISO 4217 list one: the few that do not have two."""
    none = {code for code, currency in CURRENCIES.items() if currency.digits == 0}
    three = {code for code, currency in CURRENCIES.items() if currency.digits == 3}
    whole = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
    assert none == set(whole.split())
    assert three == {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("sport", "sports"), ("Sports ", "sports"), (" SPORTS", "sports"), ("s\u200bport", "sports"),
        ("Th\u00e9\u00e2tre", "theatre"), ("theater", "theatre"), ("Stand-up", "comedy"), ("stand up", "comedy"),
        ("Live  Music", "concert"), ("Food & Drink", "food"), ("other", "other"), ("polka", None), ("", None),
    ],
)  # fmt: skip
def test_a_category_is_known_by_any_of_its_words(typed: str, name: str | None):
    assert categories.canonical(typed) == name


@given(
    st.sampled_from(sorted(categories.ALIASES)), st.sampled_from([str.upper, str.title, str.casefold, " {} ".format])
)
def test_case_and_blanks_make_no_other_category(word: str, spelled):
    assert categories.canonical(spelled(word)) == categories.ALIASES[word]
    assert categories.canonical(unicodedata.normalize("NFD", spelled(word))) == categories.ALIASES[word]


def test_countries_are_kept_by_their_code():
    assert len(countries.COUNTRIES) == 249
    assert [countries.folded(typed) for typed in ("ca", " DE ", "Canada", "")] == ["CA", "DE", "Canada", ""]
    assert ("CA", "Canada") in countries.offered()


def test_a_language_is_known_by_its_tag():
    assert [languages.known(tag) for tag in ("fr-CA", "ES", "en_GB", "xx", "*")] == ["fr", "es", "en", None, None]
