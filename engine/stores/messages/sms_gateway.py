"""SMS by Twilio's API, or that of any provider that speaks it."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

import aiohttp

from engine.stores.messages.texts import ProviderGateway, TextPutOff

TEXT_CHARS_MAX: Final = 1_600  # the provider refuses more


class SmsGateway(ProviderGateway):
    """``sender`` is a number of ours or a messaging service (MG...); ``told_at``: it says there what became of one."""

    def __init__(self, *, url: str, account: str, secret: str, sender: str, told_at: str = "") -> None:
        super().__init__()
        self._url = f"{url.rstrip('/')}/2010-04-01/Accounts/{quote(account, safe='')}/Messages.json"
        self._headers = {"Authorization": aiohttp.encode_basic_auth(account, secret)}
        self._from = {"MessagingServiceSid" if sender.startswith("MG") else "From": sender}
        self._told_at = {"StatusCallback": told_at} if told_at else {}

    async def send(self, number: str, text: str) -> str:
        """The message's SID. TextRefused, TextPutOff."""
        form = {"To": number, "Body": text[:TEXT_CHARS_MAX], **self._from, **self._told_at}
        told = await self._posted(self._url, data=form, headers=self._headers)
        sid = told.get("sid")
        if not isinstance(sid, str) or not sid:
            raise TextPutOff("The provider took it without naming it")
        return sid
