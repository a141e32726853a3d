"""What a rehearsal costs the shop it started: CPU of each of its parts an order, and their memory, read from /proc."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from loadtest import limits

PARTS = ("engine", "waitingroom", "worker", "redis", "postgres", "sandbox", "admin", "mail catcher")
STAND_INS = frozenset({"sandbox", "mail catcher"})  # in a real sale others do their work
NOT_OURS = "the shop was started by somebody else"
NO_PROC = "this machine does not tell what a process spends"
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_PROC = Path("/proc")
_ROLES = (
    ("serve engine", "engine"), ("serve waitingroom", "waitingroom"), ("serve admin", "admin"),
    ("engine work", "worker"), ("loadtest.sandbox", "sandbox"), ("loadtest.mailbox", "mail catcher"),
)  # fmt: skip


class Part(msgspec.Struct, frozen=True):
    """One part of the shop, all its processes together. None if it was not measured."""

    name: str
    processes: int = 0
    cpu_s: float | None = None
    cpu_per_order_ms: float | None = None
    rss_start_mib: float | None = None  # memory that its processes share is counted once
    rss_end_mib: float | None = None

    @property
    def measured(self) -> bool:
        return self.cpu_s is not None


class Spending(msgspec.Struct, frozen=True):
    """From the first buyer until the shop has come to rest. `unmeasured` says why if nothing is known."""

    orders: int
    seconds: float = 0.0
    parts: list[Part] = []
    unmeasured: str = ""

    @property
    def cpu_per_order_ms(self) -> float | None:
        """Of all parts of the shop that were measured, its stores included and the stand-ins left out."""
        own = [part for part in self.parts if part.name not in STAND_INS]
        known = [part.cpu_per_order_ms for part in own if part.cpu_per_order_ms is not None]
        return round(sum(known), 2) if known else None


@dataclass(frozen=True, slots=True)
class _Seen:
    """A child of the stack with all that it started, at one moment."""

    part: str
    cpu_s: float
    rss_bytes: int
    processes: int


@dataclass(slots=True)
class Meter:
    """Looks at the children of a running stack now and then: one that is started again has another process id."""

    stack_pid: int
    _first: dict[tuple[int, int], _Seen] = field(default_factory=dict)
    _last: dict[tuple[int, int], _Seen] = field(default_factory=dict)
    _alive: set[tuple[int, int]] = field(default_factory=set)
    _began_s: float = 0.0
    _over: threading.Event = field(default_factory=threading.Event)
    _watcher: threading.Thread | None = None

    def start(self) -> None:
        self._began_s = time.monotonic()
        self._first = self._look()
        self._watcher = threading.Thread(target=self._watch, name="spending", daemon=True)
        self._watcher.start()

    def rest(self) -> None:
        """Wait until what was put off is done: mails leave after the order. At most `REST_MAX_S`."""
        deadline = time.monotonic() + limits.REST_MAX_S
        while time.monotonic() < deadline:
            before, began_s = self._spent_s(), time.monotonic()
            time.sleep(limits.REST_LOOK_S)
            if (self._spent_s() - before) / (time.monotonic() - began_s) < limits.REST_CPU_SHARE:
                return

    def stop(self, orders: int) -> Spending:
        """Ends the watching; what was spent for this number of orders."""
        self.close()
        self._look()
        seconds = round(time.monotonic() - self._began_s, 1)
        if not self._last:
            return Spending(orders, unmeasured=NO_PROC)
        return Spending(orders, seconds, [self._part(name, orders) for name in PARTS])

    def close(self) -> None:
        self._over.set()
        if self._watcher is not None:
            self._watcher.join()

    def _part(self, name: str, orders: int) -> Part:
        mine = {key: seen for key, seen in self._last.items() if seen.part == name}
        if not mine:
            return Part(name)
        # A process that was started meanwhile had spent nothing before.
        cpu_s = sum(seen.cpu_s - (self._first[key].cpu_s if key in self._first else 0.0) for key, seen in mine.items())
        before = [seen.rss_bytes for key, seen in self._first.items() if seen.part == name]
        after = [seen for key, seen in mine.items() if key in self._alive]
        return Part(
            name, sum(seen.processes for seen in after), round(cpu_s, 3),
            round(cpu_s * 1_000 / orders, 3) if orders else None,
            _mib(sum(before)) if before else None, _mib(sum(seen.rss_bytes for seen in after)),
        )  # fmt: skip

    def _spent_s(self) -> float:
        self._look()
        return sum(seen.cpu_s for seen in list(self._last.values()))  # the watcher may add to it meanwhile

    def _watch(self) -> None:
        while not self._over.wait(limits.SPENDING_LOOK_S):
            self._look()

    def _look(self) -> dict[tuple[int, int], _Seen]:
        """What is alive now. What has ended stays in `_last` with what it had spent when it was last seen."""
        found = {}
        for pid in _children(self.stack_pid):
            part, seen = _part_of(pid), None
            if part:
                with contextlib.suppress(OSError, IndexError, ValueError):  # it has just ended
                    seen = (pid, _stat(pid).started), _tree(pid, part)
            if seen is not None:
                found[seen[0]] = seen[1]
        self._last.update(found)
        self._alive = set(found)
        return found


@contextlib.contextmanager
def watched(stack_pid: int | None) -> Iterator[Meter | None]:
    """A meter over this stack; none if the shop was started by somebody else."""
    if stack_pid is None:
        yield None
        return
    meter = Meter(stack_pid)
    meter.start()
    try:
        yield meter
    finally:
        meter.close()


@dataclass(frozen=True, slots=True)
class _Stat:
    own_ticks: int
    children_ticks: int  # of those that have ended and were waited for
    started: int


def _stat(pid: int) -> _Stat:
    words = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return _Stat(int(words[11]) + int(words[12]), int(words[13]) + int(words[14]), int(words[19]))


def _tree(pid: int, part: str) -> _Seen:
    """A process and all below it; Postgres has one for each connection, and counts those that have ended."""
    ticks, own, shared, pids = 0, 0, [0], [pid]
    for one in pids:
        try:
            stat, memory = _stat(one), (_PROC / str(one) / "statm").read_text().split()
        except OSError:
            if one == pid:
                raise
            continue  # it has just ended: its parent counts it from now on
        ticks += stat.own_ticks + stat.children_ticks
        own += int(memory[1]) - int(memory[2])
        shared.append(int(memory[2]))
        pids += _children(one)
    return _Seen(part, ticks / _TICKS_PER_S, (own + max(shared)) * _PAGE_BYTES, len(pids))


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in (_PROC / str(pid) / "task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found


def _part_of(pid: int) -> str:
    """Which part of the shop this is, by its command line; empty for none that is told."""
    with contextlib.suppress(OSError):
        words = (_PROC / str(pid) / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
        program, line = Path(words[0].split()[0] if words[0] else "").name, " ".join(words)
        if program in {"valkey-server", "redis-server"}:
            return "redis"
        if program == "postgres":
            return "postgres"
        return next((part for mark, part in _ROLES if f" {mark}" in line), "")
    return ""


def _mib(count: int) -> float:
    return round(count / (1 << 20), 1)
