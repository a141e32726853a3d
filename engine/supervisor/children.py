"""Child processes: started with their own log, watched, started again when they die, stopped in reverse order.

One that ends because a store is away (EX_TEMPFAIL) is started again for as long as that takes, with growing pauses: the
others go on serving what they can, and stopping them would help nobody. One that ends for reasons of its own again and
again stops the stack.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from engine.supervisor.guardian import Guardian

RESTARTS_MAX = 20  # within RESTART_WINDOW_S; a child that keeps dying stops the stack
RESTART_WINDOW_S = 60.0
RESTART_DELAY_S = 0.2
AWAY_FIRST_S, AWAY_MAX_S = 0.5, 10.0  # it has waited for the store itself for some seconds
AWAY_DOUBLINGS_MAX = 10
STOP_TIMEOUT_S = 12.0
LOG_TAIL_LINES = 8


@dataclass(slots=True)
class Child:
    """A program we keep running."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path | None  # None: it writes where we write
    niceness: int = 0  # above 0: others on the same cores go first
    process: asyncio.subprocess.Process | None = None
    watcher: asyncio.Task[None] | None = None
    deaths: list[float] = field(default_factory=list)
    away: int = 0  # how often in a row it ended because a store was away


def _yield_to_others(pid: int, niceness: int) -> None:
    """Its niceness, and its session's: if the kernel groups sessions, a nice process is nice within its own only."""
    with contextlib.suppress(OSError):  # it may have ended already; being polite is no condition for working
        os.setpriority(os.PRIO_PROCESS, pid, niceness)
        Path(f"/proc/{pid}/autogroup").write_text(f"{niceness}\n")


class Children:
    """All our processes. ``on_failure`` is called once with a sentence when one cannot be kept alive."""

    def __init__(
        self, on_failure: Callable[[str], None], guardian: Guardian, say: Callable[[str], None] = lambda _: None
    ) -> None:
        self._say = say
        self._children: list[Child] = []
        self._guardian = guardian
        self._on_failure = on_failure
        self._stopping = asyncio.Event()

    async def start(self, child: Child) -> None:
        """Start it and keep it running."""
        self._children.append(child)
        await self._spawn(child)
        child.watcher = asyncio.create_task(self._watch(child))

    async def stop(self) -> None:
        """Ask every child to stop, newest first; what does not stop in time is killed."""
        self._stopping.set()
        for child in reversed(self._children):
            process = child.process
            if process is not None and process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(signal.SIGTERM)
        for child in reversed(self._children):
            if child.watcher is not None:
                try:
                    await asyncio.wait_for(asyncio.shield(child.watcher), STOP_TIMEOUT_S)
                except TimeoutError:
                    if child.process is not None and child.process.returncode is None:
                        child.process.kill()
                    await child.watcher

    def tail(self, name: str) -> str:
        """The last lines a child wrote."""
        child = next(child for child in self._children if child.name == name)
        text = child.log.read_text(errors="replace") if child.log is not None and child.log.exists() else ""
        lines = text.splitlines()
        return "\n    ".join(lines[-LOG_TAIL_LINES:])

    def pids(self) -> dict[str, int]:
        return {child.name: child.process.pid for child in self._children if child.process is not None}

    async def _spawn(self, child: Child) -> None:
        with contextlib.ExitStack() as stack:
            sink = stack.enter_context(child.log.open("ab")) if child.log is not None else None
            child.process = await asyncio.create_subprocess_exec(
                *child.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                env={**os.environ, **child.environment},
                start_new_session=True,  # Ctrl-C reaches us alone; we stop them in order
            )
            self._guardian.watch_app(child.process.pid)
            if child.niceness:
                _yield_to_others(child.process.pid, child.niceness)

    async def _watch(self, child: Child) -> None:
        while True:
            assert child.process is not None
            code = await child.process.wait()
            if self._stopping.is_set():
                return
            pause_s = self._pause_s(child, code)
            if pause_s is None:
                self._on_failure(f"{child.name} keeps ending (last exit {code}):\n    {self.tail(child.name)}")
                return
            why = f"{code}, a store is away" if child.away else f"{code}"
            self._say(f"{child.name:<11} ended with {why}: starting it again in {pause_s:.1f} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause_s)
            if self._stopping.is_set():  # `stop` may have begun while we waited
                return
            await self._spawn(child)

    def _pause_s(self, child: Child, code: int) -> float | None:
        """How long to wait before it is started again; None if that is of no use."""
        if code == os.EX_TEMPFAIL:
            child.away += 1
            return min(AWAY_FIRST_S * 2.0 ** min(child.away - 1, AWAY_DOUBLINGS_MAX), AWAY_MAX_S)
        child.away = 0
        now = time.monotonic()
        child.deaths = [moment for moment in child.deaths if now - moment < RESTART_WINDOW_S] + [now]
        return RESTART_DELAY_S * len(child.deaths) if len(child.deaths) <= RESTARTS_MAX else None
