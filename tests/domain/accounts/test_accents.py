"""A colour of an organization: what is taken can be read on every ground of the pages, what is not has a near one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine.pages
from engine.domain.accounts import accents
from engine.foundation.errors import Invalid

TOKENS = (Path(engine.pages.__file__).parent / "static" / "tokens.css").read_text()
COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(COLOURS)
def test_every_variant_of_a_colour_that_is_taken_can_be_read(colour):
    fill = accents.nearest(colour)
    assert accents.is_taken(fill)
    assert accents.nearest(fill) == fill
    own = accents.palette(fill)
    assert accents.contrast(own.on_fill, own.fill) >= 4.5
    assert min(accents.contrast(own.on_light, ground) for ground in accents.LIGHT_GROUNDS) >= 4.5
    assert min(accents.contrast(own.on_dark, ground) for ground in accents.DARK_GROUNDS) >= 4.5


@pytest.mark.parametrize(("colour", "ground"), [("#ffd400", "white"), ("#16133a", "dark")])
def test_a_colour_that_cannot_be_read_is_refused_with_the_nearest_that_can(colour, ground):
    with pytest.raises(Invalid) as refused:
        accents.checked(colour)
    near = refused.value.facts["suggestion"]
    assert accents.checked(near) == near
    assert f"on {ground} pages" in str(refused.value.detail)
    assert near in refused.value.errors[0]["message"]


def test_a_colour_is_kept_in_small_letters():
    assert accents.checked("#D6336C") == "#d6336c"


def test_the_grounds_are_those_of_the_pages():
    for ground in (*accents.LIGHT_GROUNDS, *accents.DARK_GROUNDS, accents.DARK):
        assert f": {ground};" in TOKENS


def test_a_style_sheet_sets_tokens_that_there_are():
    names = {part.partition(":")[0].strip() for part in accents.style_sheet("#d6336c").split("--")[1:]}
    assert len(names) == 6
    for name in names:
        assert f"--{name}: " in TOKENS
