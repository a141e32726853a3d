"""Stops what a killed supervisor leaves behind: a process of its own that holds the other end of the supervisor's pipe.

Nobody can handle SIGKILL, so the supervisor tells us of every child it starts; when the pipe ends, whatever of them
still runs is stopped, the apps first and the stores they stand on last. After an orderly stop there is nothing to do.
``PR_SET_PDEATHSIG`` would not do: it follows the thread that started the child, and Postgres changes its user.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO

STOP_TIMEOUT_S = 12.0  # of the apps, and again of the stores; then they are killed
CHILDREN_MAX = 10_000  # told of in one life, restarts included
STORE_SIGNAL = signal.SIGINT  # Postgres's fast shutdown; Valkey saves and ends on it as well


class Guardian:
    """The supervisor's end of the pipe."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "engine.supervisor.guardian"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def watch_app(self, pid: int) -> None:
        self._tell(f"app {pid}\n")

    def watch_store(self, pid: int) -> None:
        self._tell(f"store {pid}\n")

    def dismiss(self) -> None:
        """After everything was stopped."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_TIMEOUT_S)

    def _tell(self, line: str) -> None:
        """A guardian that was itself killed must not keep the stack from starting."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()


@dataclass(frozen=True, slots=True)
class _Ward:
    """A process by a descriptor that names it and no later one with the same number."""

    kind: str
    descriptor: int

    def signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.descriptor, number)

    def ended(self, within_s: float) -> bool:
        poll = select.poll()
        poll.register(self.descriptor, select.POLLIN)
        return bool(poll.poll(max(0.0, within_s) * 1000))


def guard(told: IO[str]) -> None:
    """Read until the supervisor is gone, then stop what it started."""
    wards: list[_Ward] = []
    for line in told:
        wards = [ward for ward in wards if not _let_go(ward)]
        if len(wards) >= CHILDREN_MAX:
            continue
        kind, _, pid = line.partition(" ")
        with contextlib.suppress(ProcessLookupError):  # it has ended already
            wards.append(_Ward(kind, os.pidfd_open(int(pid))))
    _stop([ward for ward in wards if ward.kind == "app"], signal.SIGTERM)
    _stop([ward for ward in wards if ward.kind == "store"], STORE_SIGNAL)


def _let_go(ward: _Ward) -> bool:
    if not ward.ended(0):
        return False
    os.close(ward.descriptor)
    return True


def _stop(wards: Iterable[_Ward], number: signal.Signals) -> None:
    wards = list(wards)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    for ward in wards:
        ward.signal(number)
    for ward in wards:
        if not ward.ended(deadline - time.monotonic()):
            ward.signal(signal.SIGKILL)


if __name__ == "__main__":
    guard(sys.stdin)
