"""Redis Cluster behind the same face as one Redis: ``?cluster=true`` in the address, and each event lives on one node.

Every key of an event carries its id as hash tag, so a script finds all it needs on the node that has the event's slot.
``HotCluster`` keeps one ``HotRedis`` a master, learns the slots from any node, and learns them again when a connection
breaks or a node says MOVED. A plain command then follows; a script does not: the node it would reach may be a replica
that was just promoted and lacks the last writes, so the caller must look at the event's epoch first (SlotMoved).

``generation`` grows with every connection made or lost and every slot that moved.
"""

from __future__ import annotations

import asyncio
import binascii
import contextlib
import functools
import random
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, NoReturn, cast
from urllib.parse import parse_qs, urlsplit, urlunsplit

import redis.asyncio as redis_client

from engine.foundation import connections, logs
from engine.foundation.connections import (
    CONNECT_TIMEOUT_S,
    REPLY_TIMEOUT_S,
    Argument,
    Heard,
    HotRedis,
    RedisAway,
    RedisClient,
    RedisRefused,
    SlotMoved,
)
from engine.foundation.errors import Unavailable
from engine.foundation.scripts import Script

SLOTS = 16384
REDIRECTS_MAX = 4
LEARN_EVERY_S = 0.1  # while a slot's node is away
LEARN_TIMEOUT_S = 1.0
NODES_MAX = 256
LISTENING_CHECK_S = 5
_KEYLESS = frozenset({b"PING", b"INFO", b"TIME", b"PUBLISH", b"SCRIPT"})
_SCRIPTED = frozenset({b"EVAL", b"EVALSHA"})

_log = logs.get("cluster")


def slot_of(key: Argument) -> int:
    """CRC16 of the hash tag, or of the whole key if it has none."""
    raw = key if isinstance(key, bytes) else str(key).encode()
    start = raw.find(b"{") + 1
    if start:
        end = raw.find(b"}", start)
        if end > start:
            raw = raw[start:end]
    return binascii.crc_hqx(raw, 0) % SLOTS


def is_cluster(url: str) -> bool:
    return parse_qs(urlsplit(url).query).get("cluster") == ["true"]


def hot_redis(url: str, *, reply_timeout_s: float = REPLY_TIMEOUT_S) -> HotRedis:
    """The hot connection that this address asks for; not open yet."""
    if is_cluster(url):
        return HotCluster(url, reply_timeout_s=reply_timeout_s)
    return HotRedis(url, reply_timeout_s=reply_timeout_s)


def open_client(url: str) -> RedisClient:
    """redis-py for everything that is not the hot path, over one Redis or a cluster; replies are bytes."""
    if not is_cluster(url):
        return connections.open_client(url)
    client = _ClusterClient.from_url(
        urlunsplit(urlsplit(url)._replace(query="", path="")),
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_timeout=REPLY_TIMEOUT_S,
    )
    return cast("RedisClient", client)  # the commands we use are the same on both


class _ClusterClient(redis_client.RedisCluster):
    """redis-py's own, listening on any node that lives: messages reach every node of a cluster."""

    @contextlib.asynccontextmanager
    async def pubsub(self, **options: Any) -> AsyncIterator[Any]:  # type: ignore[override]  # ours chooses the node
        """A listener's channel, over a connection of its own. RedisAway if no node answers."""
        await self.initialize()
        nodes = self.get_nodes()
        random.shuffle(nodes)
        for node in nodes:
            client = redis_client.Redis(
                host=node.host,
                port=int(node.port),
                socket_connect_timeout=CONNECT_TIMEOUT_S,
                health_check_interval=LISTENING_CHECK_S,
                username=node.connection_kwargs.get("username"),
                password=node.connection_kwargs.get("password"),
            )
            async with client:
                try:
                    await client.ping()
                except (redis_client.RedisError, OSError):
                    continue
                async with client.pubsub(**options) as channel:
                    yield channel
                return
        raise RedisAway("No node of the cluster answers")


