"""Where mail comes back to: a small SMTP server that takes reports about mails of ours, and nothing else.

The envelope's recipient names the mail; an address that names none is refused before anything is sent. What is taken
was noted: a report that could not be noted is put off, and its server tries again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final

from aiosmtpd.smtp import SMTP, Envelope, Session

from engine.domain.messages.bounces import REPORT_BYTES_MAX
from engine.domain.messages.return_paths import message_of
from engine.foundation import logs
from engine.services.messages.delivery.notifications import Notifications

CONNECTIONS_MAX: Final = 50
RECIPIENTS_MAX: Final = 10
IDLE_MAX_S: Final = 60.0
NOTE_MAX_S: Final = 20.0
NOBODY: Final = "550 5.1.1 No mail of ours came from here"
TOO_MANY: Final = "452 4.5.3 Too many recipients"
PUT_OFF: Final = "451 4.3.0 Not noted: try again later"
NOTED: Final = "250 2.0.0 Noted"

_log = logs.get("bounce_inlet")


class Inlet:
    """What the server asks at each step; the names are the library's."""

    def __init__(self, notifications: Notifications, domain: str) -> None:
        self._notifications = notifications
        self._domain = domain

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Only addresses that a mail of ours may have come from."""
        if message_of(address, self._domain) is None:
            return NOBODY
        if len(envelope.rcpt_tos) >= RECIPIENTS_MAX:
            return TOO_MANY
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Note what it says of each; what says nothing is taken and forgotten."""
        content = envelope.content
        raw = content if isinstance(content, bytes) else (content or "").encode()
        try:
            async with asyncio.timeout(NOTE_MAX_S):
                for address in envelope.rcpt_tos:
                    message_id = message_of(address, self._domain)
                    assert message_id is not None, "it was looked at before it was taken"
                    await self._notifications.came_back(message_id, raw)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other server still has the report
            _log.warning("report_put_off", error=repr(error))
            return PUT_OFF
        return NOTED


class _Server(SMTP):
    """Closes a connection beyond CONNECTIONS_MAX before it says anything."""

    def __init__(self, inlet: Inlet, open_now: set[asyncio.BaseTransport]) -> None:
        super().__init__(inlet, data_size_limit=REPORT_BYTES_MAX, ident="bounces", timeout=IDLE_MAX_S)
        self._open_now = open_now

    def connection_made(self, transport: Any) -> None:
        if len(self._open_now) >= CONNECTIONS_MAX:
            transport.abort()
            return
        self._open_now.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self.transport is not None:
            self._open_now.discard(self.transport)
            super().connection_lost(error)


@contextlib.asynccontextmanager
async def listening(notifications: Notifications, *, host: str, port: int, domain: str) -> AsyncIterator[int]:
    """The inlet until the block ends; the port that it listens at."""
    open_now: set[asyncio.BaseTransport] = set()
    inlet = Inlet(notifications, domain)
    server = await asyncio.get_running_loop().create_server(lambda: _Server(inlet, open_now), host, port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for transport in list(open_now):
            transport.close()
