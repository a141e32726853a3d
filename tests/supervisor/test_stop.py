"""A stack whose reader is gone stops all the same and leaves no server behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import orjson
import pytest

STOP_S = 40


def _running_from(folder: str) -> list[str]:
    """Command lines of processes that name the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if folder in line and int(process.name) != os.getpid():
            found.append(line)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_stack_whose_terminal_is_closed_takes_everything_with_it(number: signal.Signals):
    folder = tempfile.mkdtemp(prefix="onsale-stop-")
    Path(folder).chmod(0o755)  # Postgres runs as nobody
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ONSALE_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "engine", "up", "--ports", "0,0,0", "--data-dir", folder],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    assert orjson.loads(process.stdout.readline())["ready"]
    assert any("postgres" in line for line in _running_from(folder))
    process.stdout.close()
    process.stderr.close()
    process.send_signal(number)
    process.wait(STOP_S)
    assert _running_from(folder) == []