class HotCluster(HotRedis):
    """One HotRedis a master. RedisAway if a slot's node cannot be reached."""

    def __init__(self, url: str, *, reply_timeout_s: float = REPLY_TIMEOUT_S) -> None:
        super().__init__(url, reply_timeout_s=reply_timeout_s)
        self._nodes: dict[str, HotRedis] = {}
        self._slots: list[str] = [""] * SLOTS
        self._masters = frozenset({""})
        self._opened = False
        self._learning: asyncio.Task[None] | None = None
        self._following: set[asyncio.Task[None]] = set()

    async def open(self) -> HotCluster:
        """Learn the slots from the node in the address and connect to every master. RedisAway."""
        seed = await HotRedis(self._node_url(self._url.netloc.rpartition("@")[2])).open()
        try:
            await self._learn_from(seed)
        finally:
            await seed.close()
        self._opened = True
        return self

    async def close(self) -> None:
        self._closed = True
        for task in (self._learning, *self._following):
            if task is not None:
                task.cancel()
        for node in self._nodes.values():
            await node.close()

    @property
    def connected(self) -> bool:
        """Whether every slot's node can be reached."""
        return all(address in self._nodes and self._nodes[address].connected for address in self._masters)

    def command(self, *arguments: Argument) -> asyncio.Future[Any]:
        """Send a command to the node that has its key; redirections are followed, except for scripts."""
        scripted = arguments[0] in _SCRIPTED
        node = self._any() if arguments[0] in _KEYLESS else self._node(arguments[3] if scripted else arguments[1])
        try:
            inner = node.command(*arguments)
        except RedisAway:
            self._learn_soon()
            raise
        outer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        inner.add_done_callback(functools.partial(self._answered, outer, node, arguments, scripted))
        return outer

    async def run(self, script: Script, keys: Sequence[Argument], arguments: Sequence[Argument]) -> Any:
        """Run a script on the node of its first key. SlotMoved, once it is known where to, if that is another."""
        try:
            return await super().run(script, keys, arguments)
        except SlotMoved:
            if self._learning is not None:
                await asyncio.wait({self._learning}, timeout=LEARN_TIMEOUT_S)
            raise

    async def run_id(self, key: Argument = b"") -> bytes:
        return await self._node(key).run_id()

    async def hear(self, channels: Sequence[bytes], told: Heard, *, began: Callable[[], None]) -> NoReturn:
        """As of one Redis, over any master: messages reach every node of a cluster."""
        await self._any().hear(channels, told, began=began)

    def _any(self) -> HotRedis:
        for node in self._nodes.values():
            if node.connected:
                return node
        self._learn_soon()
        raise RedisAway

    def _node(self, key: Argument) -> HotRedis:
        node = self._nodes.get(self._slots[slot_of(key)])
        if node is None:
            self._learn_soon()
            raise RedisAway
        return node

    def _answered(
        self,
        outer: asyncio.Future[Any],
        node: HotRedis,
        arguments: tuple[Argument, ...],
        scripted: bool,
        inner: asyncio.Future[Any],
    ) -> None:
        error = inner.exception()
        if isinstance(error, RedisAway | RedisRefused):
            self._learn_soon(first=node)
        if outer.done():
            return
        if error is None:
            outer.set_result(inner.result())
        elif isinstance(error, SlotMoved) and not scripted:
            task = asyncio.get_running_loop().create_task(self._follow(outer, arguments, error))
            self._following.add(task)
            task.add_done_callback(self._following.discard)
        else:
            outer.set_exception(error)

    async def _follow(self, outer: asyncio.Future[Any], arguments: tuple[Argument, ...], moved: SlotMoved) -> None:
        """Ask where the answer says, at most REDIRECTS_MAX times."""
        try:
            for _ in range(REDIRECTS_MAX):
                node = self._nodes.get(moved.address) or await self._connect_to(moved.address)
                if moved.asking:
                    node.command(b"ASKING")
                try:
                    result = await node.command(*arguments)
                except SlotMoved as again:
                    moved = again
                    continue
                if not outer.done():
                    outer.set_result(result)
                return
            raise moved
        except Exception as error:  # noqa: BLE001 - anybody who waits must hear of it
            if not outer.done():
                outer.set_exception(error)

    def _learn_soon(self, first: HotRedis | None = None) -> None:
        if self._learning is None and not self._closed:
            self._learning = asyncio.get_running_loop().create_task(self._learn(first))
            self._learning.add_done_callback(self._learnt)

    def _learnt(self, task: asyncio.Task[None]) -> None:
        self._learning = None
        if not task.cancelled() and task.exception() is not None:
            _log.warning("cluster_not_learnt", error=repr(task.exception()))

    async def _learn(self, first: HotRedis | None) -> None:
        """Ask the node that said so, then the others, then the one in the address, until every slot has a node."""
        while not self._closed:
            others = [node for node in self._nodes.values() if node is not first and node.connected]
            for node in ([first] if first is not None and first.connected else []) + others:
                with contextlib.suppress(Unavailable, OSError, TimeoutError, RuntimeError):
                    async with asyncio.timeout(LEARN_TIMEOUT_S):
                        await self._learn_from(node)
                    if self.connected:
                        return
            with contextlib.suppress(Unavailable, OSError, TimeoutError, RuntimeError):
                await self.open()
                if self.connected:
                    return
            await asyncio.sleep(LEARN_EVERY_S)

    async def _learn_from(self, node: HotRedis) -> None:
        """Take over what this node says of the slots."""
        rows: list[Any] = await node.command(b"CLUSTER", b"SLOTS")
        slots = [""] * SLOTS
        for first, last, master, *_replicas in rows[:SLOTS]:
            address = f"{(master[0] or b'').decode() or node.host}:{master[1]}"
            slots[first : last + 1] = [address] * (last + 1 - first)
        if slots != self._slots:
            self._slots, self._masters = slots, frozenset(slots)
            self.generation += 1
        for address in sorted(self._masters - {""})[:NODES_MAX]:
            if address not in self._nodes:
                with contextlib.suppress(Unavailable):
                    await self._connect_to(address)
        for address in set(self._nodes) - self._masters:
            await self._nodes.pop(address).close()

    async def _connect_to(self, address: str) -> HotRedis:
        node = HotRedis(self._node_url(address), reply_timeout_s=self._reply_timeout_s, changed=self._grow)
        await node.open()
        old = self._nodes.get(address)
        self._nodes[address] = node
        if old is not None:
            await old.close()
        return node

    def _grow(self) -> None:
        """A connection was made or lost."""
        self.generation += 1
        if self._opened and not self.connected:
            self._learn_soon()

    def _node_url(self, address: str) -> str:
        user, at, _ = self._url.netloc.rpartition("@")
        return urlunsplit(("redis", user + at + address, "", "", ""))
