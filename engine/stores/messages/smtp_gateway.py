"""One connection to the mail server, which carries letters one after the other.

An envelope (sender, recipient, DATA) leaves in one write if the server takes commands in a row (RFC 2920), so a
letter costs two round trips instead of four. The library connects, encrypts and signs in; from then on the bytes are
ours, because the library takes one answer a command.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final, cast

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPNotSupported,
    SMTPReadTimeoutError,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponse,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

from engine.stores.messages.letter import Letter

REPLY_BYTES_MAX: Final = 64 * 1024
STEP_TIMEOUT_S: Final = 20.0
_DONE, _WILL_FORWARD, _GO_ON, _GOODBYE = 250, 251, 354, 421
_CODE_CHARS = 3


class SmtpGateway:
    """Carries letters in turn; not for two callers at a time. ``carried`` counts what was taken."""

    def __init__(self, client: SMTP) -> None:
        assert client.transport is not None, "the library has connected"
        self._in_a_row = client.supports_extension("pipelining")
        self._says_size = client.supports_extension("size")
        self._takes_utf8 = client.supports_extension("smtputf8")
        self._answers = _Answers()
        self._transport = cast("asyncio.Transport", client.transport)
        self._transport.set_protocol(self._answers)
        self.carried = 0
        self.content_sent = False

    @property
    def is_open(self) -> bool:
        """Whether the server has neither hung up nor spoken without being asked."""
        return self._answers.is_quiet and not self._transport.is_closing()

    async def carry(self, letter: Letter) -> None:
        """Deliver a letter. ``content_sent`` tells afterwards how far it came.

        Raises SMTPSenderRefused, SMTPRecipientsRefused, SMTPDataError, SMTPNotSupported for an address that needs
        SMTPUTF8, SMTPServerDisconnected, SMTPReadTimeoutError.
        """
        self.content_sent = False
        sender, recipient, go_on = await self._ask(self._envelope(letter))
        self._must_take_sender(sender, letter.sender)
        is_refused = recipient.code not in {_DONE, _WILL_FORWARD}
        if go_on.code != _GO_ON or is_refused:
            await self._start_over(go_on.code == _GO_ON)
            if is_refused:
                raise SMTPRecipientsRefused([SMTPRecipientRefused(recipient.code, recipient.message, letter.recipient)])
            raise SMTPDataError(go_on.code, go_on.message)
        self.content_sent = True
        [taken] = await self._exchange(_stuffed(letter.content) + b".\r\n", 1)
        if taken.code != _DONE:
            raise SMTPDataError(taken.code, taken.message)
        self.carried += 1

    def _envelope(self, letter: Letter) -> tuple[bytes, bytes, bytes]:
        options = [b"SIZE=%d" % len(letter.content)] if self._says_size else []
        sender, recipient = f"<{letter.sender}>", f"<{letter.recipient}>"
        if not (sender + recipient).isascii():
            if not self._takes_utf8:
                raise SMTPNotSupported("The mail server takes no address outside ASCII")
            options += [b"SMTPUTF8", b"BODY=8BITMIME"]
        assert not any([sign in letter.sender + letter.recipient for sign in "\r\n\0<>"]), "an address stands alone"
        begins = b" ".join([b"MAIL FROM:" + sender.encode(), *options])
        return begins + b"\r\n", b"RCPT TO:" + recipient.encode() + b"\r\n", b"DATA\r\n"

    async def _ask(self, commands: Sequence[bytes]) -> list[SMTPResponse]:
        """Three answers. After a "no" one at a time, the rest of the commands is not even asked."""
        if self._in_a_row:
            return await self._exchange(b"".join(commands), len(commands))
        answers: list[SMTPResponse] = []
        for command in commands:
            answers += await self._exchange(command, 1)
            if answers[-1].code not in {_DONE, _WILL_FORWARD}:
                break
        return answers + [answers[-1]] * (len(commands) - len(answers))

    def _must_take_sender(self, answer: SMTPResponse, sender: str) -> None:
        if answer.code == _GOODBYE:
            self.close()
            raise SMTPServerDisconnected(answer.message)
        if answer.code != _DONE:
            self.close()  # what the other commands were answered is of no use: a new connection is a clean one
            raise SMTPSenderRefused(answer.code, answer.message, sender)

    async def _start_over(self, waits_for_content: bool) -> None:
        """After a refusal the next letter begins afresh; a server that waits for content is given none."""
        if waits_for_content:
            await self._exchange(b".\r\n", 1)
        [answer] = await self._exchange(b"RSET\r\n", 1)
        if answer.code != _DONE:
            self.close()

    async def _exchange(self, data: bytes, count: int) -> list[SMTPResponse]:
        self._transport.write(data)
        try:
            async with asyncio.timeout(STEP_TIMEOUT_S):
                return await self._answers.next(count)
        except TimeoutError as error:
            self.close()
            raise SMTPReadTimeoutError("Timed out waiting for the mail server") from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Hang up; a caller that waits for an answer learns that the line is lost."""
        if not self._transport.is_closing():
            if self._answers.is_quiet:
                self._transport.write(b"QUIT\r\n")
            self._transport.close()

    async def closed(self) -> None:
        """Wait until the connection is gone."""
        await self._answers.gone.wait()


class _Answers(asyncio.Protocol):
    """What the server says, answer by answer."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()
        self._unread = bytearray()
        self._text: list[str] = []
        self._ready: deque[SMTPResponse] = deque()
        self._wanted = 0
        self._waiter: asyncio.Future[None] | None = None

    @property
    def is_quiet(self) -> bool:
        return not self.gone.is_set() and self._waiter is None and not self._ready and not self._unread

    async def next(self, count: int) -> list[SMTPResponse]:
        """The next answers. SMTPServerDisconnected if the server hangs up first."""
        self._wanted = count
        if len(self._ready) < count:
            if self.gone.is_set():
                raise SMTPServerDisconnected("Connection lost")
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return [self._ready.popleft() for _ in range(count)]

    def data_received(self, data: bytes) -> None:
        self._unread += data
        if len(self._unread) > REPLY_BYTES_MAX or len(self._text) * _CODE_CHARS > REPLY_BYTES_MAX:
            self._lose("The mail server's answer has no end")
            return
        *lines, rest = self._unread.split(b"\n")
        self._unread = bytearray(rest)
        for line in lines:
            self._line(line.rstrip(b"\r").decode("utf-8", "replace"))
        if self._waiter is not None and not self._waiter.done() and len(self._ready) >= self._wanted:
            self._waiter.set_result(None)

    def _line(self, line: str) -> None:
        code = line[:_CODE_CHARS]
        if not (code.isascii() and code.isdecimal() and len(code) == _CODE_CHARS):
            self._lose("The mail server does not speak SMTP")
            return
        self._text.append(line[_CODE_CHARS + 1 :])
        if line[_CODE_CHARS : _CODE_CHARS + 1] != "-":
            self._ready.append(SMTPResponse(int(code), "\n".join(self._text)))
            self._text = []

    def eof_received(self) -> bool:
        self._lose("The mail server hung up")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._lose(f"Connection lost: {exc}")
        self.gone.set()

    def _lose(self, why: str) -> None:
        self.gone.set()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(SMTPServerDisconnected(why))


def _stuffed(content: bytes) -> bytes:
    """With the dots doubled that begin a line (RFC 5321, 4.5.2), ending with a line end."""
    if content.startswith(b"."):
        content = b"." + content
    content = content.replace(b"\r\n.", b"\r\n..")
    return content if content.endswith(b"\r\n") else content + b"\r\n"
