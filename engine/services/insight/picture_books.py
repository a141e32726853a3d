"""Pictures as the audit sees them: each that the ledger names is there, and nothing is kept that no row names.

An upload puts its files first and its row then; what looks wrong is looked at again, and only what stays wrong is told.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from engine.foundation.errors import Unavailable
from engine.services.catalogue.media.pictures import Pictures

LOOKS_MAX: Final = 4
LOOK_AGAIN_S: Final = 1.0
AWAY: Final = "media: the pictures cannot be read, so nobody sees them"


class PictureBooks:
    """Reads only."""

    def __init__(self, *, pictures: Pictures) -> None:
        self._pictures = pictures

    async def problems(self, events: Sequence[str]) -> Mapping[str, list[str]]:
        """What is wrong, by event. What is of none of these (logos, drafts, files of nobody) is told with the first."""
        if not events:
            return {}
        standing = await self._found()
        for _ in range(LOOKS_MAX - 1):
            if not standing:
                break
            await asyncio.sleep(LOOK_AGAIN_S)
            again = await self._found()
            standing = {said: event_id for said, event_id in standing.items() if said in again}
        told: defaultdict[str, list[str]] = defaultdict(list)
        for said, event_id in standing.items():
            told[event_id if event_id in events else events[0]].append(said)
        return told

    async def _found(self) -> dict[str, str]:
        """Each sentence, and the event that it is about or ""."""
        try:
            missing, strays = await self._pictures.missing(), await self._pictures.strays()
        except Unavailable:
            return {AWAY: ""}
        found = {f"media: {each.name} of {each.image_id} is not there": each.event_id or "" for each in missing}
        return found | {f"media: {name} belongs to no picture": "" for name in strays}
