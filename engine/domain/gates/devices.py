"""A scanner as its organizer sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Device:
    """A scanner. ``gates`` empty: every gate. ``secret_hash`` is SHA-256 of the secret."""

    id: str
    event_id: str
    name: str
    gates: tuple[str, ...]
    secret_hash: bytes
    bundle_at: datetime | None
    cursor_seq: int
    created_at: datetime
    last_seen_at: datetime | None
    revoked_at: datetime | None
