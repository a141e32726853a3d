"""A stack leaves no server behind, however it ends: its terminal closed, told to stop while it starts, killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from http import HTTPStatus
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

import orjson
import pytest

STOP_S = 40


def _running_from(folder: str) -> list[str]:
    """Command lines of processes that name the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if folder in line and int(process.name) != os.getpid():
            found.append(line)
    return found


def _started(**environment: str) -> tuple[subprocess.Popen[bytes], str]:
    folder = tempfile.mkdtemp(prefix="onsale-stop-")
    Path(folder).chmod(0o755)  # Postgres runs as nobody
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ONSALE_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "engine", "up", "--ports", "0,0,0", "--data-dir", folder],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean | environment,
    )  # fmt: skip
    return process, folder


def _runs(pid: int) -> bool:
    """A dead process whose parent has not asked yet has no command line."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


def _until_gone(folder: str, pids: list[int]) -> None:
    deadline = time.monotonic() + STOP_S
    while (left := [pid for pid in pids if _runs(pid)] or _running_from(folder)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left


@pytest.mark.slow
def test_a_stack_that_is_killed_leaves_no_child():
    process, folder = _started()
    assert process.stdout is not None
    facts = orjson.loads(process.stdout.readline())
    assert facts["ready"]
    process.kill()
    process.wait(STOP_S)
    _until_gone(folder, list(facts["pids"].values()))
    process.stdout.close()


def _store_pid(kind: str, port: int) -> int:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if str(port) in line and kind in line and "engine" not in line:
            return int(process.name)
    raise AssertionError(f"no {kind} on port {port}")


@pytest.mark.slow
def test_a_store_that_dies_is_started_again_where_it_was_and_said_so():
    process, folder = _started()
    assert process.stdout is not None
    assert process.stderr is not None
    facts = orjson.loads(process.stdout.readline())
    for kind, address in (("valkey", facts["redis"]), ("postgres", facts["postgres"])):
        os.kill(_store_pid(kind, urlsplit(address).port or 0), signal.SIGKILL)
        while f"{kind:<11} ended with" not in (line := process.stderr.readline().decode()):
            assert line, "the stack ended instead"
    deadline = time.monotonic() + STOP_S
    while (shown := _answer(facts["engine"] + "/readyz")) != HTTPStatus.OK and time.monotonic() < deadline:
        time.sleep(0.05)
    assert shown == HTTPStatus.OK
    process.terminate()
    process.communicate(timeout=STOP_S)
    assert process.returncode == 0
    assert _running_from(folder) == []


def _answer(url: str) -> int:
    try:
        with urlopen(url, timeout=2) as answer:
            return int(answer.status)
    except HTTPError as refused:
        return refused.code
    except OSError:
        return 0


@pytest.mark.slow
def test_a_stack_told_to_stop_while_its_stores_start_takes_them_with_it():
    process, folder = _started()
    assert process.stderr is not None
    assert b"stores" in process.stderr.readline()
    process.terminate()
    process.wait(STOP_S)
    assert _running_from(folder) == []


@pytest.mark.parametrize(
    ("name", "address", "said"),
    [
        ("ONSALE_REDIS_URL", "redis://:secret-word@127.0.0.1:1/0", "ONSALE_REDIS_URL (redis://127.0.0.1:1/0)"),
        ("ONSALE_REDIS_URL", "nonsense", "ONSALE_REDIS_URL (not an address)"),
        ("ONSALE_DATABASE_URL", "postgresql://me:secret-word@127.0.0.1:1/x", "(postgresql://127.0.0.1:1/x)"),
        ("ONSALE_DATABASE_URL", "mysql://127.0.0.1/x", "ONSALE_DATABASE_URL (mysql://127.0.0.1/x)"),
    ],
)
def test_a_named_store_that_cannot_be_used_is_told_in_one_line_before_anything_starts(
    name: str, address: str, said: str
):
    process, folder = _started(**{name: address})
    _, errors = process.communicate(timeout=STOP_S)
    assert process.returncode == 1
    told = errors.decode().splitlines()[-1]
    assert told.startswith("onsale: ")
    assert said in told
    assert b"secret-word" not in errors
    assert _running_from(folder) == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_stack_whose_terminal_is_closed_takes_everything_with_it(number: signal.Signals):
    process, folder = _started()
    assert process.stdout is not None
    assert process.stderr is not None
    assert orjson.loads(process.stdout.readline())["ready"]
    assert any("postgres" in line for line in _running_from(folder))
    process.stdout.close()
    process.stderr.close()
    process.send_signal(number)
    process.wait(STOP_S)
    assert _running_from(folder) == []
