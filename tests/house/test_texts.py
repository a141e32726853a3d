"""What no file may say: leftovers, registry hosts, paths of somebody's machine; and how long one may be."""

from __future__ import annotations

import ast
import re

import pytest

from tests.house import tree

LINES_MAX = 450
CODE = (".py", ".rs", ".lua", ".js", ".css", ".html", ".jinja", ".sql", ".pyi")
OWN = [path for path in tree.files(*CODE) if not tree.vendored(path)]
TEXTS = [path for path in tree.files() if not tree.vendored(path)]
# In two halves, so that this file does not say them itself.
LEFTOVERS = re.compile("|".join(["TO" + "DO", "FIX" + "ME", r"\bXX" + r"X\b", "NotImplemented" + "Error"]))
HOSTS = re.compile("|".join([
    r"pypi\.o" + "rg", "python" + "hosted", r"static\.cra" + "tes", r"index\.cra" + "tes",
    r"registry\.np" + "mjs", r"deb\.deb" + "ian", r"crates\.i" + "o/api",
]))  # fmt: skip
MACHINES = re.compile(
    "|".join([r"(?<![\w.-])/wo" + r"rk/", r"(?<![\w.-])/ho" + r"me/\w", "/tmp/bash" + "_jobs", "/tmp/pl" + "an"])
)


@pytest.mark.parametrize("suffix", CODE)
def test_no_file_is_longer_than_anybody_reads(suffix):
    long = {
        tree.name(path): lines
        for path in OWN
        if path.suffix == suffix
        # The stub is where the extension is documented, in one file because Python looks for one.
        and (lines := tree.text(path).count("\n")) > LINES_MAX
        and path.name != "hotpath_rs.pyi"
    }
    assert not long


def test_nothing_is_left_over_to_be_done():
    found = [tree.name(path) for path in OWN if LEFTOVERS.search(tree.text(path))]
    assert not found


def test_no_package_registry_is_named():
    assert [tree.name(path) for path in TEXTS if HOSTS.search(tree.text(path))] == []


def test_no_path_of_one_machine_is_named():
    assert [tree.name(path) for path in TEXTS if MACHINES.search(tree.text(path))] == []


def test_every_module_says_first_what_it_is():
    silent = [
        name for name, path in tree.modules().items()
        if tree.text(path).strip() and ast.get_docstring(tree.parsed(path)) is None
    ]  # fmt: skip
    assert not silent


def test_an_error_is_never_swallowed_without_a_word():
    swallowed = re.compile(r"except(?: (?:Base)?Exception)?:\s*(?:pass|\.\.\.)")
    assert [tree.name(path) for path in OWN if path.suffix == ".py" and swallowed.search(tree.text(path))] == []
