"""The closed-loop generator: wrk on its own core, one Lua program that gives every request its own idempotency key."""

from __future__ import annotations

import asyncio
import json
import resource
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from tests.bench.machine import Cores, CpuMeter
from tests.bench.method import Run

CONNECTIONS = 256  # a surge has thousands; both sides get the same
_SAID = "onsale-bench "
# `targets` is a list of {body, headers, times}: the first is asked this many times, then the next; the last stays.
_PROGRAM = """
local path, targets, mark = %(path)s, %(targets)s, %(mark)s
local heads, tails = {}, {}
for i, target in ipairs(targets) do
  heads[i] = 'POST ' .. path .. ' HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\nContent-Type: application/json\\r\\n'
    .. target.headers .. 'Content-Length: ' .. #target.body .. '\\r\\nIdempotency-Key: ' .. mark
  tails[i] = '\\r\\n\\r\\n' .. target.body
end
local at, left, count = 1, targets[1].times, 0
function request()
  if left == 0 and at < #targets then
    at = at + 1
    left = targets[at].times
  end
  left = left - 1
  count = count + 1
  return heads[at] .. count .. tails[at]
end
function done(summary)
  local e = summary.errors
  print(string.format('%(said)s{"requests": %%d, "duration_us": %%d, "refused": %%d, "broken": %%d}',
    summary.requests, summary.duration, e.status, e.connect + e.read + e.write + e.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Target:
    """A body that is asked for ``times`` times before the next target's turn comes."""

    body: str
    headers: dict[str, str]
    times: int = 1 << 40


class Generator:
    """Runs wrk. ``pids`` are the processes whose CPU time is told."""

    def __init__(self, cores: Cores) -> None:
        self._cores = cores
        self._runs = 0

    async def post(
        self,
        url: str,
        path: str,
        targets: Sequence[Target],
        seconds: float,
        pids: dict[str, int | list[int]],
        *,
        connections: int = CONNECTIONS,
        mark: str = "",
    ) -> Run:
        """Ask as fast as answers come."""
        self._runs += 1
        fields = {
            "path": _lua(path),
            "targets": "{" + ", ".join(map(_target, targets)) + "}",
            "mark": _lua(mark or f"bench-{self._runs}-"),
            "said": _SAID,
        }
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as program:
            program.write(_PROGRAM % fields)
            program.flush()
            return await self._wrk([url + path, "-s", program.name], seconds, pids, connections)

    async def get(
        self,
        url: str,
        path: str,
        seconds: float,
        pids: dict[str, int | list[int]],
        *,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> Run:
        """The same for a GET, without a body."""
        named = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as program:
            program.write(_PROGRAM[_PROGRAM.index("function done") :] % {"said": _SAID})
            program.flush()
            return await self._wrk([*named, url + path, "-s", program.name], seconds, pids, CONNECTIONS)

    async def _wrk(self, what: list[str], seconds: float, pids: dict[str, int | list[int]], connections: int) -> Run:
        command = ["wrk", "-t", "1", "-c", str(connections), "-d", f"{max(1, round(seconds))}s", *what]
        command = self._cores.pinned(command, to=self._cores.asking)
        meter = CpuMeter(pids)
        spent = resource.getrusage(resource.RUSAGE_CHILDREN)
        meter.start()
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        out = (await process.communicate())[0].decode()
        line = next((line for line in out.splitlines() if line.startswith(_SAID)), None)
        if line is None:
            raise RuntimeError(f"wrk said: {out}")
        said = json.loads(line.removeprefix(_SAID))
        cpu_us = meter.stop(said["requests"])
        now = resource.getrusage(resource.RUSAGE_CHILDREN)
        own_s = now.ru_utime + now.ru_stime - spent.ru_utime - spent.ru_stime
        elapsed_s = said["duration_us"] / 1e6
        return Run(
            said["requests"], elapsed_s, said["refused"] + said["broken"], cpu_us, headroom=elapsed_s / max(own_s, 1e-6)
        )


def _target(target: Target) -> str:
    headers = "".join([f"{name}: {value}\r\n" for name, value in target.headers.items()])
    return f"{{body = {_lua(target.body)}, headers = {_lua(headers)}, times = {target.times}}}"


def _lua(text: str) -> str:
    """A Lua string literal."""
    return json.dumps(text)
