"""The stub says exactly what the extension has."""

from __future__ import annotations

import subprocess
import sys


def test_the_stub_matches_the_extension(tmp_path):
    # The package that maturin makes re-exports an inner module of the same name, which has no stub of its own.
    allowed = tmp_path / "allowed.txt"
    allowed.write_text("hotpath_rs.hotpath_rs\n")
    command = [sys.executable, "-m", "mypy.stubtest", "hotpath_rs", "--allowlist", str(allowed)]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
