"""The files of pictures: given to who asks, dropped after their picture, and compared with the ledger.

The newest stay in memory, up to KEPT_BYTES_MAX: a listing's two dozen covers are asked for by everybody.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from engine.domain.catalogue.media.images import IS_NAME, names_of
from engine.domain.errands import PicturesDropped
from engine.foundation import logs
from engine.services.outbox import Outbox
from engine.stores.catalogue.media import images as store
from engine.stores.catalogue.media import plans as plan_rows
from engine.stores.catalogue.media.files import ImageFiles, KeptFile
from engine.stores.database import Pool

KEPT_BYTES_MAX: Final = 24 * 1024 * 1024  # of each process
ROWS_PER_STEP: Final = 500
STRAY_AGE_S: Final = 3600  # younger ones may belong to an upload that is not in the ledger yet
_log = logs.get("pictures")


@dataclass(frozen=True, slots=True)
class Missing:
    """A file that the ledger names and that is not there. ``event_id`` is None for a logo's.

    ``image_id`` of a plan under a chart is its venue's.
    """

    name: str
    image_id: str
    event_id: str | None


class Pictures:
    """Reads and clears away what ``Images``, ``Logos`` and ``Plans`` keep."""

    def __init__(self, *, pool: Pool, files: ImageFiles) -> None:
        self._pool = pool
        self._files = files
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._kept_bytes = 0

    def register(self, outbox: Outbox) -> None:
        outbox.on(PicturesDropped, self.drop)

    async def read(self, name: str) -> bytes | None:
        """A file's bytes; None if there is none of this name. PicturesAway."""
        known = self._kept.get(name)
        if known is not None:
            self._kept.move_to_end(name)
            return known
        if not IS_NAME.match(name):
            return None
        body = await self._files.get(name)
        if body is not None:
            self._keep(name, body)
        return body

    async def drop(self, errand: PicturesDropped, _repeated: bool) -> None:
        """Delete a picture's files unless another event's row still names them."""
        if not await store.is_wanted(self._pool, errand.digest):
            names = names_of(errand.digest, errand.widths)
            for name in names:
                self._kept_bytes -= len(self._kept.pop(name, b""))
            await self._files.delete(names)

    async def sweep(self) -> int:
        """Delete files that no row has named for STRAY_AGE_S: an upload died between the two. Always 0: it is done."""
        before_s, found = time.time() - STRAY_AGE_S, 0
        async for strays in self._strays():
            old = [stray.name for stray in strays if stray.kept_at_s < before_s]
            await self._files.delete(old)
            found += len(old)
        if found:
            _log.info("stray_pictures_deleted", files=found)
        return 0

    async def strays(self) -> list[str]:
        """The names of files without a row."""
        return [stray.name async for strays in self._strays() for stray in strays]

    async def missing(self) -> list[Missing]:
        """What the ledger names and nobody could be shown."""
        there = {file.name async for step in self._files.listed() for file in step}
        found: list[Missing] = []
        after = ""
        while rows := await store.names(self._pool, after, ROWS_PER_STEP):
            after = rows[-1][0]
            found += [
                Missing(name, image_id, event_id)
                for image_id, event_id, names in rows
                for name in names
                if name not in there
            ]
        after = ""
        while plans := await plan_rows.names(self._pool, after, ROWS_PER_STEP):
            after = plans[-1][0]
            found += [Missing(name, venue_id, None) for venue_id, names in plans for name in names if name not in there]
        return found

    async def _strays(self) -> AsyncIterator[list[KeptFile]]:
        async for step in self._files.listed():
            digests = {file.name: found[1] for file in step if (found := IS_NAME.match(file.name))}
            known = await store.known(self._pool, sorted(set(digests.values())))
            yield [file for file in step if digests.get(file.name) not in known]

    def _keep(self, name: str, body: bytes) -> None:
        self._kept_bytes += len(body) - len(self._kept.pop(name, b""))
        self._kept[name] = body
        while self._kept_bytes > KEPT_BYTES_MAX:
            _, dropped = self._kept.popitem(last=False)
            self._kept_bytes -= len(dropped)
