"""A protocol that answers the hottest requests where they arrive, before aiohttp makes them into tasks.

aiohttp's parser reads every byte, and its request object is what ``express`` gets; what is left out is the machinery
around the answer: a wake-up of the connection's task, a second task for the handler, a response with a multidict of
headers, two turns of the loop. Together they cost more than placing a hold. Whatever ``express`` does not answer goes
the usual way with the same request object, so nothing is read or decided twice, and answers keep their order.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Generic, TypeAlias, TypeVar, cast

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import HttpVersion11, RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler

from engine.foundation import errors, logs, problems
from engine.foundation.ids import new_id
from engine.foundation.ready import Ready

LOOK_S = 120.0  # anybody who sent no whole request between two looks is hung up on: twice this at most

T = TypeVar("T")
_log = logs.get("http")


class Reply(Generic[T]):
    """An answer that a batch owes: a future's manners, without a future's turn of the loop.

    Who hangs up before it has gone out is left out of the batch. Afterwards nobody is: the same key asked again on
    another connection may have been given what this one asked for.
    """

    __slots__ = ("_connection",)

    def __init__(self) -> None:
        self._connection: ExpressProtocol | None = None

    @abstractmethod
    def answer(self, told: T) -> Ready | None:
        """What the caller reads; None if the usual way must be taken."""

    @abstractmethod
    def refuse(self, error: BaseException) -> None:
        """Remember for the usual way why it is refused."""

    def owed_by(self, connection: ExpressProtocol) -> None:
        self._connection = connection

    def cancelled(self) -> bool:
        return self._connection is None or self._connection.transport is None

    def done(self) -> bool:
        return False

    def set_result(self, told: T, /) -> None:
        answer = None
        try:
            answer = self.answer(told)
        except Exception as error:  # noqa: BLE001 - told by the usual way
            self.refuse(error)
        self._tell(answer)

    def set_exception(self, error: BaseException, /) -> None:
        self.refuse(error)
        self._tell(None)

    def _tell(self, answer: Ready | None) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.answered(answer)


# None: not mine.
Express: TypeAlias = Callable[[web.Request], "Ready | Reply[Any] | None"]


class ExpressServer(web.Server):
    """A server whose connections ask ``express`` first."""

    def __init__(self, plain: web.Server, express: Express) -> None:
        options = plain._kwargs  # noqa: SLF001 - aiohttp names them nowhere else
        super().__init__(plain.request_handler, request_factory=plain.request_factory, **options)
        self.express = express

    def __call__(self) -> RequestHandler:
        return ExpressProtocol(self, loop=self._loop, **self._kwargs)


class ExpressProtocol(RequestHandler):
    """One connection. The head of aiohttp's message queue is the request under way, on the express path as off it."""

    __slots__ = (
        "_asked", "_early", "_express", "_factory", "_idle", "_kept_transport", "_look", "_seen", "_under_way",
        "visitor",
    )  # fmt: skip

    def __init__(self, manager: ExpressServer, **options: Any) -> None:
        super().__init__(manager, **options)
        self._express = manager.express
        self._factory = manager.request_factory
        self._request_factory = self._request_again
        self._asked: web.Request | None = None
        self._under_way = False
        self.visitor = ""  # who asks over this connection, if nothing else says
        self._idle: asyncio.Future[None] | None = None
        self._early: list[bytes] | None = []  # what came before the connection's task had begun to wait
        self._look: asyncio.TimerHandle | None = None
        self._seen = 0
        self._kept_transport: asyncio.Transport | None = None  # what `transport` was before we began to hang up

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._kept_transport = cast(asyncio.Transport, transport)
        self._loop.call_soon(self._begin)
        self._look = self._loop.call_later(LOOK_S, self._look_after)

    def _begin(self) -> None:
        early, self._early = self._early, None
        if early:
            self.data_received(b"".join(early))

    def data_received(self, data: bytes) -> None:
        waiter = self._waiter
        if self._early is not None:
            self._early.append(data)
            return
        if waiter is None or waiter.done():
            self._parse(data)  # the usual way is at work, and takes what follows
            return
        self._waiter = None  # nobody is woken for what may be answered here
        try:
            self._parse(data)
        finally:
            self._waiter = waiter
        if self._messages and not self._under_way:
            self._serve()

    def _parse(self, data: bytes) -> None:
        try:
            super().data_received(data)
        except Exception as error:  # noqa: BLE001 - a fault of the parser must end nothing but this connection
            self._give_up(error)

    def connection_lost(self, exc: BaseException | None) -> None:
        super().connection_lost(exc)
        if self._look is not None:
            self._look.cancel()
        self._asked = self._kept_transport = None
        self._rest()  # anybody who is left out of a batch is never answered

    def resume_reading(self, resume_parser: bool = True) -> None:
        """aiohttp resumes after every body; if nothing was paused that is a parser and a system call for nothing."""
        if self._reading_paused:
            super().resume_reading(resume_parser)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._messages and not self._under_way and self._waiter is not None and not self._waiter.done():
            self._serve()

    def close(self) -> None:
        """Take nothing more; what is under way is still answered."""
        if self._under_way:
            self._close = True
        else:
            super().close()

    async def shutdown(self, timeout: float | None = 15.0) -> None:  # noqa: ASYNC109 - aiohttp's own signature
        if self._under_way:
            self._idle = self._loop.create_future()
            await asyncio.wait([self._idle], timeout=timeout)
        await super().shutdown(timeout)

    def answered(self, answer: Ready | None) -> None:
        """What was under way is over; None if the usual way must be taken."""
        self._under_way = False
        self._rest()
        if self.transport is None:
            return  # the caller hung up
        if answer is None:
            self._go_the_usual_way()
            return
        self._serve(answer)

    def _serve(self, first: Ready | None = None) -> None:
        """Answer what waits, in order, until something takes time. Who does not read is not answered further.

        ``first`` is given before. What aiohttp cannot read (a host that is no name, say) costs this connection and no
        other: it may be a batch that calls, and others wait for it.
        """
        try:
            if first is not None:
                self._write(first)
            self._serve_on()
        except Exception as error:  # noqa: BLE001 - as above
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        _log.warning("connection_given_up", error=repr(error))
        self._under_way = False
        self.force_close()

    def _serve_on(self) -> None:
        while self._messages and not self._paused and self.transport is not None:
            message, payload = self._messages[0]
            self._under_way = True  # reading a body may bring more data in
            answer = self._ask(message, payload)
            if isinstance(answer, Reply):
                answer.owed_by(self)
                return
            self._under_way = False
            if answer is None:
                self._go_the_usual_way()
                return
            self._write(answer)

    def _rest(self) -> None:
        """Anybody who ends the server need not wait for this connection any longer."""
        if self._idle is not None and not self._idle.done():
            self._idle.set_result(None)

    def _look_after(self) -> None:
        """Hang up on who came and sent nothing whole, or asks without reading.

        aiohttp's own clock starts with the first answer of its task: a caller who sends one byte of a head a minute, or
        is answered on the express path alone, would stay for ever. Hanging up waits until all that was written is
        read: a caller who has not read it one look later never will, and is cut off.
        """
        if self.transport is None:
            if self._kept_transport is not None:
                self._kept_transport.abort()
            return
        waits = self._waiter is not None and not self._waiter.done() and not self._under_way
        if waits and self._request_count == self._seen:
            self.force_close()
        self._seen = self._request_count
        self._look = self._loop.call_later(LOOK_S, self._look_after)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """What is no HTTP, or too long for a head, gets a problem document as well; a fault of ours is aiohttp's."""
        if status != errors.Malformed.status or request.writer.output_size > 0:
            return super().handle_error(request, status, exc, message)
        refusal = errors.Malformed("This is no HTTP request, or its head is too long")
        response = problems.problem(refusal, new_id("req"), request.path)
        response.force_close()
        return response

    def _process_keepalive(self) -> None:
        """Who waits for an answer is not idle."""
        if self._under_way:
            self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        super()._process_keepalive()

    def _ask(self, message: Any, payload: StreamReader) -> Ready | Reply[Any] | None:
        if (
            not isinstance(message, RawRequestMessage)
            or message.upgrade
            or message.chunked
            or message.compression
            or message.version != HttpVersion11
            or not payload.is_eof()
            or "Expect" in message.headers
        ):
            return None
        # Writer and task are given it once there are any: `_request_again`.
        request = self._asked = cast(web.Request, self._factory(message, payload, self, None, None))  # type: ignore[arg-type]
        try:
            return self._express(request)
        except Exception:  # noqa: BLE001 - the usual way tells it
            _log.exception("express_failed", path=message.path)
            return None

    def _write(self, answer: Ready) -> None:
        message = cast(RawRequestMessage, self._messages.popleft()[0])
        self._asked = None
        if self._parser is not None:
            self._parser.message_consumed()
        transport, stays = self.transport, not (message.should_close or self._close)
        if transport is None or transport.is_closing():
            return
        transport.write(answer.raw(stays=stays))
        if self._manager is not None:
            self._manager.requests_count += 1
        if not stays:
            self.force_close()
            return
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        if self._buffer_paused and len(self._messages) <= self._msg_queue_resume_size:
            self._under_way = True  # it parses what it kept back; anybody who called this answers it
            self._resume_reading_if_drained()
            self._under_way = False

    def _go_the_usual_way(self) -> None:
        """Wake the connection's task; it takes the message from the head of the queue."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _body_came_late(self) -> None:
        self._loop.call_soon(self._count_late_body)  # its parser has yet to count it

    def _count_late_body(self) -> None:
        """Tell the parser that the message has left the queue: that was before its body, and was not counted.

        Left so, the parser would stop one message before the queue is full, and nobody would wake it.
        """
        if self._parser is not None:
            self._parser.message_consumed()
            self.data_received(b"")

    def _request_again(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: RequestHandler,
        writer: AbstractStreamWriter,
        task: asyncio.Task[None],
    ) -> web.BaseRequest:
        """The request that the express path looked at, whose body may be read already, or a new one."""
        if not payload.is_eof():
            payload.on_eof(self._body_came_late)
        request, self._asked = self._asked, None
        if request is None or request._message is not message:  # noqa: SLF001 - whose it is
            try:
                return self._factory(message, payload, protocol, writer, task)
            except Exception as error:
                self._give_up(error)
                raise asyncio.CancelledError from error  # the connection's task, which would leave it open for ever
        request._payload_writer, request._task = writer, task  # noqa: SLF001 - what the factory was not given
        return request
