"""SMS by Twilio's API, or that of any provider that speaks it."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

import aiohttp

from engine.stores.messages.texts import TextPutOff, client, posted

TEXT_CHARS_MAX: Final = 1_600  # the provider refuses more


class SmsGateway:
    """``sender`` is a number of ours or a messaging service (MG...); ``told_at``: where it says what became of one."""

    def __init__(self, *, url: str, account: str, secret: str, sender: str, told_at: str = "") -> None:
        self._url = f"{url.rstrip('/')}/2010-04-01/Accounts/{quote(account, safe='')}/Messages.json"
        self._auth = aiohttp.BasicAuth(account, secret)
        self._from = {"MessagingServiceSid" if sender.startswith("MG") else "From": sender}
        self._told_at = {"StatusCallback": told_at} if told_at else {}
        self._http: aiohttp.ClientSession | None = None

    async def send(self, number: str, text: str) -> str:
        """The message's SID. TextRefused, TextPutOff."""
        if self._http is None:
            self._http = client()
        form = {"To": number, "Body": text[:TEXT_CHARS_MAX], **self._from, **self._told_at}
        told = await posted(self._http, self._url, data=form, auth=self._auth)
        sid = told.get("sid")
        if not isinstance(sid, str) or not sid:
            raise TextPutOff("The provider took it without naming it")
        return sid

    async def close(self) -> None:
        """Hang up."""
        if self._http is not None:
            await self._http.close()
