"""The way into the darkroom: a process for each picture, with limits of its own, so that no file harms the shop."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import orjson

from engine.domain.catalogue.media.images import PIXELS_MAX, SIDE_MAX, WIDTHS, DarkroomAway, Developed, refused
from engine.foundation import logs

WAIT_S_MAX: Final = 60.0  # its CPU time is limited to a third of that; on a busy machine it gets it late
PROGRAM: Final = Path(__file__).resolve().parent / "darkroom_process.py"
_log = logs.get("darkroom")


class DarkroomGateway:
    """Starts the program for each picture."""

    def __init__(self, program: Path = PROGRAM) -> None:
        self._command = [sys.executable, "-I", str(program), ",".join(map(str, WIDTHS)), str(PIXELS_MAX), str(SIDE_MAX)]

    async def develop(self, file: bytes) -> Developed:
        """The prints of a picture. Invalid or ImageTypeRefused with what is wrong; DarkroomAway."""
        process = await self._started()
        try:
            async with asyncio.timeout(WAIT_S_MAX):
                answer, _ = await process.communicate(file)
        except TimeoutError:
            _log.warning("darkroom_starved", waited_s=WAIT_S_MAX)
            raise DarkroomAway from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:  # a signal: out of CPU time, or a decoder that broke
            _log.info("darkroom_broke", returncode=process.returncode)
            raise refused("image_too_costly" if process.returncode < 0 else "image_unreadable")
        return _read(answer)

    async def _started(self) -> asyncio.subprocess.Process:
        try:
            return await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={},
            )
        except OSError as error:
            _log.warning("darkroom_away", error=repr(error))
            raise DarkroomAway from error


def _read(answer: bytes) -> Developed:
    head, _, bodies = answer.partition(b"\n")
    facts = orjson.loads(head)
    if "fault" in facts:
        raise refused(facts["fault"])
    return Developed(width=facts["width"], height=facts["height"], prints=dict(_cut(facts["prints"], bodies)))


def _cut(prints: list[Any], bodies: bytes) -> Iterator[tuple[tuple[int, str], bytes]]:
    at = 0
    for width, kind, size in prints:
        yield (width, kind), bodies[at : at + size]
        at += size
    assert at == len(bodies), "the darkroom says how long its prints are"
