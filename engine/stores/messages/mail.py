"""Mail out over SMTP: a few connections, each kept for the next letters while mail is sent, given up when it rests.

There may be several servers: the first that answers has the letter, and one that did not answer is left alone for a
while. What a server says to a letter is the answer; no other is asked about it.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

import aiosmtplib

from engine.stores.messages.letter import Letter
from engine.stores.messages.smtp_gateway import SmtpGateway

CONNECT_TIMEOUT_S: Final = 20.0
CONNECTIONS_MAX: Final = 4
LETTERS_A_CONNECTION_MAX: Final = 100  # servers that spread their load want to see a connection end
REST_MAX_S: Final = 15.0  # well below what servers allow an idle connection
CLOSE_TIMEOUT_S: Final = 2.0
AWAY_S: Final = 30.0  # a server that did not answer is asked last for so long
SERVERS_MAX: Final = 5
NOBODYS: Final = ".invalid"  # RFC 2606: a name that never stands for a host
_HERE = socket.getfqdn()  # asked once: the library would resolve it for every connection


@dataclass(frozen=True, slots=True)
class MailServer:
    """One to hand letters to; ``tls``: STARTTLS is demanded."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    tls: bool = False


def servers_of(written: str) -> list[MailServer]:
    """Servers as ``smtp://user:password@host:port``, apart by commas; ``smtps``: with STARTTLS. ValueError."""
    found = []
    for text in filter(None, (part.strip() for part in written.split(","))):
        at = urlsplit(text)
        if at.scheme not in {"smtp", "smtps"} or not at.hostname:
            raise ValueError("a mail server is written smtp://host:port")
        user, password = unquote(at.username or ""), unquote(at.password or "")
        found.append(MailServer(at.hostname, at.port or 25, user, password, at.scheme == "smtps"))
    if len(found) >= SERVERS_MAX:
        raise ValueError(f"at most {SERVERS_MAX} mail servers")
    return found


class MailGateway:
    """Hands letters to a mail server. Raises aiosmtplib.SMTPException or OSError if none took one.

    ``others`` are asked, in this order, if the first does not answer.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        user: str = "",
        password: str = "",
        tls: bool = False,
        others: Sequence[MailServer] = (),
    ) -> None:
        self._servers = (MailServer(host, port, user, password, tls), *others)
        self._away_until = dict.fromkeys(self._servers, 0.0)
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
        """A connection to the first server that answers; those that lately did not are asked last."""
        at_s = time.monotonic()
        away = {server: until_s for server, until_s in self._away_until.items() if until_s > at_s}
        turns = [*(one for one in self._servers if one not in away), *sorted(away, key=away.__getitem__)]
        for server in turns[:-1]:
            try:
                return await self._open_to(server)
            except (aiosmtplib.SMTPException, OSError):
                self._away_until[server] = time.monotonic() + AWAY_S
        return await self._open_to(turns[-1])

    async def _open_to(self, server: MailServer) -> SmtpGateway:
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password or None,
            start_tls=True if server.tls else None,
            local_hostname=_HERE,
            timeout=CONNECT_TIMEOUT_S / len(self._servers),  # a handler has no more time for all of them
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
