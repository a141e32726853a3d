"""A test's name is a sentence about the system, and a test is never put aside without a reason."""

from __future__ import annotations

import ast
import re

from tests.house import tree

WORDS_MIN = 4
TESTS = [path for path in tree.files(".py", under=("tests",)) if path.name.startswith("test_")]


def _functions(path):
    for node in ast.walk(tree.parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node


def test_a_test_is_named_as_a_sentence():
    short = [
        f"{tree.name(path)}: {node.name}"
        for path in TESTS
        for node in _functions(path)
        if len(node.name.removeprefix("test_").split("_")) < WORDS_MIN
    ]
    assert not short


def test_two_tests_of_one_file_have_different_names():
    twice = []
    for path in TESTS:
        bodies = [node for node in ast.walk(tree.parsed(path)) if isinstance(node, ast.Module | ast.ClassDef)]
        for body in bodies:
            names = [node.name for node in body.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
            twice += [f"{tree.name(path)}: {name}" for name in set(names) if names.count(name) > 1]
    assert not twice


def test_a_test_that_is_skipped_says_why():
    silent = re.compile(r"mark\.(?:skip|xfail)\b(?!\w)(?!\([^)]*reason=)|pytest\.skip\(\s*\)")
    found = [tree.name(path) for path in TESTS if path.name != "test_names.py" and silent.search(tree.text(path))]
    assert not found


def test_every_test_asserts_something():
    # Helpers that assert: a page that is `wait`ed for, a client's `ok` and `refused`, `until` something is so, `post`
    # with the status it must have.
    sure = {"wait", "raises", "assert", "ok", "refused", "until", "ask", "check", "expect", "post", "shown", "machine"}
    idle = [
        f"{tree.name(path)}: {node.name}"
        for path in TESTS
        for node in _functions(path)
        if not any(
            isinstance(part, ast.Assert)
            or (isinstance(part, ast.Call) and sure & set(re.split(r"[._]", ast.unparse(part.func).lower())))
            for part in ast.walk(node)
        )
    ]
    assert not idle


def test_no_assertion_is_true_by_itself():
    idle = [
        f"{tree.name(path)}:{node.lineno}"
        for path in TESTS
        for node in ast.walk(tree.parsed(path))
        if isinstance(node, ast.Assert) and isinstance(node.test, ast.Constant | ast.Tuple)
    ]
    assert not idle


def test_no_test_file_borrows_from_another():
    """What two of them need stands in a file of its own: tests/shop.py, tests/factories.py, tests/<floor>/<name>.py."""
    borrowed = [
        f"{tree.name(path)}: {found}"
        for path in tree.files(".py", under=("tests",))
        for found in tree.imports(path)
        if found.startswith("tests.") and any(part.startswith("test_") for part in found.split("."))
    ]
    assert not borrowed
