"""Forms are refused with every fault at once, each at its JSON pointer."""

from __future__ import annotations

from typing import Annotated

import pytest
from msgspec import UNSET, Meta, Struct, UnsetType

from engine.domain.fields import Name
from engine.foundation.errors import Invalid
from engine.foundation.shapes import build


class Inner(Struct):
    rate_bp: Annotated[int, Meta(ge=0, le=100)]


class Form(Struct, kw_only=True):
    name: Name
    count: int
    rates: list[Inner] = []
    note: str | UnsetType | None = UNSET


def pointers(value: object) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        build(value, Form)
    return [(fault["pointer"], fault["code"]) for fault in caught.value.errors]


def test_every_broken_field_is_named_in_one_answer():
    assert pointers({"name": " ", "rates": [{"rate_bp": 1}, {"rate_bp": 101}]}) == [
        ("/name", "invalid_value"),
        ("/count", "missing"),
        ("/rates/1/rate_bp", "invalid_value"),
    ]


def test_a_field_left_out_is_not_a_field_set_to_null():
    assert build({"name": "A", "count": 1}, Form).note is UNSET
    assert build({"name": "A", "count": 1, "note": None}, Form).note is None


@pytest.mark.parametrize("value", [[], "text", 3, None])
def test_what_is_no_object_is_refused_as_a_whole(value):
    assert pointers(value) == [("", "invalid_value")]


@pytest.mark.parametrize("name", ["", "  ", "a\x00b", "a\nb", "trailing\n", "x" * 201])
def test_a_name_is_one_visible_line(name):
    assert pointers({"name": name, "count": 1}) == [("/name", "invalid_value")]


def test_unknown_fields_are_ignored():
    assert build({"name": "A", "count": 1, "more": {}}, Form).count == 1
