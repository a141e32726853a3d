"""The bytes of pictures stand in a folder of ours, or in a bucket (``bucket.py``), behind one protocol.

A file is never changed: its name is its digest's. It is put before the ledger names it and deleted after the ledger
forgot it, so a process that dies between the two leaves a file without a row, never a row without its file.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from engine.domain.catalogue.media.images import IS_NAME, PicturesAway

LISTED_PER_STEP: Final = 500
_SHELF_CHARS: Final = 2  # files stand in 256 folders, by the first signs of their names


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that is there, and since when (seconds of the epoch)."""

    name: str
    kept_at_s: float


class ImageFiles(Protocol):
    """All of them raise PicturesAway."""

    async def put(self, files: Mapping[str, bytes]) -> None:
        """Keep these files. When it returns they survive a crash. Putting one twice is fine."""

    async def get(self, name: str) -> bytes | None:
        """A file's bytes; None if there is none of that name."""

    async def delete(self, names: Sequence[str]) -> None:
        """Let go of these, whether they are there or not."""

    def listed(self) -> AsyncIterator[list[KeptFile]]:
        """Every file, at most LISTED_PER_STEP at a time."""


class FolderStore:
    """A folder on this machine. It is made when the first file is put."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, files: Mapping[str, bytes]) -> None:
        await asyncio.to_thread(self._put, files)

    async def get(self, name: str) -> bytes | None:
        return await asyncio.to_thread(self._get, name)

    async def delete(self, names: Sequence[str]) -> None:
        await asyncio.to_thread(self._delete, names)

    async def listed(self) -> AsyncIterator[list[KeptFile]]:
        steps = self._steps()
        while step := await asyncio.to_thread(next, steps, None):
            yield step

    def _put(self, files: Mapping[str, bytes]) -> None:
        with _as_away():
            for name, body in files.items():
                path = self._path(name)
                path.parent.mkdir(parents=True, exist_ok=True)
                _write(path, body)

    def _get(self, name: str) -> bytes | None:
        with _as_away():
            try:
                return self._path(name).read_bytes()
            except FileNotFoundError:
                return None

    def _delete(self, names: Sequence[str]) -> None:
        with _as_away():
            for name in names:
                self._path(name).unlink(missing_ok=True)

    def _steps(self) -> Iterator[list[KeptFile]]:
        step: list[KeptFile] = []
        with _as_away():
            for path in sorted(self._root.glob(f"{'[0-9a-f]' * _SHELF_CHARS}/*")):
                with contextlib.suppress(FileNotFoundError):  # deleted meanwhile
                    step.append(KeptFile(path.name, path.stat().st_mtime))
                if len(step) >= LISTED_PER_STEP:
                    yield step
                    step = []
        if step:
            yield step

    def _path(self, name: str) -> Path:
        assert IS_NAME.match(name), "a name is checked where it was typed"
        return self._root / name[:_SHELF_CHARS] / name


def _write(path: Path, body: bytes) -> None:
    """All of it or nothing, and on the disk when this returns."""
    number, made = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with os.fdopen(number, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        os.replace(made, path)  # noqa: PTH105 - one call of the system, as it is named there
    except BaseException:
        Path(made).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextlib.contextmanager
def _as_away() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PicturesAway from error
