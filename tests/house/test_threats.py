"""docs/THREATS.md promises tests: each exists, and no attack stands there without one."""

from __future__ import annotations

import re

import pytest

from tests.house import tree

PAGE = tree.text(tree.ROOT / "docs" / "THREATS.md")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| somebody |", "|---"))]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def _is_there(path: str, name: str) -> bool:
    file = tree.ROOT / path
    return file.is_file() and re.search(rf"^(?:async )?def {name}\(", tree.text(file), re.MULTILINE) is not None


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip()[:60])
def test_every_attack_that_is_written_down_names_tests_that_exist(row):
    named = NAMED.findall(row)
    assert named, "no test keeps this closed"
    missing = [f"{path}::{name}" for path, name in named if not _is_there(path, name)]
    assert not missing


def test_a_test_that_is_gone_is_missed():
    assert not _is_there("tests/house/test_threats.py", "test_nobody_wrote")
    assert not _is_there("tests/house/nowhere.py", "test_a_test_that_is_gone_is_missed")
