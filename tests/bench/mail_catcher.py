"""The mail catcher of the rehearsals as a process of its own: where mails go, and how many have come."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import orjson

from tests.bench.machine import Cores

LOOK_S = 0.05
COME_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class MailCatcher:
    smtp_port: int
    url: str

    async def caught(self) -> int:
        """How many mails have come so far."""
        async with aiohttp.ClientSession() as client, client.get(f"{self.url}/messages") as answer:
            newest = orjson.loads(await answer.read())["data"]
        return int(newest[0]["id"]) if newest else 0

    async def until(self, count: int) -> None:
        """Wait until this many have come. RuntimeError if they do not."""
        until_s = time.monotonic() + COME_WITHIN_S
        while (come := await self.caught()) < count:
            if time.monotonic() > until_s:
                raise RuntimeError(f"{count} mails were to come, {come} came")
            await asyncio.sleep(LOOK_S)


@contextlib.asynccontextmanager
async def catching(cores: Cores) -> AsyncIterator[MailCatcher]:
    """On the core of those who ask: reading mail is nobody's work here."""
    command = cores.pinned([sys.executable, "-m", "loadtest.mailbox"], to=cores.asking)
    child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert child.stdout is not None
    try:
        ready = orjson.loads(await child.stdout.readline())
        yield MailCatcher(ready["smtp_port"], ready["url"])
    finally:
        child.terminate()
        await child.wait()
