"""Formatted text: what it may hold, what becomes of everything else, and how it reads without formatting."""

from __future__ import annotations

import re
import time

import pytest

from engine.domain.catalogue.media import rich_text
from engine.domain.fields import TEXT_CHARS_MAX
from engine.pages.formats import paragraphs


def flat(html: str) -> str:
    return html.replace("\n", "").replace("<br />", "<br>")


@pytest.mark.parametrize(
    "text",
    [
        "One night only.\n\nDoors open at seven,\nthe band plays at eight.",
        "Tickets < 20 & > 10, \"quoted\" and 'quoted'",
        "A line.\n    An indented line.\n\n    A paragraph that is indented.",
        "Title\n=====\n\nText",
        "5 * 4 = 20 and snake_case_name stays, C:\\path too",
        "caf\u00e9 \u00b7 \u65e5\u672c\u8a9e \u2014 \U0001f3b8",
    ],
)
def test_plain_text_of_before_reads_as_it_did(text):
    seen = re.sub(r"[ ]+", " ", flat(str(paragraphs(text))).replace("&#39;", "'").replace("&#34;", '"'))
    assert flat(rich_text.html(text)).replace("> ", ">") == seen.replace("> ", ">").replace("<br> ", "<br>")


def test_what_is_marked_is_formatted():
    html = flat(
        rich_text.html("# Line-up\n\n**The band** and *friends*\n\n- one\n- two\n\n> said\n\n1. first\n\n---\n`code`")
    )
    assert html == (
        "<h3>Line-up</h3><p><strong>The band</strong> and <em>friends</em></p><ul><li>one</li><li>two</li></ul>"
        "<blockquote><p>said</p></blockquote><ol><li>first</li></ol><hr><p><code>code</code></p>"
    )


def test_a_link_leads_out_without_vouching_for_where():
    html = rich_text.html("[tickets](https://band.test/?a=1&b=2)")
    assert html.strip() == '<p><a href="https://band.test/?a=1&amp;b=2" rel="nofollow ugc noopener">tickets</a></p>'


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt&colon;alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "![x](https://tracker.test/pixel.gif)",
        '![x" onerror="alert(1)](x)',
        "<javascript:alert(1)>",
        '[x](https://a.test "\\" onmouseover=\\"alert(1)")',
        "<svg/onload=alert(1)>",
        "[a]: https://x.test\n\n<a href='javascript:1'>x</a>",
        "<!-- --><style>*{display:none}</style>",
    ],
)
def test_nothing_that_is_written_runs_or_loads(text):
    html = rich_text.html(text)
    tags = set(re.findall(r"</?([a-z0-9]+)", html))
    assert tags <= rich_text.TAGS
    for attribute in re.findall(r"<[a-z0-9]+ ([^>]*)>", html):
        names = set(re.findall(r"([a-z-]+)=", re.sub(r'"[^"]*"', '""', attribute)))
        assert names <= {"href", "rel", "start"}
    assert not re.search(r'href="(?!https?:|mailto:)', html)


def test_without_formatting_it_is_words_and_addresses():
    text = (
        "# Line-up\n\n**The band** [live](https://band.test)\nand *friends*\n\n"
        "- one\n- two\n\n<https://x.test> ![A photo](u)"
    )
    assert rich_text.plain(text) == (
        "Line-up\n\nThe band live (https://band.test)\nand friends\n\none\n\ntwo\n\nhttps://x.test A photo"
    )


def test_its_beginning_is_one_line_that_ends_with_a_word():
    assert rich_text.beginning("**Short** text\n\nand more", 40) == "Short text and more"
    cut = rich_text.beginning("One long sentence, which goes on and on", 20)
    assert (cut, len(cut) <= 20) == ("One long sentence…", True)


@pytest.mark.parametrize("piece", ["*a ", "[a](", "> ", "- ", "`", "**_", "<a ", "![", "1. ", "\\", "[x](y) "])
def test_the_longest_text_of_anything_is_rendered_in_a_bounded_time(piece):
    text = (piece * TEXT_CHARS_MAX)[:TEXT_CHARS_MAX]
    began = time.process_time()
    rich_text.html(text)
    rich_text.plain(text)
    assert time.process_time() - began < 3


def test_a_text_of_brackets_alone_is_read_without_links_and_loses_nothing():
    few, many = "[here](https://a.test) " * 200, "[here](https://a.test) " * (rich_text.BRACKETS_MAX + 1)
    assert rich_text.html(few).count("<a ") == 200
    assert "<a " not in rich_text.html(many)
    assert rich_text.html(many).count("[here](https://a.test)") == rich_text.BRACKETS_MAX + 1
    assert rich_text.plain("![" * 10_000) == "![" * 10_000
