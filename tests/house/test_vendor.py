"""Third-party files are what VENDOR.md says they are, byte for byte, and nothing is there that it does not name."""

from __future__ import annotations

import hashlib
import re

import pytest

from tests.house import tree

FOLDERS = sorted({path.parent for path in tree.files() if path.parent.name == "vendor"})
_ROW = re.compile(r"^\| `?(?P<file>[\w.@/-]+)`? \|.*\| `?(?P<digest>[0-9a-f]{64})`? \|$", re.MULTILINE)


@pytest.mark.parametrize("folder", FOLDERS, ids=tree.name)
def test_vendored_files_are_those_that_are_named(folder):
    named = {row["file"]: row["digest"] for row in _ROW.finditer((folder / "VENDOR.md").read_text())}
    there = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.is_file() and path.name != "VENDOR.md" and not path.name.startswith("LICENSE")
    }
    assert named == there


def test_there_is_something_vendored_to_compare():
    assert FOLDERS, "no vendor folder was found: the comparison above compared nothing"
