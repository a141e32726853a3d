"""What a fault of Postgres amounts to: a refusal for the caller, and an end for the connection that met it.

Read-only, failing over, shutting down, ended by its administrator, out of connections or disk, too slow, a deadlock
lost: anybody who runs the database knows of it, nobody has to read our code. The caller is told to come again (503).
"""

from __future__ import annotations

import socket
import ssl

import asyncpg

from engine.foundation.errors import Unavailable

RETRY_AFTER_S = 1

# By class of SQLSTATE if a whole class is meant: asyncpg's base classes stand for them.
_AWAY = (
    asyncpg.PostgresConnectionError,  # 08; PgBouncer's own faults carry it as well
    asyncpg.InvalidAuthorizationSpecificationError,  # 28: a new primary that does not know us yet
    asyncpg.InvalidCatalogNameError,  # 3D
    asyncpg.TransactionRollbackError,  # 40: serialization, deadlock; nothing was written
    asyncpg.InsufficientResourcesError,  # 53: connections, memory, disk
    asyncpg.OperatorInterventionError,  # 57: shutdown, terminated, statement time-out, starting up
    asyncpg.PostgresSystemError,  # 58: its disk
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.ObjectNotInPrerequisiteStateError,  # 55: a lock not given in time, a database closed to connections
    asyncpg.InvalidSQLStatementNameError,  # a pooler gave us another session than the one that knows the statement
    asyncpg.InvalidCachedStatementError,  # a migration changed a table meanwhile
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # no primary among the hosts; or asyncpg lost count of what broke off
)
# The session itself is as good as before: it was only told no.
_KEEPS_SESSION = (
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.InvalidCachedStatementError,
    asyncpg.DataError,
)
# The whole server is no primary any more: every other session there will meet the same.
_DEMOTED = (
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
)
# What a loop of ours that asks the ledger again and again must outlive.
LEDGER_FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)


def is_away(error: BaseException) -> bool:
    """Whether the ledger cannot serve right now, through no fault of the statement."""
    if isinstance(error, (ConnectionError, TimeoutError, socket.gaierror, ssl.SSLError)):
        return True
    # A connection to several addresses fails as a bare OSError, as does one to a host without a route.
    return type(error) is OSError or isinstance(error, _AWAY)


def ends_connection(error: BaseException) -> bool:
    """Whether the connection that met this error is of no more use."""
    return is_away(error) and not isinstance(error, _KEEPS_SESSION)


def ends_all_connections(error: BaseException) -> bool:
    """Whether the other connections to that server are of no more use either."""
    return isinstance(error, _DEMOTED)


def refusal_of_store(error: BaseException) -> Unavailable | None:
    """What the caller is told; None if the fault is our own, or no store's."""
    return Unavailable("The ledger is away", retry_after_s=RETRY_AFTER_S) if is_away(error) else None
