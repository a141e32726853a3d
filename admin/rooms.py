"""The waiting room as an operator reaches it: over its public HTTP, with a bearer of the signed-in person's own.

RoomSilent 503 room_silent
"""

from __future__ import annotations

from typing import Any, Final

import aiohttp
import orjson

from engine.foundation.bearer import Bearers, Person
from engine.foundation.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable

CALL_TIMEOUT_S: Final = 3.0


class RoomSilent(Unavailable):
    code, title = "room_silent", "The waiting room does not answer right now"


class Rooms:
    """Figures and controls of the rooms. Rights are the room's to check: it reads the same ledger."""

    def __init__(self, *, client: aiohttp.ClientSession, url: str, bearers: Bearers) -> None:
        self._client = client
        self._url = url.rstrip("/")
        self._bearers = bearers

    async def console(self, person: Person, event_id: str) -> dict[str, Any]:
        """The room's figures, ``limited_by`` among them. RoomSilent; NotFound if there is no room."""
        return await self._ask(person, "GET", event_id, "console")

    async def control(self, person: Person, event_id: str, changes: dict[str, Any]) -> dict[str, Any]:
        """Change rate, capacity, pause, message, or open now; the figures as they are then."""
        return await self._ask(person, "PATCH", event_id, "controls", changes)

    async def _ask(
        self, person: Person, method: str, event_id: str, what: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._bearers.sign(person)}"}
        url = f"{self._url}/v1/rooms/{event_id}/{what}"
        try:
            async with self._client.request(method, url, headers=headers, json=body, allow_redirects=False) as answer:
                document: dict[str, Any] = orjson.loads(await answer.read())
        except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError) as error:
            raise RoomSilent from error
        if answer.ok:
            return document
        detail = str(document.get("detail", ""))
        match answer.status:
            case 403:
                raise Forbidden(detail)
            case 404:
                raise NotFound(detail)
            case 409:
                raise Conflict(detail)
            case 400 | 422:
                raise Invalid(detail, errors=document.get("errors", []))
        raise RoomSilent(detail or None)
