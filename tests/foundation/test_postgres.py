"""Finding the primary among hosts, and what a fault of Postgres amounts to."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Any

import asyncpg
import pytest

from engine.foundation import postgres, problems, store_faults
from engine.foundation.errors import Unavailable
from engine.foundation.health import Health
from engine.foundation.postgres import Hosts, primary_of

AWAY = [
    asyncpg.ReadOnlySQLTransactionError, asyncpg.AdminShutdownError, asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError, asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError,
    asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.TooManyConnectionsError, asyncpg.DiskFullError,
    asyncpg.OutOfMemoryError, asyncpg.ConnectionDoesNotExistError, asyncpg.ConnectionFailureError,
    asyncpg.ProtocolViolationError, asyncpg.IdleInTransactionSessionTimeoutError, asyncpg.PostgresIOError,
    asyncpg.InvalidPasswordError, asyncpg.InvalidCatalogNameError, asyncpg.InvalidSQLStatementNameError,
    asyncpg.InvalidCachedStatementError, asyncpg.InterfaceError, asyncpg.InternalClientError,
    asyncpg.TargetServerAttributeNotMatched, asyncpg.ObjectNotInPrerequisiteStateError,
    ConnectionResetError, ConnectionRefusedError, TimeoutError, OSError, socket.gaierror, ssl.SSLError,
]  # fmt: skip
OURS = [
    asyncpg.UndefinedTableError, asyncpg.PostgresSyntaxError, asyncpg.CheckViolationError,
    asyncpg.NotNullViolationError,
    asyncpg.InsufficientPrivilegeError, FileNotFoundError, ValueError, AssertionError,
]  # fmt: skip
KEEP = {
    asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError, asyncpg.InvalidCachedStatementError,
}  # fmt: skip


@pytest.mark.parametrize("kind", AWAY)
def test_a_fault_of_the_store_is_unavailable_with_retry_after_and_ends_its_connection(kind: type[Exception]):
    refusal = problems.refusal_of(kind("told"))
    assert isinstance(refusal, Unavailable)
    assert refusal.retry_after_s
    assert "told" not in refusal.detail
    assert store_faults.ends_connection(kind("told")) is (kind not in KEEP)
    assert isinstance(kind("told"), store_faults.LEDGER_FAULTS)


@pytest.mark.parametrize("kind", OURS)
def test_a_fault_of_our_own_is_not_called_the_stores(kind: type[Exception]):
    assert problems.refusal_of(kind("told")) is None
    assert not store_faults.ends_connection(kind("told"))


async def test_while_nobody_answers_a_crowd_does_not_knock_one_by_one(monkeypatch: pytest.MonkeyPatch):
    knocks = 0

    async def refuse(*_: Any, **__: Any) -> None:
        nonlocal knocks
        knocks += 1
        raise ConnectionRefusedError

    monkeypatch.setattr(asyncpg, "connect", refuse)
    hosts = Hosts("postgresql://u@a:1,b:2/x")
    for _ in range(500):
        with pytest.raises((ConnectionRefusedError, asyncpg.CannotConnectNowError)):
            await hosts.connect()
    assert knocks <= 4
    await asyncio.sleep(postgres.AWAY_FOR_S)
    with pytest.raises(ConnectionRefusedError):
        await hosts.connect()


async def test_the_host_that_answered_last_is_asked_first(monkeypatch: pytest.MonkeyPatch):
    asked: list[tuple[str, int, str]] = []

    async def answer(_: str, *, host: str, port: int, target_session_attrs: str, **__: Any) -> str:
        asked.append((host, port, target_session_attrs))
        if host == "a":
            raise asyncpg.TargetServerAttributeNotMatched
        return host

    monkeypatch.setattr(asyncpg, "connect", answer)
    hosts = Hosts("postgresql://u:p@a,[::1]:2/x")
    assert await hosts.connect() == "::1"
    assert await hosts.connect() == "::1"
    assert asked == [("a", 5432, "read-write"), ("::1", 2, "read-write"), ("::1", 2, "read-write")]


async def test_an_address_with_one_host_is_left_as_it_is():
    assert await primary_of("postgresql://u:p@a/x?sslmode=require") == "postgresql://u:p@a/x?sslmode=require"


async def test_a_store_that_is_frozen_does_not_freeze_readiness(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("engine.foundation.health.CHECK_TIMEOUT_S", 0.05)
    runs = 0
    thawed = asyncio.Event()

    async def frozen() -> None:
        nonlocal runs
        runs += 1
        while not thawed.is_set():
            try:
                await thawed.wait()
            except asyncio.CancelledError:
                continue

    health = Health({"postgres": frozen}, frozenset({"postgres"}))
    async with asyncio.timeout(2):
        for _ in range(3):
            ready, document = await health.report()
            assert not ready
            assert document["subsystems"]["postgres"]["error"] == "TimeoutError"
    assert runs == 1, "checks that never end must not pile up"
    thawed.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (await health.report())[0]
