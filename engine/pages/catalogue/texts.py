"""Organizers' formatted texts on the fans' pages."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup

from engine.domain.catalogue.media import rich_text

SNIPPET_CHARS_MAX: Final = 160  # what search engines show of a page


def rich(text: str) -> Markup:
    """The text as sanitised HTML."""
    return Markup(rich_text.html(text))  # noqa: S704 - sanitised by nh3


def snippet(text: str) -> str:
    """Its first words, for those who show one line of a page."""
    return rich_text.beginning(text, SNIPPET_CHARS_MAX)
