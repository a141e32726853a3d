"""How close the waiting room comes to a bare aiohttp server: joins against a POST, status polls against a GET.

Both servers get the same method, path shape, body, headers, connections and core; runs alternate, and the answer is the
median of the ratios of neighbouring runs. ``python -m loadtest.bench_room --url http://127.0.0.1:8081 --event evt_...``
with the room's process id in ``--pid`` also tells CPU microseconds per request and pins both servers to one core.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

RUN_S, PAIRS = 4, 5
WARM_UP_S = 2
CONNECTIONS = 64
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_ERRORS = re.compile(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)")
_OF_THE_CONNECTION = frozenset({"Date", "Server", "Content-Length", "Connection"})
_JOIN = 'wrk.method = "POST"\nwrk.body = "{}"\nwrk.headers["Content-Type"] = "application/json"\n'


@dataclass(frozen=True, slots=True)
class Server:
    """``pid`` None: not ours to measure."""

    name: str
    url: str
    pid: int | None


@dataclass(frozen=True, slots=True)
class Run:
    per_s: float
    cpu_us: float | None
    errors: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What the room once answered, for the twin to repeat."""

    status: int
    body: bytes
    headers: dict[str, str]


def ask(url: str, body: bytes | None = None) -> Answer:
    """One request to the room."""
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - loopback
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - loopback
        headers = {name: value for name, value in answer.headers.items() if name not in _OF_THE_CONNECTION}
        return Answer(answer.status, answer.read(), headers)


def twin(port: int, seen: Answer, joined: Answer) -> None:
    """A bare aiohttp server that gives the room's own bytes and headers: for a GET, and for a POST that it has read."""
    import uvloop  # noqa: PLC0415 - only the twin's process needs it

    async def read(_request: web.Request) -> web.Response:
        return web.Response(body=seen.body, headers=seen.headers)

    async def write(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=joined.body, status=joined.status, headers=joined.headers)

    app = web.Application()
    app.router.add_get("/v1/rooms/{event_id}", read)
    app.router.add_post("/v1/rooms/{event_id}/join", write)
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=None, loop=uvloop.new_event_loop())


def wrk(server: Server, path: str, script: Path | None, seconds: int, core: int | None) -> Run:
    """One closed-loop run from another core."""
    command = ["wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", f"{seconds}s"]
    command += ["-s", str(script)] if script is not None else []
    command += [server.url + path]
    if core is not None:
        command = ["taskset", "-c", str(core), *command]
    before = _cpu_ticks(server.pid)
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    after = _cpu_ticks(server.pid)
    rate = _RATE.search(out)
    assert rate is not None, out
    errors = sum(int(found.group(1) or 1) for found in _ERRORS.finditer(out))
    per_s = float(rate.group(1))
    spent = (after - before) / _TICKS_PER_S if before is not None and after is not None else None
    return Run(per_s, spent * 1e6 / (per_s * seconds) if spent is not None else None, errors)


def compare(
    room: Server, bare: Server, path: str, script: Path | None, core: int | None, *, pairs_max: int, run_s: int
) -> dict[str, object]:
    """Alternating runs; medians of rates, CPU per request and neighbouring ratios."""
    for server in (room, bare):
        wrk(server, path, script, WARM_UP_S, core)
    pairs = [(wrk(room, path, script, run_s, core), wrk(bare, path, script, run_s, core)) for _ in range(pairs_max)]
    return {
        "ratios": [round(ours.per_s / theirs.per_s, 3) for ours, theirs in pairs],
        "room_per_s": round(statistics.median(ours.per_s for ours, _ in pairs)),
        "bare_per_s": round(statistics.median(theirs.per_s for _, theirs in pairs)),
        "ratio": round(statistics.median(ours.per_s / theirs.per_s for ours, theirs in pairs), 3),
        "room_cpu_us": _median([ours.cpu_us for ours, _ in pairs]),
        "bare_cpu_us": _median([theirs.cpu_us for _, theirs in pairs]),
        "errors": sum(ours.errors for ours, _ in pairs),
    }


def main() -> int:
    """Print one JSON object a row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--event", required=True)
    parser.add_argument("--pid", type=int)
    parser.add_argument("--only", choices=["poll", "join"])
    options = parser.parse_args()
    for row in measured(options.url, options.event, options.pid, options.only):
        print(json.dumps(row), flush=True)
    return 0


def measured(
    url: str, event: str, pid: int | None, only: str | None = None, *, pairs: int = PAIRS, run_s: int = RUN_S
) -> Iterator[dict[str, object]]:
    """One row for polls, one for joins; ``pid`` is the room's process if it may be pinned and measured."""
    path = f"/v1/rooms/{event}"
    seen, joined = ask(url + path), ask(f"{url}{path}/join", b"{}")
    cores = sorted(os.sched_getaffinity(0))
    server_core, client_core = (cores[0], cores[-1]) if len(cores) > 1 and pid else (None, None)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    serve = f"from loadtest.bench_room import Answer, twin; twin({port}, {seen!r}, {joined!r})"
    process = subprocess.Popen([sys.executable, "-c", serve])
    try:
        _until_listening(port)
        if server_core is not None and pid is not None:
            os.sched_setaffinity(pid, {server_core})
            os.sched_setaffinity(process.pid, {server_core})
        room, bare = Server("room", url, pid), Server("bare", f"http://127.0.0.1:{port}", process.pid)
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder) / "join.lua"
            script.write_text(_JOIN)
            for name, where, lua in (("poll", path, None), ("join", f"{path}/join", script)):
                if only in {None, name}:
                    compared = compare(room, bare, where, lua, client_core, pairs_max=pairs, run_s=run_s)
                    yield {"row": name, **compared}
    finally:
        process.terminate()
        process.wait()


def _until_listening(port: int) -> None:
    async def listening() -> None:
        for _ in range(100):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return

    asyncio.run(listening())


def _cpu_ticks(pid: int | None) -> int | None:
    if pid is None:
        return None
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _median(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(statistics.median(known), 1) if known else None


if __name__ == "__main__":
    sys.exit(main())
