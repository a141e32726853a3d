"""Mail out over SMTP, one connection a message: mail is rare next to sales, and a dead connection is never reused."""

from __future__ import annotations

import socket
from email.message import EmailMessage

import aiosmtplib

SEND_TIMEOUT_S = 20.0
_HERE = socket.getfqdn()  # asked once: the library would resolve it for every message


class MailGateway:
    """Hands messages to the mail server. Raises aiosmtplib.SMTPException or OSError if it did not take one."""

    def __init__(self, *, host: str, port: int, user: str = "", password: str = "", tls: bool = False) -> None:
        self._host = host
        self._port = port
        self._user = user
        self._password = password
        self._tls = tls

    async def send(self, message: EmailMessage) -> None:
        await aiosmtplib.send(
            message,
            hostname=self._host,
            port=self._port,
            username=self._user or None,
            password=self._password or None,
            start_tls=True if self._tls else None,
            local_hostname=_HERE,
            timeout=SEND_TIMEOUT_S,
        )
