"""Where and when a rehearsal was held: without it, its figures say little."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

BUSY_LOAD = 1.0  # waiting or running tasks a core, before the first buyer came


def read(*, workers: int, processes: int, own_stack: bool) -> dict[str, str]:
    """Facts by name, in the words of the report."""
    return {
        "Held": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "Machine": f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        "Load before it": f"{os.getloadavg()[0]:.1f}",
        "Shop": f"of its own, {workers} engine process{'es' if workers > 1 else ''}" if own_stack else "a running one",
        "Generators": f"{processes} on the same machine" if own_stack else f"{processes}",
        "Python": platform.python_version(),
    }


def busy() -> str | None:
    """A sentence if the machine has other work; None if it has not."""
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load <= BUSY_LOAD * cores:
        return None
    return f"the machine was busy before the first buyer came (load {load:.1f} on {cores} cores)"


def _processor() -> str:
    try:
        facts = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or "unknown processor"
    names = [line.partition(":")[2].strip() for line in facts.splitlines() if line.startswith("model name")]
    return names[0] if names else "unknown processor"
