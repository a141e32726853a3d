"""A gate's uploads one after the other, in a process of their own.

Sent and read in the loop that times single scans, they would hold it, and count as those scans' waiting.

``python -m tests.bench.uploads URL SECONDS CREDENTIAL FILE...`` says "ready", waits for a line, and uploads the files
until so long is over; it says how many it did. Their last lines follow if one is not answered with 200.
"""

from __future__ import annotations

import asyncio
import http.client
import secrets
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

TIMEOUT_S = 120.0
ENDS_WITHIN_S = 60.0
NICENESS = "5"  # on the core of the loop that times


class Uploads:
    """The process. It has read its files when it is made."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def ready(cls, url: str, seconds: float, credential: str, files: Sequence[Path], *, core: int) -> Uploads:
        """RuntimeError if it ends before it is ready."""
        process = await asyncio.create_subprocess_exec(
            "nice", "-n", NICENESS, "taskset", "-c", str(core), sys.executable, "-m", "tests.bench.uploads", url,
            str(seconds), credential, *map(str, files),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        if await process.stdout.readline() != b"ready\n":
            raise RuntimeError("the uploads did not begin")
        return cls(process)

    def begin(self) -> None:
        """The first leaves now."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")

    async def done(self) -> int:
        """How many were answered. RuntimeError if one was refused."""
        told, _ = await asyncio.wait_for(self._process.communicate(), ENDS_WITHIN_S)
        if self._process.returncode != 0:
            raise RuntimeError(f"an upload was refused: {told.decode()[-500:]}")
        return int(told)


def main() -> None:
    """What the process does."""
    url, seconds, credential, *files = sys.argv[1:]
    parts = urlsplit(url)
    bodies = [Path(file).read_bytes() for file in files]
    connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT_S)
    connection.connect()
    print("ready", flush=True)
    sys.stdin.readline()
    stop_s, done = time.monotonic() + float(seconds), 0
    for body in bodies:
        headers = {
            "Authorization": f"Device {credential}",
            "Idempotency-Key": secrets.token_hex(8),
            "Content-Type": "application/x-ndjson",
        }
        connection.request("POST", parts.path, body=body, headers=headers)
        answer = connection.getresponse()
        told = answer.read()
        if answer.status != 200:
            sys.exit(f"{answer.status} {told[-500:]!r}")
        done += 1
        if time.monotonic() > stop_s:
            break
    print(done)


if __name__ == "__main__":
    main()
