"""What the mail server can carry, asked before anybody pays: an address it cannot carry is refused when it is typed.

Every server carries a domain in its ASCII form. A name before the @ with other letters needs SMTPUTF8 (RFC 6531).
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

import aiosmtplib

ASK_TIMEOUT_S: Final = 3.0
ASKED_AGAIN_S: Final = 600.0  # servers rarely learn
AWAY_ASKED_AGAIN_S: Final = 30.0


class MailServerGateway:
    """Remembers what the server said. One that does not answer carries ASCII alone, as far as we know."""

    def __init__(self, *, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._utf8 = False
        self._asked_again_at = 0.0
        self._asking = asyncio.Lock()

    async def carries(self, address: str) -> bool:
        """Whether it takes mail to this folded address; no round trip for one in ASCII."""
        if address.isascii():
            return True
        async with self._asking:
            if time.monotonic() >= self._asked_again_at:
                await self._ask()
        return self._utf8

    async def _ask(self) -> None:
        pause_s = ASKED_AGAIN_S
        try:
            async with aiosmtplib.SMTP(hostname=self._host, port=self._port, timeout=ASK_TIMEOUT_S) as server:
                await server.ehlo()
                self._utf8 = server.supports_extension("smtputf8")
        except (aiosmtplib.SMTPException, OSError):
            self._utf8 = False
            pause_s = AWAY_ASKED_AGAIN_S
        self._asked_again_at = time.monotonic() + pause_s
