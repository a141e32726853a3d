"""Several processes of one app on one port, kept alive; stopped together on SIGINT or SIGTERM."""

from __future__ import annotations

import asyncio
import signal
import sys

from engine.supervisor.children import Child, Children
from engine.supervisor.guardian import Guardian


async def keep_workers(name: str, command: list[str], count: int) -> int:
    """Run ``command`` ``count`` times until told to stop; 1 if a worker cannot be kept alive."""
    stop = asyncio.Event()
    failures: list[str] = []

    def fail(why: str) -> None:
        failures.append(why)
        stop.set()

    for told in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(told, stop.set)
    guardian = Guardian()

    def say(line: str) -> None:
        sys.stderr.write(line + "\n")

    children = Children(fail, guardian, say)
    for number in range(1, count + 1):
        await children.start(Child(f"{name}-{number}", command, {}, log=None))
    await stop.wait()
    await children.stop()
    guardian.dismiss()
    for why in failures:
        sys.stderr.write(f"onsale: {why}\n")
    return 1 if failures else 0
