"""A shop of the rehearsal's own: started from its command line, read from its ready line, stopped at the end."""

from __future__ import annotations

import json
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from loadtest import limits
from loadtest.shop import ShopRefused

Obj = dict[str, Any]


@contextmanager
def running(data_dir: Path, log: Path, *, workers: int = 1) -> Iterator[Obj]:
    """The ready line of `onsale up` on free ports, and `stack_pid`, whose children the shop is.

    Its log goes to `log`; it is stopped with SIGINT, then harder, and if we are killed, by its guardian.
    """
    command = [
        sys.executable, "-m", "engine", "up", "--demo", "--rehearsal", "--ports", "0,0,0",
        "--data-dir", str(data_dir), "--workers", str(workers),
    ]  # fmt: skip
    with log.open("wb") as errors:
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, start_new_session=True)
        guardian = _guarded(child)
        try:
            yield _ready(child, log) | {"stack_pid": child.pid}
        finally:
            _stop(child)
            guardian.communicate()  # its pipe ends, and with nobody left to stop so does it


def _guarded(child: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    """A process that stops the stack once our end of its pipe is gone, however we ended."""
    guardian = subprocess.Popen(
        [sys.executable, "-m", "engine.supervisor.guardian"], stdin=subprocess.PIPE, start_new_session=True
    )
    assert guardian.stdin is not None
    guardian.stdin.write(f"app {child.pid}\n".encode())
    guardian.stdin.flush()
    return guardian


def audit(event_id: str, data_dir: Path | None) -> Obj:
    """What `onsale audit EVENT` says, with its exit status as `exit_status`."""
    command = [sys.executable, "-m", "engine", "audit", event_id]
    if data_dir is not None:
        command += ["--data-dir", str(data_dir)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=limits.AUDIT_MAX_S, check=False)
    except subprocess.TimeoutExpired:
        return {"exit_status": None, "problem": f"the audit did not end within {limits.AUDIT_MAX_S:.0f} s"}
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        found = _json(line)
        if found is not None and found.get("event_id", event_id) == event_id:
            return found | {"exit_status": done.returncode}
    whole = _json(done.stdout.decode("utf-8", "replace"))
    if whole is not None:
        return whole | {"exit_status": done.returncode}
    return {"exit_status": done.returncode, "problem": done.stderr.decode("utf-8", "replace")[-600:] or "no answer"}


def _ready(child: subprocess.Popen[bytes], log: Path) -> Obj:
    assert child.stdout is not None
    deadline = time.monotonic() + limits.STACK_READY_MAX_S
    while time.monotonic() < deadline:
        readable, _, _ = select.select([child.stdout], [], [], 0.25)
        line = child.stdout.readline() if readable else b""
        found = _json(line.decode("utf-8", "replace"))
        if found is not None and found.get("ready"):
            return found
        if child.poll() is not None:
            break
    raise ShopRefused(f"the stack did not become ready; its log ends with:\n{log.read_text(errors='replace')[-2_000:]}")


def _stop(child: subprocess.Popen[bytes]) -> None:
    for name, patience_s in ((signal.SIGINT, limits.STACK_STOP_MAX_S), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        if child.poll() is not None:
            return
        child.send_signal(name)
        try:
            child.wait(patience_s)
        except subprocess.TimeoutExpired:
            continue


def _json(text: str) -> Obj | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
