"""One folding for addresses and one for codes: who means the same is the same, who means another is not."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.foundation.folding import (
    NotAnAddress,
    code_folded,
    code_shown,
    email_folded,
    is_name,
    look,
    name_kept,
    text_folded,
    visible,
)
from tests.names import DIRECTIONS, made

ANY_TEXT = st.text(max_size=40)
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\u202a\u202e\u2066\u2069\u034f\u180e\u3164\ufe0f\U000e0041"
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d\u00ad-\u2043\u2e3a\u301c"


@pytest.mark.parametrize(
    "typed",
    [
        "ann@example.com",
        " Ann@Example.COM\t",
        "\u00a0ANN@EXAMPLE.com\u3000",
        "ann\u200b@exam\u200dple.com",
        "\ufeffann@example.com",
        "an\u00adn@example\u2060.com",
        "\u202eann@example.com\u202c",
        "\uff41nn@example.com",
        "ann\uff20example.com",
        "ann@example\uff0ecom",
        "ann@example\u3002com",
        "ann@\uff45xample.com",
        "ann@example.com.",
        "\u1d43nn@example.com",
        "ann\ufe0f@example.com",
        "ann@example.com\U000e0041",
    ],
)
def test_an_address_is_the_same_person_however_it_is_typed(typed):
    assert email_folded(typed) == "ann@example.com"


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("ada@b\u00fccher.test", "ada@xn--bcher-kva.test"),
        ("ada@bu\u0308cher.test", "ada@xn--bcher-kva.test"),
        ("ada@B\u00dcCHER.test", "ada@xn--bcher-kva.test"),
        ("ada@XN--Bcher-KVA.test", "ada@xn--bcher-kva.test"),
        ("j\u00f6rg@example.com", "j\u00f6rg@example.com"),
        ("JO\u0308RG@example.com", "j\u00f6rg@example.com"),
        ("ann@stra\u00dfe.example", "ann@xn--strae-oqa.example"),
        ("\u7528\u6237@\u4f8b\u5b50.\u6d4b\u8bd5", "\u7528\u6237@xn--fsqu00a.xn--0zwm56d"),
        ("a+b.c@example.com", "a+b.c@example.com"),
        ("o'brien@example.com", "o'brien@example.com"),
        ("ann@localhost", "ann@localhost"),
        ("ann@my_host.example", "ann@my_host.example"),
    ],
)
def test_a_domain_is_written_as_the_net_writes_it(typed, folded):
    assert email_folded(typed) == folded


@pytest.mark.parametrize(
    "typed",
    [
        "", " ", "ann", "@", "ann@", "@example.com", "a b@example.com", "ann@exam ple.com", "ann@@example.com",
        "ann@example..com", "ann@.example.com", "ann@-example.com", "ann@example-.com", "ann@exa\x00mple.com",
        "an\x00n@example.com", "ann\n@example.com", '"ann"@example.com', "ann,bob@example.com", "<ann@example.com>",
        "ann@[127.0.0.1]", "\u200b@example.com", "ann@\u200b", "ann@xn--a.test", "ann@xn--\u00fc.test",
        "a" * 65 + "@example.com", "ann@" + "a" * 64 + ".com", "ann@" + ".".join(["abcdefgh"] * 40),
        "\u00e9" * 33 + "@example.com",
        "ann@\u202e", "ann\u2028@example.com", "ann@exa\u2800mple.com",
    ],
)  # fmt: skip
def test_what_is_no_address_is_nobody(typed):
    with pytest.raises(NotAnAddress):
        email_folded(typed)


def test_other_people_stay_other_people():
    people = [
        "ann@example.com", "an.n@example.com", "ann+1@example.com", "ann@example.org", "ann@sub.example.com",
        "\u0430nn@example.com", "a\u0144n@example.com", "anne@example.com",
    ]  # fmt: skip
    assert len(set(map(email_folded, people))) == len(people)


@given(ANY_TEXT, ANY_TEXT)
def test_a_folded_address_is_folded(local, domain):
    try:
        once = email_folded(f"{local}@{domain}")
    except NotAnAddress:
        return
    assert email_folded(once) == once
    assert visible(once) == once
    assert once.rpartition("@")[2].isascii()
    assert not any(unicodedata.category(sign) in {"Cc", "Cf", "Zs", "Zl", "Zp"} for sign in once)


@pytest.mark.parametrize(
    "typed",
    [
        "early-bird 26",
        "EARLY-BIRD-26",
        "earlybird26",
        " Early\u2013Bird\u00a026\n",
        "early\u2212bird\u200926",
        "\uff25\uff21\uff32\uff2c\uff39\uff0dbird26",
        "early\u200bbird\u200d26",
        "early\u00adbird26",
        "\u202aearly-bird26\u202c",
        "e\u200carly--bird  26",
        "early\u2014bird\u30002\ufe0f6",
        "early\u2011bird\u2800\u2460\u2080".replace("\u2460\u2080", "26"),
    ],
)
def test_a_code_is_the_same_however_it_is_typed(typed):
    assert code_folded(typed) == "EARLYBIRD26"


@pytest.mark.parametrize("dash", DASHES)
def test_no_kind_of_dash_tells_codes_apart(dash):
    assert code_folded(f"VIP{dash}2026") == "VIP2026"


@pytest.mark.parametrize("sign", INVISIBLE)
def test_nothing_invisible_tells_codes_or_addresses_apart(sign):
    assert code_folded(f"VI{sign}P") == "VIP"
    assert email_folded(f"an{sign}n@exam{sign}ple.com") == "ann@example.com"
    assert text_folded(f"vis{sign}itor 7") == "visitor 7"


@pytest.mark.parametrize(
    ("one", "same"), [("Caf\u00e9", "cafe\u0301"), ("stra\u00dfe", "STRASSE"), ("\ufb01x", "FIX"), ("\u0131x", "IX")]
)
def test_letters_have_one_form_in_codes(one, same):
    assert code_folded(one) == code_folded(same)


def test_other_codes_stay_other_codes():
    codes = ["A1", "AI", "A-11", "A.1", "A_1", "CAFE", "CAF\u00c9", "\u0410\u0031", "A!"]
    assert len(set(map(code_folded, codes))) == len(codes)


@pytest.mark.parametrize("typed", ["", " ", "---", "\u2013 \u2014", "\u200b", "\u3164\u2800"])
def test_dashes_and_blanks_alone_are_no_code(typed):
    assert code_folded(typed) == ""


def test_its_owner_reads_a_code_again_with_its_dashes():
    assert [code_shown(" early\u2013bird "), code_shown("two\u00a0 words"), code_shown("am\u200bis")] == [
        "EARLY-BIRD",
        "TWO WORDS",
        "AMIS",
    ]


@given(ANY_TEXT)
def test_a_folded_code_is_folded_and_what_is_shown_is_the_same_code(typed):
    assert code_folded(code_folded(typed)) == code_folded(typed)
    assert code_folded(code_shown(typed)) == code_folded(typed)
    assert code_folded(typed.swapcase().swapcase().swapcase()) == code_folded(typed.swapcase())


LOOKS = [
    ("Lantern House", "L\u0430ntern H\u043euse"),
    ("Lantern House", "\uff2cantern\u3000House"),
    ("paypal", "\u0420\u0430\u0443\u0440\u0430l"),
    ("Apple", "\u13aapple"),
    ("ODEON", "\u041eD\u0395\u041eN"),
    ("Lantern", "\U0001d40bantern"),
    ("One", "O\u200bn\u202ee"),
]


@pytest.mark.parametrize(("ours", "theirs"), LOOKS)
def test_letters_that_are_taken_for_ours_look_like_ours(ours, theirs):
    assert look(ours) == look(theirs) == ours.lower()
    assert look(look(theirs)) == look(theirs)


@pytest.mark.parametrize("name", ["Th\u00e9\u00e2tre du Nord", "G\u00f6teborg", "\u6771\u4eac", "0ne", "Zo\u00eb 2"])
def test_accents_digits_and_other_scripts_look_like_themselves(name):
    assert look(name) == name.lower()


def test_a_thousand_names_keep_what_is_seen_and_lose_what_is_not():
    for name in made():
        kept = name_kept(name.typed)
        assert is_name(kept), name
        assert name_kept(kept) == kept == unicodedata.normalize("NFC", kept).strip()
        assert not set(kept) & set(DIRECTIONS + "\u200b\u2060\ufeff\u00ad\u3164\u2028\t\n")
        seen = "".join(unicodedata.normalize("NFC", name.typed).split())
        assert visible("".join(kept.split())) == visible(seen)


@given(ANY_TEXT)
def test_any_text_can_be_kept_as_a_name_and_is_settled(text):
    kept = name_kept(text)
    assert name_kept(kept) == kept
    is_name(kept)


@pytest.mark.parametrize(
    "text", [*INVISIBLE, "\u2800", "\u115f", "\uffa0", "\u0301", " ", "", "\ufff9", "\U0001d159", "\u200d\u0301"]
)
def test_nothing_that_shows_nothing_is_a_name(text):
    assert not is_name(name_kept(text))
    assert not is_name(name_kept(f" {text}{text} "))


@pytest.mark.parametrize("text", ["Ada\x00", "Ada\x1b", "\ud800", "Ada\ufffe", "\U0010ffff", "a\x85\x80"])
def test_controls_and_what_is_no_character_are_in_no_name(text):
    assert not is_name(name_kept(text))


@pytest.mark.parametrize("text", ["王", "·", "👩‍👩‍👧", "❤️", "\U00031350", "1", "-", "葛󠄀", "\U0010fffd"])
def test_whatever_shows_something_is_a_name_as_it_stands(text):
    assert name_kept(text) == text
    assert is_name(text)
