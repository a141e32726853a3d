"""The pool of connections to the ledger: primary found among several hosts, dead connections dropped at once.

An address may name several hosts (``postgresql://u:p@a:5432,b:5432/onsale?target_session_attrs=read-write``): each is
asked in turn, the last good one first, none for longer than CONNECT_TIMEOUT_S.

Behind a pooler in transaction mode (PgBouncer) two statements in a row may reach two sessions, so nothing is kept in
one: no prepared statements, no settings. That an address leads to a pooler is found out by asking.

PoolerUnfit   a pooler leads to sessions that would not keep what they were told to have written
"""

from __future__ import annotations

import functools
import socket
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from urllib.parse import urlsplit

import asyncpg
import orjson

from engine.foundation import logs, store_faults
from engine.foundation.ledger_pool import LedgerPool

CONNECT_TIMEOUT_S = 4.0  # a host
AWAY_FOR_S = 0.1  # nobody knocks again so soon: a thousand who wait for a connection are told at once
HOSTS_MAX = 8
POOL_MAX = 8
KEPT_SHARE = 2  # half as many again are for the statements of the rush (``ledger_pool.kept``)
QUERIES_MAX = 50_000  # a connection that answered this many is replaced: what its server process keeps must not grow
IDLE_MAX_S = 300.0
STATEMENT_TIMEOUT_MS = 10_000
COMMAND_GRACE_S = 5.0  # a server that does not even end its own statement in time is gone
IDLE_IN_TRANSACTION_MS = 15_000
# A host that lost its power says nothing: what it does not acknowledge for so long breaks the connection.
UNACKNOWLEDGED_MAX_MS = 4_000
KEEPALIVE_IDLE_S, KEEPALIVE_EVERY_S, KEEPALIVE_TRIES = 2, 1, 3
DURABLE = frozenset({"on", "remote_write", "remote_apply"})

_PROBE = """
INSERT INTO probes (process, written_at) VALUES ($1, now())
ON CONFLICT (process) DO UPDATE SET written_at = excluded.written_at
"""

T = TypeVar("T")
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
if TYPE_CHECKING:
    _Connection = asyncpg.Connection[asyncpg.Record]
else:
    _Connection = asyncpg.Connection
_log = logs.get("postgres")


class PoolerUnfit(RuntimeError):  # noqa: N818 - reads as a sentence where it is raised
    """The message says what must be set at the server."""


def _watched(statement: Callable[..., Awaitable[Any]]) -> Any:
    """The method of a connection that looks at its errors before they are raised."""

    @functools.wraps(statement)
    async def run(self: LedgerConnection, *asked: Any, **more: Any) -> Any:
        try:
            return await statement(self, *asked, **more)
        except Exception as error:
            self.look_at(error)
            raise

    return run


class LedgerConnection(_Connection):
    """A connection that knows when it is of no more use; its pool then drops it instead of taking it back."""

    __slots__ = ("failed",)

    def __init__(self, protocol: Any, transport: Any, *rest: Any) -> None:
        super().__init__(protocol, transport, *rest)
        self.failed: BaseException | None = None
        _watch(transport.get_extra_info("socket"))

    execute = _watched(_Connection.execute)
    executemany = _watched(_Connection.executemany)
    fetch = _watched(_Connection.fetch)
    fetchrow = _watched(_Connection.fetchrow)
    fetchval = _watched(_Connection.fetchval)

    def look_at(self, error: Exception) -> None:
        """Remember an error after which this connection is of no more use."""
        if not store_faults.ends_connection(error):
            return
        self.failed = error
        if isinstance(error, TimeoutError):  # asking such a server to cancel would only wait for it again
            self.terminate()


