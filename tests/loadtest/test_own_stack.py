"""The shop that a rehearsal starts for itself."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = """
import sys, time
from pathlib import Path
from loadtest.own_stack import running
folder = Path(sys.argv[1])
with running(folder / "data", folder / "log") as ready:
    print(ready["stack_pid"], flush=True)
    time.sleep(600)
"""
ENDS_WITHIN_S = 60.0


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_rehearsal_that_is_killed_leaves_no_shop_behind(tmp_path):
    tmp_path.chmod(0o755)
    rehearsal = subprocess.Popen([sys.executable, "-c", CODE, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT)
    assert rehearsal.stdout is not None
    stack = Path("/proc") / rehearsal.stdout.readline().decode().strip()
    children = [Path("/proc") / pid for pid in (stack / "task" / stack.name / "children").read_text().split()]
    assert len(children) > 4, "the apps and their stores"
    rehearsal.kill()
    rehearsal.communicate()
    deadline = time.monotonic() + ENDS_WITHIN_S
    while (left := [process for process in [stack, *children] if process.exists()]) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not left
