"""WhatsApp by the HTTP API of WAHA, a server that keeps a session of WhatsApp's web client."""

from __future__ import annotations

from typing import Any, Final

from engine.stores.messages.texts import ProviderGateway, TextPutOff

TEXT_CHARS_MAX: Final = 4_096


class WhatsappGateway(ProviderGateway):
    """``session`` is the name of ours at the server."""

    def __init__(self, *, url: str, key: str = "", session: str = "default") -> None:
        super().__init__()
        self._url = f"{url.rstrip('/')}/api/sendText"
        self._headers = {"X-Api-Key": key} if key else {}
        self._session = session

    async def send(self, number: str, text: str) -> str:
        """The message's id. TextRefused, TextPutOff."""
        body = {"session": self._session, "chatId": f"{number.lstrip('+')}@c.us", "text": text[:TEXT_CHARS_MAX]}
        told = await self._posted(self._url, json=body, headers=self._headers)
        found = _id_of(told)
        if not found:
            raise TextPutOff("The server took it without naming it")
        return found


def _id_of(told: dict[str, Any]) -> str:
    """Engines of the server name a message in two ways: as text, or as its parts with the whole next to them."""
    found = told.get("id")
    if isinstance(found, dict):
        found = found.get("_serialized")
    return found if isinstance(found, str) else ""
