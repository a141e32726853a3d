"""Several workers of one app: one that dies is replaced, all stop together, one that cannot live is said so."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

WAIT_MAX_S = 20.0
KEEPER = """
import asyncio, sys
from engine.supervisor import children, workers
children.RESTART_DELAY_S = 0.01
sys.exit(asyncio.run(workers.keep_workers("app", [sys.executable, "-c", sys.argv[1]], 2)))
"""
WORKER = """
import os, signal, time
open({file!r}, "a").write(f"{{os.getpid()}}\\n")
time.sleep(60)
"""


def keeper(worker: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", KEEPER, worker], stderr=subprocess.PIPE, text=True)


def until(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + WAIT_MAX_S
    while not condition():
        assert time.monotonic() < deadline_s, "it did not happen"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_worker_that_dies_is_replaced_and_all_stop_together(tmp_path: Path):
    file = tmp_path / "pids"
    file.touch()
    process = keeper(WORKER.format(file=str(file)))

    def pids() -> list[int]:
        return [int(line) for line in file.read_text().split()]

    until(lambda: len(pids()) == 2)
    os.kill(pids()[0], signal.SIGKILL)
    until(lambda: len(pids()) == 3)
    process.send_signal(signal.SIGTERM)
    assert process.wait(WAIT_MAX_S) == 0
    assert not any(alive(pid) for pid in pids())


def test_workers_that_cannot_live_end_the_keeper_with_a_reason():
    process = keeper("raise SystemExit(7)")
    _, told = process.communicate(timeout=WAIT_MAX_S * 2)
    assert process.returncode == 1
    assert "keeps ending (last exit 7)" in told
