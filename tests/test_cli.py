"""The command line: what it cannot do is said in one line, with an exit code of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import cli


def test_a_file_that_is_not_there_is_told_and_not_traced(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["openapi", "--check", str(tmp_path / "none.json")]) == cli.REFUSED
    shown = capsys.readouterr()
    assert shown.err.startswith("onsale: ")
    assert shown.out == ""


def test_a_stale_contract_is_a_failed_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    stale = tmp_path / "openapi.json"
    stale.write_text("{}")
    assert cli.main(["openapi", "--check", str(stale)]) == 1
    assert cli.main(["openapi", "--write", str(stale)]) == 0
    assert cli.main(["openapi", "--check", str(stale)]) == 0
    assert "stale" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["up", "--ports", "1,2"], ["up", "--workers", "0"], ["serve", "nothing"], []])
def test_an_argument_that_makes_no_sense_is_refused_before_anything_starts(arguments: list[str]):
    with pytest.raises(SystemExit) as refused:
        cli.main(arguments)
    assert refused.value.code == 2


def test_a_command_for_a_stack_that_does_not_run_says_so(tmp_path: Path):
    with pytest.raises(SystemExit) as refused:
        cli.main(["audit", "--data-dir", str(tmp_path)])
    assert "no stack runs" in str(refused.value.code)