async def open_postgres(dsn: str, *, pool_max: int = POOL_MAX) -> Pool:
    """A pool whose connections speak jsonb as Python values, commit durably and bound every statement. PoolerUnfit."""
    hosts = Hosts(dsn)
    pooled = await _is_pooled(hosts)
    if pooled:
        _log.info("behind_a_pooler")

    async def keep(connection: Any) -> None:
        """Nothing to undo: transactions end with their block, and nobody here changes a session's settings or listens.

        asyncpg's own reset costs a round trip at every release, an eighth of the engine's CPU in a rehearsal.
        """
        failed = connection.failed
        if failed is None:
            return
        connection.terminate()
        if store_faults.ends_all_connections(failed):
            await pool.expire_connections()

    make = functools.partial(
        LedgerPool,
        dsn,
        min_size=0,  # those that asyncpg keeps up by itself would knock, and complain, for as long as nobody answers
        max_queries=QUERIES_MAX,
        max_inactive_connection_lifetime=IDLE_MAX_S,
        loop=None,
        connect=hosts.connect,
        connection_class=LedgerConnection,
        record_class=asyncpg.Record,
        init=_set_up,
        reset=keep,
        command_timeout=STATEMENT_TIMEOUT_MS / 1000 + COMMAND_GRACE_S,
    )
    if pooled:
        pool = make(max_size=pool_max, statement_cache_size=0, server_settings=_POOLED_SETTINGS)
    else:
        settings = _session_settings()
        planned_once = make(
            max_size=max(1, pool_max // KEPT_SHARE),
            max_cached_statement_lifetime=0,
            server_settings=settings | {"plan_cache_mode": "force_generic_plan"},
        )
        await planned_once
        pool = make(max_size=pool_max, server_settings=settings, next_to_it=planned_once)
    await pool
    return pool


class Hosts:
    """The hosts of an address; ``connect`` goes to the one that will have us."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self._hosts = _hosts(dsn)
        self._failure: Exception | None = None
        self._failed_s = 0.0
        # Of several hosts only one takes writes, whether the address says so or not.
        self._more = {"target_session_attrs": "read-write"} if _asks_nothing(dsn, self._hosts) else {}

    async def connect(self, *_dsn: Any, **how: Any) -> Any:
        """A connection to the first host that answers as asked. The last one's error if none does."""
        how = {**self._more, **how}
        if self._failure is not None and time.monotonic() - self._failed_s < AWAY_FOR_S:
            raise asyncpg.CannotConnectNowError("The ledger was away a moment ago") from self._failure
        hosts = self._hosts
        for host, port in hosts:
            try:
                connection = await asyncpg.connect(self.dsn, host=host, port=port, timeout=CONNECT_TIMEOUT_S, **how)
            except Exception as error:  # whichever it is, the next host may be the one
                if not store_faults.is_away(error) or (host, port) == hosts[-1]:
                    self._failure, self._failed_s = error, time.monotonic()
                    raise
            else:
                self._failure = None
                # The list is replaced, not changed: others may be on their way through it.
                self._hosts = [(host, port), *(other for other in hosts if other != (host, port))]
                return connection
        raise AssertionError("an address without hosts")


async def primary_of(dsn: str) -> str:
    """The address with one host only, the one that takes writes: for programs that know no others."""
    parts = urlsplit(dsn)
    if "," not in parts.netloc:
        return dsn
    connection = await Hosts(dsn).connect(target_session_attrs="read-write")
    try:
        host, port = connection._addr  # noqa: SLF001 - asyncpg shows it nowhere else
    finally:
        connection.terminate()
    login, at, _ = parts.netloc.rpartition("@")
    query = "&".join(part for part in parts.query.split("&") if part and not part.startswith("target_session_attrs="))
    return parts._replace(netloc=f"{login}{at}{f'[{host}]' if ':' in host else host}:{port}", query=query).geturl()


async def write_probe(pool: Pool, process: str) -> None:
    """Prove that the ledger takes a write: a standby answers every question all the same. Its error if it does not."""
    await pool.execute(_PROBE, process)


async def again(statement: Callable[[], Awaitable[T]], *, tries: int = 2) -> T:
    """Run a statement that may run twice: once more if its connection turned out to be dead, or lost a deadlock."""
    for _ in range(tries - 1):
        try:
            return await statement()
        except Exception as error:  # of any kind, told apart here
            if not store_faults.is_away(error) or isinstance(error, TimeoutError):
                raise
            _log.info("statement_repeated", error=repr(error))
    return await statement()


async def _set_up(connection: Any) -> None:
    await connection.set_type_codec(
        "jsonb", encoder=lambda v: orjson.dumps(v).decode(), decoder=orjson.loads, schema="pg_catalog"
    )


def _session_settings() -> dict[str, str]:
    return {
        "statement_timeout": str(STATEMENT_TIMEOUT_MS),
        "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_MS),
        "synchronous_commit": "on",
        "timezone": "UTC",
        # Plans are kept as long as their connection and made while the tables of a sale are still empty, when
        # reading them whole looks cheapest: at 30,000 units sold that cost 110 of an order's 150 us.
        "enable_seqscan": "off",
    }


_POOLED_SETTINGS = {"timezone": "UTC"}  # the one that poolers carry from session to session


async def _is_pooled(hosts: Hosts) -> bool:
    """Whether the address leads to a pooler: the process that answers is not the one that greeted us. PoolerUnfit."""
    connection = await hosts.connect(statement_cache_size=0, server_settings=_POOLED_SETTINGS)
    try:
        greeted = connection.get_server_pid()
        row = await connection.fetchrow(
            "SELECT pg_backend_pid() AS pid, current_setting('synchronous_commit') AS commits",
            timeout=CONNECT_TIMEOUT_S,
        )
    finally:
        connection.terminate()
    if row["pid"] == greeted:
        return False
    if row["commits"] not in DURABLE:
        raise PoolerUnfit(
            "ONSALE_DATABASE_URL leads to a pooler, and sessions behind it do not commit durably: "
            "set synchronous_commit = on at the server (ALTER ROLE ... SET), or name Postgres itself"
        )
    return True


def _hosts(dsn: str) -> list[tuple[str | None, int | None]]:
    """Host and port of each server in the address; (None, None) leaves it to asyncpg (sockets, PGHOST)."""
    place = urlsplit(dsn).netloc.rpartition("@")[2]
    if "," not in place:
        return [(None, None)]
    found: list[tuple[str | None, int | None]] = []
    for part in place.split(",")[:HOSTS_MAX]:
        one = urlsplit(f"//{part}")
        found.append((one.hostname, one.port or 5432))
    return found


def _asks_nothing(dsn: str, hosts: list[tuple[str | None, int | None]]) -> bool:
    return len(hosts) > 1 and "target_session_attrs=" not in urlsplit(dsn).query


def _watch(link: socket.socket | None) -> None:
    """Notice a host that is gone without a word."""
    if link is None or link.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    link.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        ("TCP_KEEPIDLE", KEEPALIVE_IDLE_S),
        ("TCP_KEEPINTVL", KEEPALIVE_EVERY_S),
        ("TCP_KEEPCNT", KEEPALIVE_TRIES),
        ("TCP_USER_TIMEOUT", UNACKNOWLEDGED_MAX_MS),
    ):
        if hasattr(socket, option):  # as Linux has them
            link.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
