"""Formatted text: a part of CommonMark, as an organizer writes it and everybody reads it.

Paragraphs, line breaks, emphasis, links, lists, quotations, two sizes of headings, rules. No pictures, no HTML, no code
by indentation: what was written as plain text before there was formatting reads as it did. What comes out is safe by
itself (nothing of the writer's becomes a tag) and sanitised once more, by an allow-list, by a library that parses HTML
as browsers do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token

RENDERED_MAX: Final = 512  # texts remembered; the longest are 20,000 characters
TAGS: Final = frozenset({"p", "br", "strong", "em", "a", "ul", "ol", "li", "blockquote", "h3", "h4", "hr", "code"})
SCHEMES: Final = frozenset({"https", "http", "mailto"})
REL: Final = "nofollow ugc noopener"
NESTING_MAX: Final = 20
_BLANKS: Final = re.compile(r"\s+")

# Our pages have the title as h1 and the section's name as h2.
_HEADINGS: Final = {"h1": "h3", "h2": "h4", "h3": "h4", "h4": "h4", "h5": "h4", "h6": "h4"}
_markdown: Final = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": NESTING_MAX}).disable([
    "code", "html_block", "html_inline", "lheading", "reference", "entity",
])  # fmt: skip


def _words_of_a_picture(_renderer: object, tokens: Sequence[Token], at: int, _options: object, _env: object) -> str:
    """A picture of somewhere else is its words: a page fetches nothing from strangers."""
    return escapeHtml(tokens[at].content)


_markdown.add_render_rule("image", _words_of_a_picture)


@lru_cache(maxsize=RENDERED_MAX)
def html(text: str) -> str:
    """The text as HTML for a page."""
    tokens = _markdown.parse(text)
    for token in tokens:
        token.tag = _HEADINGS.get(token.tag, token.tag)
    made = _markdown.renderer.render(tokens, _markdown.options, {})
    return nh3.clean(
        made,
        tags=set(TAGS),
        attributes={"*": set(), "a": {"href"}, "ol": {"start"}},
        url_schemes=set(SCHEMES),
        link_rel=REL,
    )


@lru_cache(maxsize=RENDERED_MAX)
def plain(text: str) -> str:
    """The same without formatting, for mail, calendars and search engines: paragraphs are parted by blank lines.

    A link says its address after its words.
    """
    blocks = [_words(token.children or ()) for token in _markdown.parse(text) if token.type == "inline"]
    return "\n\n".join(block for block in blocks if block)


def beginning(text: str, chars_max: int) -> str:
    """The first words of it in one line, at most this many characters."""
    line = _BLANKS.sub(" ", plain(text)).strip()
    if len(line) <= chars_max:
        return line
    return line[: chars_max - 1].rpartition(" ")[0].rstrip(" ,;:") + "…"


def _words(tokens: Sequence[Token]) -> str:
    return "".join(_pieces(tokens)).strip()


def _pieces(tokens: Sequence[Token]) -> Iterator[str]:
    address, said = "", ""
    for token in tokens:
        piece = token.content
        if token.type in {"softbreak", "hardbreak"}:
            piece = "\n"
        elif token.type == "link_open":
            address, said = str(token.attrGet("href") or ""), ""
        elif token.type == "link_close":
            piece = "" if address.removeprefix("mailto:") == said else f" ({address})"
            address = ""
        said += piece
        yield piece
