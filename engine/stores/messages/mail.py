"""Mail out over SMTP: a few connections, each kept for the next letters while mail is sent, given up when it rests."""

from __future__ import annotations

import asyncio
import socket
from typing import Final

import aiosmtplib

from engine.stores.messages.letter import Letter
from engine.stores.messages.smtp_gateway import SmtpGateway

CONNECT_TIMEOUT_S: Final = 20.0
CONNECTIONS_MAX: Final = 4
LETTERS_A_CONNECTION_MAX: Final = 100  # servers that spread their load want to see a connection end
REST_MAX_S: Final = 15.0  # well below what servers allow an idle connection
CLOSE_TIMEOUT_S: Final = 2.0
NOBODYS: Final = ".invalid"  # RFC 2606: a name that never stands for a host
_HERE = socket.getfqdn()  # asked once: the library would resolve it for every connection


class MailGateway:
    """Hands letters to the mail server. Raises aiosmtplib.SMTPException or OSError if it did not take one."""

    def __init__(self, *, host: str, port: int, user: str = "", password: str = "", tls: bool = False) -> None:
        self._host = host
        self._port = port
        self._user = user
        self._password = password
        self._tls = tls
        self._resting: dict[SmtpGateway, asyncio.TimerHandle] = {}
        self._turns = asyncio.Semaphore(CONNECTIONS_MAX)

    async def send(self, letter: Letter) -> None:
        """A connection that rested and turns out to be dead is replaced, as long as none of the content has left.

        Nobody reads the address of a person who was erased: nothing leaves for it.
        """
        if letter.recipient.endswith(NOBODYS):
            return
        async with self._turns:
            line = self._rested()
            if line is not None:
                try:
                    await self._carry(line, letter)
                except (aiosmtplib.SMTPServerDisconnected, ConnectionError):
                    if line.content_sent:
                        raise
                else:
                    return
            await self._carry(await self._open(), letter)

    async def close(self) -> None:
        """Hang up all lines that rest."""
        lines = list(self._resting)
        for line in lines:
            self._end(line)
        gone = [asyncio.ensure_future(line.closed()) for line in lines]
        if gone:
            _, slow = await asyncio.wait(gone, timeout=CLOSE_TIMEOUT_S)
            for waiting in slow:
                waiting.cancel()

    async def _carry(self, line: SmtpGateway, letter: Letter) -> None:
        try:
            await line.carry(letter)
        finally:
            self._rest(line)

    async def _open(self) -> SmtpGateway:
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            username=self._user or None,
            password=self._password or None,
            start_tls=True if self._tls else None,
            local_hostname=_HERE,
            timeout=CONNECT_TIMEOUT_S,
        )
        await client.connect()
        if client.is_ehlo_or_helo_needed:
            await client.ehlo()
        return SmtpGateway(client)

    def _rested(self) -> SmtpGateway | None:
        """The line that rested least and still lives."""
        while self._resting:
            line, timer = self._resting.popitem()
            timer.cancel()
            if line.is_open:
                return line
            line.close()
        return None

    def _rest(self, line: SmtpGateway) -> None:
        if line.is_open and line.carried < LETTERS_A_CONNECTION_MAX:
            self._resting[line] = asyncio.get_running_loop().call_later(REST_MAX_S, self._end, line)
        else:
            line.close()

    def _end(self, line: SmtpGateway) -> None:
        timer = self._resting.pop(line, None)
        if timer is not None:
            timer.cancel()
        line.close()
