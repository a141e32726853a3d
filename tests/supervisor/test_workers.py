"""Several workers of one app: one that dies is replaced, all stop together, one that cannot live is said so."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.supervisor import children
from engine.supervisor.guardian import Guardian

WAIT_MAX_S = 20.0
KEEPER = """
import asyncio, sys
from engine.supervisor import children, workers
children.RESTART_DELAY_S = children.AWAY_FIRST_S = 0.01
children.AWAY_MAX_S = 0.02
sys.exit(asyncio.run(workers.keep_workers("app", [sys.executable, "-c", sys.argv[1]], 2)))
"""
WORKER = """
import os, signal, time
open({file!r}, "a").write(f"{{os.getpid()}}\\n")
time.sleep(60)
"""

WITHOUT_STORES = """
import os, sys, time
with open({file!r}, "a") as file:
    file.write(f"{{os.getpid()}}\\n")
if len(open({file!r}).read().split()) < {enough}:
    sys.exit(os.EX_TEMPFAIL)
time.sleep(60)
"""


def keeper(worker: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", KEEPER, worker], stderr=subprocess.PIPE, text=True)


@pytest.fixture
def guardian() -> Iterator[Guardian]:
    guardian = Guardian()
    yield guardian
    guardian.dismiss()


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


def test_workers_whose_stores_are_away_are_tried_again_for_as_long_as_that_takes(tmp_path: Path):
    file, enough = tmp_path / "pids", 2 * (children.RESTARTS_MAX + 2)
    file.touch()
    process = keeper(WITHOUT_STORES.format(file=str(file), enough=enough))
    until(lambda: len(file.read_text().split()) > enough)
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=WAIT_MAX_S)
    assert process.returncode == 0
    assert "ended with 75, a store is away: starting it again in" in told
    assert "keeps ending" not in told


def test_the_pause_for_a_store_that_is_away_grows_to_its_limit_and_is_forgotten_afterwards(guardian: Guardian):
    kept, child = children.Children(str, guardian), children.Child("app", [], {}, log=None)
    pauses = [kept._pause_s(child, os.EX_TEMPFAIL) for _ in range(1_000)]
    assert pauses[:6] == [0.5, 1.0, 2.0, 4.0, 8.0, children.AWAY_MAX_S]
    assert set(pauses[6:]) == {children.AWAY_MAX_S}
    assert kept._pause_s(child, 1) == children.RESTART_DELAY_S
    assert kept._pause_s(child, os.EX_TEMPFAIL) == children.AWAY_FIRST_S
