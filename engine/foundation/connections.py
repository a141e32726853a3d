"""Connections to Redis: one pipelined for the hot path, redis-py for the rest; and waiting for any store to start.

An awaited redis-py command costs 45 us of CPU, more than a whole aiohttp request; writing through one connection with
the hiredis reader and one flush a loop tick costs 2 us. ``HotRedis`` is that connection. Hearing a message costs
redis-py as much again; ``HotRedis.hear`` hears over a connection of the same kind.

RedisAway (Unavailable)   no connection, or the reply did not come; ``applied_unknown`` says whether it may have run
RedisRefused (Unavailable) LOADING, READONLY, OOM, MASTERDOWN, CLUSTERDOWN ...: Redis answered that it cannot
└── SlotMoved             MOVED or ASK: another node of the cluster has the slot (foundation/cluster.py follows)
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, NoReturn, cast
from urllib.parse import unquote, urlsplit

import hiredis
import redis.asyncio as redis_client

from engine.foundation import logs
from engine.foundation.errors import Unavailable
from engine.foundation.scripts import Script
from engine.foundation.store_faults import LEDGER_FAULTS

CONNECT_TIMEOUT_S = 2.0
REPLY_TIMEOUT_S = 2.0
RECONNECT_DELAY_S = 0.1
REFUSED_DELAY_S = 2.0
READY_POLL_S = 0.01
PENDING_MAX = 20_000
HEARING_CHECK_S = 5.0  # a silent channel's connection is asked whether it still stands

RedisClient = redis_client.Redis
Argument = bytes | str | int
Heard = Callable[[bytes, bytes], None]  # channel, message

_UNASKED: Final = frozenset({b"message", b"pmessage"})
_log = logs.get("connections")


class RedisAway(Unavailable):
    code, title = "store_unavailable", "A store cannot be reached: try again in a moment"

    def __init__(self, detail: str | None = None, *, applied_unknown: bool = False) -> None:
        super().__init__(detail, retry_after_s=1)
        self.applied_unknown = applied_unknown


class RedisRefused(Unavailable):
    code, title = "store_unavailable", "A store is not ready: try again in a moment"


class SlotMoved(RedisRefused):
    """``address`` is host:port of the node to ask; ``asking`` if the slot is only on its way there."""

    code, title = "store_moving", "A store is moving: try again in a moment"

    def __init__(self, address: str, *, asking: bool) -> None:
        super().__init__(retry_after_s=1, reason="moved")
        self.address = address
        self.asking = asking


class ScriptMissing(Exception):  # noqa: N818 - handled one line further on
    """NOSCRIPT: the text must be sent."""


class HotRedis:
    """One connection, any number of commands under way, replies matched in order, one write a loop tick.

    After a lost connection every command under way fails with RedisAway(applied_unknown=True) and a new connection is
    made in the background; commands meanwhile fail at once. A reply later than ``reply_timeout_s`` breaks the
    connection. ``generation`` grows with each connection: what was learnt over an older one may no longer be so.
    """

    def __init__(
        self, url: str, *, reply_timeout_s: float = REPLY_TIMEOUT_S, changed: Callable[[], None] | None = None
    ) -> None:
        """``changed`` is called after every connection made and lost."""
        self._url = urlsplit(url)
        self._reply_timeout_s = reply_timeout_s
        self._changed = changed
        self._protocol: _Protocol | None = None
        self._reconnecting: asyncio.Task[None] | None = None
        self._closed = False
        self._run_id = b""
        self.generation = 0  # how many times this connection was made

    async def open(self) -> HotRedis:
        """Connect, or RedisAway."""
        await self._connect()
        return self

    async def close(self) -> None:
        self._closed = True
        if self._reconnecting is not None:
            self._reconnecting.cancel()
        if self._protocol is not None:
            self._protocol.abort()

    def command(self, *arguments: Argument) -> asyncio.Future[Any]:
        """Send a command; the future holds its reply (bytes, int, list or None)."""
        protocol = self._protocol
        if protocol is None:
            raise RedisAway
        return protocol.send(hiredis.pack_command(arguments))  # type: ignore[arg-type]  # its stub knows one argument

    async def run(self, script: Script, keys: Sequence[Argument], arguments: Sequence[Argument]) -> Any:
        """Run a script by its SHA, sending its text if Redis does not know it yet."""
        try:
            return await self.command(b"EVALSHA", script.sha, len(keys), *keys, *arguments)
        except ScriptMissing:
            return await self.command(b"EVAL", script.text, len(keys), *keys, *arguments)

    async def run_id(self, key: Argument = b"") -> bytes:  # noqa: ARG002 - one server has every key
        """The id of the Redis process that has ``key``: another one after a restart or failover. RedisAway."""
        if self._protocol is None:
            raise RedisAway
        return self._run_id

    @property
    def connected(self) -> bool:
        return self._protocol is not None

    @property
    def host(self) -> str:
        return self._url.hostname or "127.0.0.1"

    async def ready(self, timeout_s: float) -> bool:
        """Wait for the connection to be made again; False if it was not in time."""
        for _ in range(round(timeout_s / READY_POLL_S)):
            if self.connected:
                return True
            await asyncio.sleep(READY_POLL_S)
        return self.connected

    async def hear(self, channels: Sequence[bytes], told: Heard, *, began: Callable[[], None]) -> NoReturn:
        """Call ``told`` with each message of these channels, a ``*`` at a name's end stands for any; RedisAway ends it.

        ``began`` is called as soon as nothing is missed any more. Over a connection of its own: cancel it to end it.
        """
        lost = asyncio.Event()
        subscribing = [(b"PSUBSCRIBE" if name.endswith(b"*") else b"SUBSCRIBE", name) for name in channels]
        ear, _ = await self._greeted(lambda: _Ear(told, lambda _: lost.set(), self._reply_timeout_s), *subscribing)
        try:
            began()
            while not lost.is_set():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(HEARING_CHECK_S):
                        await lost.wait()
                        break
                await ear.send(hiredis.pack_command((b"PING",)))
            raise RedisAway("The connection to Redis was lost")
        finally:
            ear.abort()

    async def _connect(self) -> None:
        """Greet a new connection and put it in place with the run id it leads to, both at once."""
        protocol, info = await self._greeted(lambda: _Protocol(self._lost, self._reply_timeout_s), (b"INFO", b"server"))
        self._run_id = info.partition(b"run_id:")[2].split()[0]
        self._protocol = protocol
        self.generation += 1
        if self._changed is not None:
            self._changed()

    async def _greeted(self, make: Callable[[], _Protocol], *first: tuple[bytes, ...]) -> tuple[_Protocol, Any]:
        """A connection that was greeted and asked this first; what the last of it was answered. RedisAway."""
        loop = asyncio.get_running_loop()
        host, port = self.host, self._url.port or 6379
        protocol: _Protocol | None = None
        answer: Any = None
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                _, protocol = await loop.create_connection(make, host, port)
                # hiredis packs any number of words; its stub knows one.
                for words in (*self._greeting(), *first):
                    answer = await protocol.send(hiredis.pack_command(words))  # type: ignore[arg-type]  # as above
            if not protocol.alive:
                raise RedisAway
        except (OSError, TimeoutError) as error:
            _abort(protocol)
            raise RedisAway(str(error)) from error
        except BaseException:
            _abort(protocol)
            raise
        return protocol, answer

    def _greeting(self) -> list[tuple[str, ...]]:
        first: list[tuple[str, ...]] = [("PING",)]
        if self._url.path.strip("/") not in {"", "0"}:
            first.insert(0, ("SELECT", self._url.path.strip("/")))
        if self._url.password:
            user = [unquote(self._url.username)] if self._url.username else []
            first.insert(0, ("AUTH", *user, unquote(self._url.password)))
        return first

    def _lost(self, protocol: _Protocol) -> None:
        if self._protocol is not protocol:
            return
        self._protocol = None
        if not self._closed and self._reconnecting is None:
            self._reconnecting = asyncio.get_running_loop().create_task(self._reconnect())
        if self._changed is not None:
            self._changed()

    async def _reconnect(self) -> None:
        try:
            while not self._closed and self._protocol is None:
                try:
                    await self._connect()
                except Unavailable:
                    await asyncio.sleep(RECONNECT_DELAY_S)
                except Exception as error:  # noqa: BLE001 - a password changed, say: only trying again can mend it
                    _log.warning("redis_refuses_the_connection", error=repr(error))
                    await asyncio.sleep(REFUSED_DELAY_S)
        finally:
            self._reconnecting = None


def _abort(protocol: _Protocol | None) -> None:
    if protocol is not None:
        protocol.abort()


class _Protocol(asyncio.Protocol):
    def __init__(self, lost: Callable[[_Protocol], None], reply_timeout_s: float) -> None:
        self._lost = lost
        self._reply_timeout_s = reply_timeout_s
        self._reader = hiredis.Reader()
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._outgoing: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._answered = 0
        self._answered_at_watch = -1

    @property
    def alive(self) -> bool:
        return self._transport is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class does not inherit asyncio's

    def send(self, packed: bytes) -> asyncio.Future[Any]:
        if self._transport is None or len(self._waiting) >= PENDING_MAX:
            raise RedisAway
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        if not self._outgoing:
            loop.call_soon(self._write)
        self._outgoing.append(packed)
        self._waiting.append(future)
        if self._watch is None:
            self._answered_at_watch = self._answered
            self._watch = loop.call_later(self._reply_timeout_s, self._check)
        return future

    def _write(self) -> None:
        if self._transport is not None and self._outgoing:
            self._transport.write(b"".join(self._outgoing))
        self._outgoing.clear()

    def _check(self) -> None:
        """No reply at all for the whole timeout while commands wait: the other side is gone."""
        self._watch = None
        if not self._waiting:
            return
        if self._answered == self._answered_at_watch:
            self.abort()
            return
        self._answered_at_watch = self._answered
        self._watch = asyncio.get_running_loop().call_later(self._reply_timeout_s, self._check)

    def data_received(self, data: bytes) -> None:
        reader = self._reader
        reader.feed(data)
        while True:
            reply = reader.gets()
            if reply is False:
                return
            self._take(reply)

    def _take(self, reply: Any) -> None:
        self._answered += 1
        future = self._waiting.popleft()
        if future.done():
            return
        if isinstance(reply, hiredis.ReplyError):
            future.set_exception(_error(str(reply)))
        else:
            future.set_result(reply)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio calls it so
        self._transport = None
        if self._watch is not None:
            self._watch.cancel()
        for future in self._waiting:
            if not future.done():
                future.set_exception(RedisAway("The connection to Redis was lost", applied_unknown=True))
        self._waiting.clear()
        self._lost(self)


class _Ear(_Protocol):
    """A connection on which messages come unasked between the replies."""

    def __init__(self, told: Heard, lost: Callable[[_Protocol], None], reply_timeout_s: float) -> None:
        super().__init__(lost, reply_timeout_s)
        self._told = told

    def _take(self, reply: Any) -> None:
        if isinstance(reply, list) and reply[0] in _UNASKED:
            self._told(reply[-2], reply[-1])
        else:
            super()._take(reply)


def _error(message: str) -> Exception:
    word = message.partition(" ")[0]
    if word == "NOSCRIPT":
        return ScriptMissing()
    if word in {"MOVED", "ASK"}:
        return SlotMoved(message.split()[2], asking=word == "ASK")
    if word in {"LOADING", "READONLY", "OOM", "MASTERDOWN", "CLUSTERDOWN", "BUSY", "TRYAGAIN", "NOREPLICAS", "MISCONF"}:
        return RedisRefused(retry_after_s=1, reason=word.lower())
    return RuntimeError(f"Redis: {message}")


def open_client(url: str) -> RedisClient:
    """A redis-py client for everything that is not the hot path; replies are bytes."""
    client: RedisClient = redis_client.Redis.from_url(
        url, socket_connect_timeout=CONNECT_TIMEOUT_S, socket_timeout=REPLY_TIMEOUT_S, health_check_interval=15
    )
    return client


class StoreNeverAnswered(RuntimeError):  # noqa: N818 - reads as a sentence where it is raised
    """A store that was waited for; the message says what it said last."""


async def eventually(attempt: Callable[[], Awaitable[Any]], *, tries_max: int = 50, delay_s: float = 0.1) -> Any:
    """Try until it works: for stores that are just starting. StoreNeverAnswered if it never does."""
    last: Exception | None = None
    for tries_left in reversed(range(tries_max)):
        try:
            return await attempt()
        except (*LEDGER_FAULTS, Unavailable, redis_client.RedisError) as error:
            last = error
        await asyncio.sleep(delay_s if tries_left else 0)
    raise StoreNeverAnswered(f"a store does not answer: {str(last) or repr(last)}") from last
