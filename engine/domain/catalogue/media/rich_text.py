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
BRACKETS_MAX: Final = 400  # beyond it nothing is a link: pairs are looked for from each, 20,000 cost 1.6 s
_BLANKS: Final = re.compile(r"\s+")

# Our pages have the title as h1 and the section's name as h2.
_HEADINGS: Final = {"h1": "h3", "h2": "h4", "h3": "h4", "h4": "h4", "h5": "h4", "h6": "h4"}
_NEVER: Final = ["code", "html_block", "html_inline", "lheading", "reference", "entity"]


def _reader(*without: str) -> MarkdownIt:
    options = {"html": False, "breaks": True, "maxNesting": NESTING_MAX}
    return MarkdownIt("commonmark", options).disable([*_NEVER, *without])


_markdown: Final = _reader()
_linkless: Final = _reader("link", "image")


def _words_of_a_picture(_renderer: object, tokens: Sequence[Token], at: int, _options: object, _env: object) -> str:
    """A picture of somewhere else is its words: a page fetches nothing from strangers."""
    return escapeHtml(tokens[at].content)


_markdown.add_render_rule("image", _words_of_a_picture)


@lru_cache(maxsize=RENDERED_MAX)
def html(text: str) -> str:
    """The text as HTML for a page."""
    tokens = _read(text)
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
    blocks = [_words(token.children or ()) for token in _read(text) if token.type == "inline"]
    return "\n\n".join(block for block in blocks if block)


def beginning(text: str, chars_max: int) -> str:
    """The first words of it in one line, at most this many characters."""
    line = _BLANKS.sub(" ", plain(text)).strip()
    if len(line) <= chars_max:
        return line
    return line[: chars_max - 1].rpartition(" ")[0].rstrip(" ,;:") + "…"


def _read(text: str) -> list[Token]:
    return (_markdown if text.count("[") <= BRACKETS_MAX else _linkless).parse(text)


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
