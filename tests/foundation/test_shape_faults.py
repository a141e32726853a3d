"""msgspec tells a fault in English: every sentence that is read for its meaning, made by msgspec itself."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta, Struct

from engine.foundation import bodies
from engine.foundation.errors import Invalid
from engine.foundation.shape_faults import Limit, ShapeFault, limit_in, read


class Inner(Struct):
    rate_bp: int
    slug: Annotated[str, Meta(pattern=r"^[a-z]+$")] = "a"


class Body(Struct):
    lat: Annotated[float, Meta(ge=-90, le=90)] = 0
    count: Annotated[int, Meta(ge=1)] = 1
    name: Annotated[str, Meta(min_length=1, max_length=3)] = "a"
    taxes: Annotated[list[Inner], Meta(max_length=2)] = []
    gates: dict[Annotated[str, Meta(max_length=2)], Inner] = {}
    odd: int = msgspec.field(default=0, name="a~b/c")


def fault(value: dict[str, Any]) -> ShapeFault:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(msgspec.json.encode(value), type=Body)
    return read(caught.value)


@pytest.mark.parametrize(
    ("value", "pointer", "message"),
    [
        ({"count": "a"}, "/count", "Expected `int`, got `str`"),
        ({"taxes": [{"rate_bp": 1}, {"rate_bp": "a"}]}, "/taxes/1/rate_bp", "Expected `int`, got `str`"),
        ({"gates": {"n": {"rate_bp": "a"}}}, "/gates/.../rate_bp", "Expected `int`, got `str`"),
        ({"gates": {"n": 1}}, "/gates/...", "Expected `object`, got `int`"),
        ({"gates": {"north": {}}}, "/gates", "Expected `str` of length <= 2"),
        ({"a~b/c": "a"}, "/a~0b~1c", "Expected `int`, got `str`"),
    ],
)
def test_the_place_of_a_fault_is_a_json_pointer(value: dict[str, Any], pointer: str, message: str):
    assert fault(value) == ShapeFault(pointer, message, missing=None, of_pattern=False)


def test_a_fault_of_the_whole_has_no_place():
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(b"[]", type=Body)
    assert read(caught.value) == ShapeFault("", "Expected `object`, got `array`", missing=None, of_pattern=False)


@pytest.mark.parametrize(
    ("value", "pointer"), [({"taxes": [{}]}, "/taxes/0"), ({"gates": {"n": {"slug": "a"}}}, "/gates/...")]
)
def test_a_missing_field_is_named_with_the_object_that_lacks_it(value: dict[str, Any], pointer: str):
    found = fault(value)
    assert (found.pointer, found.missing) == (pointer, "rate_bp")


def test_a_text_out_of_its_pattern_is_told_apart():
    found = fault({"taxes": [{"rate_bp": 1, "slug": "A\nB"}]})
    assert (found.pointer, found.of_pattern) == ("/taxes/0/slug", True)


@pytest.mark.parametrize(
    ("value", "limit"),
    [
        ({"lat": 91}, Limit(at_most=True, limit=90, unit=None)),
        ({"lat": -91}, Limit(at_most=False, limit=-90, unit=None)),
        ({"count": 0}, Limit(at_most=False, limit=1, unit=None)),
        ({"name": "abcd"}, Limit(at_most=True, limit=3, unit="characters")),
        ({"name": ""}, Limit(at_most=False, limit=1, unit="characters")),
        ({"taxes": [{"rate_bp": 1}] * 3}, Limit(at_most=True, limit=2, unit="items")),
        ({"count": "a"}, None),
    ],
)
def test_a_limit_is_read_out_of_its_sentence(value: dict[str, Any], limit: Limit | None):
    assert limit_in(fault(value).message) == limit


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b'{"taxes": [{}]}', {"pointer": "/taxes/0/rate_bp", "code": "missing", "message": "Required"}),
        (b'{"count": 0}', {"pointer": "/count", "code": "invalid_value", "message": "Expected `int` >= 1"}),
    ],
)
def test_a_body_of_the_wrong_shape_is_refused_at_the_place_of_its_fault(raw: bytes, told: dict[str, str]):
    with pytest.raises(Invalid) as refused:
        bodies.decode(raw, msgspec.json.Decoder(Body))
    assert refused.value.errors == [told]
