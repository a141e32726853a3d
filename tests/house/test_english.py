"""The English of docstrings, comments and pages of documentation: what nobody says today is said otherwise."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import tree

# What must not be read, and what to say instead.
WORST = {
    r"whoever|whomever": "the caller, or whichever person it is",
    r"anew": "again",
    r"besides": "also, apart from",
    r"beside": "next to",
    r"dear(?:er|est|ly)?": "expensive; or give the cost",
    r"look-ups?": "lookup",
    r"(?:none|true|false|nothing|empty) where": "None if, returns None if",
    r"long way": "the full path",
    r"another life": "requeue",
    r"nought": "0",
    r"at hand": "ready, in memory",
    r"(?:is|are|was) at it": "is doing it",
    r"so many (?!that\b)\w+": "this many, or the parameter's name",
    r"albeit|hence|thence|whence|lest|there(?:by|in|of|upon)|where(?:by|in|of|upon)|upon|unto": "today's word",
}
# "where" stands for a place. As a condition it is "if"; a few may slip through, a habit may not.
CONDITION = re.compile(r'"""[^"]*\b[Ww]here (it|there|they|the|none|no|a|an|one|nobody|somebody|something|this|that) ')
CONDITIONS_MAX = 39
CODE = re.compile(r"```.*?```|``[^`]+``|`[^`\n]+`", re.DOTALL)
HISTORY = "CHANGELOG.md"  # says what it said when it was released


def _prose(path: Path) -> Iterator[tuple[int, str]]:
    """(line it begins in, text) of what a file says to people who work on it."""
    if path.suffix == ".md":
        yield 1, tree.text(path)
        return
    for node in ast.walk(tree.parsed(path)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value
    for token in tokenize.generate_tokens(io.StringIO(tree.text(path)).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def said(word: str) -> Iterator[str]:
    """Each place of the tree that says it, outside of code, as ``file:line: 'words'``."""
    rule = re.compile(rf"\b(?:{word})\b".replace(" ", r"\s+"), re.IGNORECASE)
    written = [path for path in tree.files(".py", ".md") if path.name != HISTORY and not tree.vendored(path)]
    for path in written:
        if not rule.search(tree.text(path)):
            continue  # most files: reading Python's comments costs much more than reading its text
        for line, text in _prose(path):
            # Code leaves its line ends, so that a word after it is still found by its number.
            plain = CODE.sub(lambda code: "\n" * code[0].count("\n"), text)
            for match in rule.finditer(plain):
                yield f"{tree.name(path)}:{line + plain.count(chr(10), 0, match.start())}: {match[0]!r}"


@pytest.mark.parametrize("word", WORST)
def test_what_nobody_says_today_is_not_written(word):
    found = list(said(word))
    assert not found, f"say {WORST[word]}:\n" + "\n".join(found)


def test_a_condition_of_a_docstring_is_an_if():
    found = [
        f"{tree.name(path)}:{number}"
        for path in tree.files(".py", under=tree.BUILDINGS)
        for number, line in enumerate(tree.text(path).splitlines(), 1)
        if CONDITION.search(line)
    ]
    assert len(found) <= CONDITIONS_MAX, "\n".join(found)
