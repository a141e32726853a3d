"""Names that are names, and what a mail reader would make a link of."""

from __future__ import annotations

import pytest

from engine.domain.money.buyers import LINKED, NAMELESS, checked_address, name_fault
from engine.foundation.errors import Invalid
from engine.foundation.folding import name_kept

NAMES = [
    "Ada Lovelace", "José Ñandú", "O'Brien", "Anne-Marie d'Aubigné", "Dr. Müller", "J. R. R. Tolkien", "J.R.R. Tolkien",
    "St.John Smith",
    "Dr.Müller", "J.Smith", "Sammy Davis Jr.", "李小龍", "محمد علي", "क्\u200dष",
    "👩\u200d👩\u200d👧 Family",
    "Nguyễn Văn A", "X Æ A-12", "Httpson", "Mr. Wwwong", "Comstock", "Ada, Grace & Co.", "M. Net", "\U00032000 Li",
]  # fmt: skip
LINKS = [
    "http://evil.test", "HTTPS://EVIL.TEST/x", "see www.evil.test", "www.evil", "evil.com", "Win at Evil.Com now",
    "evil.com/win", "Ada (bit.ly/x)", "t.co/abc", "x.com", "J.com",
    "evil\u3002com", "evil\uff0ecom", "ｅｖｉｌ．ｃｏｍ",
    "e\u200bvil\u200b.\u200bcom",
    "evil.xn--p1ai", "пример.рф", "ada@evil.test", "10.0.0.1", "mailto:ada", "ftp://x",
    "evil.com.", "-evil.com-", "evil.photography", "javascript:x", "Dr.evil.com", "http:evil", "a.b.museum",
]  # fmt: skip
NOTHING = ["", " ", "\u200b", "\u2800", "\u3164", "\u202e", "a\0b", "a\nb\x07", "x" * 201, "\ud800"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_taken(name: str):
    assert name_fault(name_kept(name)) is None


@pytest.mark.parametrize("name", LINKS)
def test_a_web_address_is_no_name(name: str):
    assert name_fault(name_kept(name)) == LINKED


@pytest.mark.parametrize("name", NOTHING)
def test_nothing_to_read_is_no_name(name: str):
    assert name_fault(name_kept(name)) == NAMELESS


def test_a_name_is_kept_in_one_form_without_marks_of_direction():
    assert name_kept("  Jose\u0301 \u202e\u2066Ann\u2069 ") == "José Ann"


def test_an_address_is_one_persons_however_it_is_typed():
    typed = [" Ada@Example.TEST ", "\uff41da@example.test", "ADA@EXAMPLE.TEST"]
    assert {checked_address(text, "/email") for text in typed} == {"ada@example.test"}
    with pytest.raises(Invalid) as refused:
        checked_address("ada at example", "/user_info/email")
    assert refused.value.errors[0]["pointer"] == "/user_info/email"
