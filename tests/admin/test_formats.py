"""Counts with their nouns, and that the templates leave no count to a plural of their own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import admin
from admin import formats

OWN_PLURAL = re.compile(
    r"\|\s*number\s*\}\}(?:</b>|</span>)?\s+(?:draft|date|fault|place|seat|ticket|order|event|section|line|row|scan|code)s?\b"
    r"|(?:==|!=)\s*1\s+else\s+'[a-z]*s'"
)


@pytest.mark.parametrize(
    ("count", "words", "said"),
    [
        (0, ("draft",), "0 drafts"),
        (1, ("draft",), "1 draft"),
        (1200, ("draft",), "1,200 drafts"),
        (1, ("category", "categories"), "1 category"),
        (3, ("category", "categories"), "3 categories"),
    ],
)
def test_a_count_is_said_with_its_noun(count: int, words: tuple[str, ...], said: str) -> None:
    assert formats.counted(count, *words) == said


def test_no_template_makes_a_plural_of_its_own() -> None:
    templates = sorted((Path(admin.__file__).parent / "templates").rglob("*.html"))
    own = [f"{path.name}: {found}" for path in templates for found in OWN_PLURAL.findall(path.read_text())]
    assert not own
