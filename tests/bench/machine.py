"""The machine: which core serves and which asks, what a process has spent, what is installed."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.foundation import embedded

_BUNDLED = embedded.valkey_binary
_PACKAGES = ("aiohttp", "uvloop", "redis", "hiredis", "asyncpg", "msgspec")


@dataclass(frozen=True, slots=True)
class Cores:
    """The shop's core and the generator's; the same if the machine has only one."""

    shop: int
    asking: int

    @classmethod
    def split(cls) -> Cores:
        known = sorted(os.sched_getaffinity(0))
        return cls(known[0], known[-1])

    def pinned(self, command: list[str], *, to: int) -> list[str]:
        return ["taskset", "-c", str(to), *command]


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads of a process that are alive."""
    total_ns = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total_ns += int((task / "schedstat").read_text().split()[0])
    return total_ns / 1e9


def resident_mib(pid: int) -> float:
    """What of a process is in memory, libraries that it shares with others included."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20), 1)


class CpuMeter:
    """What some processes spend between two moments."""

    def __init__(self, pids: Mapping[str, int | list[int]]) -> None:
        self._pids = {name: [pid] if isinstance(pid, int) else pid for name, pid in pids.items()}
        self._before: dict[str, float] = {}
        self._seen: dict[int, float] = {}

    def start(self) -> None:
        self._before = self._read()

    def stop(self, operations: int) -> dict[str, float]:
        """Microseconds an operation, by name."""
        after = self._read()
        return {name: (after[name] - self._before[name]) * 1e6 / max(operations, 1) for name in after}

    def _read(self) -> dict[str, float]:
        return {name: sum(map(self._one, pids)) for name, pids in self._pids.items()}

    def _one(self, pid: int) -> float:
        """What it has spent; what it had when last seen if it has ended, as Postgres's own cleaners do."""
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            self._seen[pid] = cpu_seconds(pid)
        return self._seen.get(pid, 0.0)


def production_redis() -> None:
    """Measure with the Redis that Debian ships if it is installed, as a deployment would."""
    installed = shutil.which("redis-server")
    if installed is not None:
        embedded.valkey_binary = lambda: installed


@contextlib.contextmanager
def bundled_redis() -> Iterator[None]:
    """For a while with the server that ``onsale up`` starts."""
    before, embedded.valkey_binary = embedded.valkey_binary, _BUNDLED
    try:
        yield
    finally:
        embedded.valkey_binary = before


def versions() -> dict[str, str]:
    """What the figures depend on."""
    told = {"python": platform.python_version()}
    told |= {name: importlib.metadata.version(name) for name in _PACKAGES}
    valkey = subprocess.run([embedded.valkey_binary(), "--version"], capture_output=True, text=True, check=True)
    told["redis server"] = valkey.stdout.partition("v=")[2].split()[0]
    command = [str(embedded.postgres_bin() / "postgres"), "--version"]
    told["postgres"] = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1]
    return told


def processor() -> str:
    """The CPU's own name and how many cores we may use."""
    name = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            name = line.partition(":")[2].strip()
            break
    return f"{name}, {len(os.sched_getaffinity(0))} cores, {sys.platform}"


@contextlib.contextmanager
def running_on(core: int) -> Iterator[None]:
    """This process on one core for a while."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def load() -> float:
    """Processes that wanted a core during the last minute: above 1 before a run, somebody else is at work here."""
    return os.getloadavg()[0]
