"""Pages keep the strict content policy by themselves: no script or style inline, nothing loaded from elsewhere."""

from __future__ import annotations

import re

import pytest

from tests.house import tree

TEMPLATES = [path for path in tree.files(".html", ".jinja") if "templates" in path.parts]
# Mail has no style sheets: what a mail looks like is written into it.
PAGES = [path for path in TEMPLATES if "mail" not in path.parts]
_INLINE = {
    "an inline script": re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/(?:ld\+)?json\")", re.IGNORECASE),
    "an inline style sheet": re.compile(r"<style\b", re.IGNORECASE),
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "an event attribute": re.compile(r"<[^>{]*\son[a-z]+\s*=", re.IGNORECASE),
    "a javascript: address": re.compile(r"javascript:", re.IGNORECASE),
    # The provider's card form is loaded from the provider alone: its own rule, and no card number passes through us.
    "a file from elsewhere": re.compile(
        r"<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=\"(?:https?:)?//(?!js\.stripe\.com/)", re.IGNORECASE
    ),
    "unescaped output": re.compile(r"\|\s*safe\b"),
}


@pytest.mark.parametrize("template", PAGES, ids=tree.name)
def test_a_template_keeps_the_content_policy(template):
    broken = [what for what, pattern in _INLINE.items() if pattern.search(tree.text(template))]
    assert not broken


def test_scripts_never_build_code_or_markup_from_text():
    risky = re.compile(r"\beval\(|new Function\(|document\.write\(|\.innerHTML\s*=|insertAdjacentHTML")
    found = [
        tree.name(path)
        for path in tree.files(".js")
        if "static" in path.parts and not tree.vendored(path) and risky.search(tree.text(path))
    ]
    assert not found
