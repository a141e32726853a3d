"""Time as this product writes it: epoch milliseconds for machines, RFC 3339 UTC in resources.

Expiry of holds and leases is decided by Redis TIME inside scripts, never here.
"""

from __future__ import annotations

import time
import zoneinfo
from datetime import UTC, datetime

# Time zones come from the pinned tzdata package, not from the machine: one of 2025 still changes Vancouver's clocks
# in the autumn of 2026, an hour next to the law, next to Postgres and next to every buyer's phone.
zoneinfo.reset_tzpath(())


def now_ms() -> int:
    """Milliseconds since the epoch by this machine's clock."""
    return time.time_ns() // 1_000_000


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def from_ms(moment_ms: int) -> datetime:
    """Epoch milliseconds as an aware datetime in UTC."""
    return datetime.fromtimestamp(moment_ms / 1000, UTC)


def to_ms(moment: datetime) -> int:
    """An aware datetime as epoch milliseconds."""
    return round(moment.timestamp() * 1000)


def rfc3339(moment: datetime | int) -> str:
    """``2026-11-20T13:00:00.000Z`` for an aware datetime or epoch milliseconds."""
    moment_ms = moment if isinstance(moment, int) else to_ms(moment)
    seconds, millis = divmod(moment_ms, 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{millis:03d}Z"
