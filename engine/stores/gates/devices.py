"""Scanners in the ledger: one row a device, its secret only as a digest."""

from __future__ import annotations

from typing import Final

from engine.domain.gates.devices import Device
from engine.stores.database import Database, Record

_COLUMNS: Final = """
id, event_id, name, gates, secret_hash, bundle_at, cursor_seq, created_at, last_seen_at, revoked_at"""


def _device(row: Record) -> Device:
    values = dict(row)
    return Device(**{**values, "gates": tuple(values["gates"])})


async def insert(
    db: Database, device_id: str, event_id: str, name: str, gates: list[str], secret_hash: bytes, created_by: str
) -> Device:
    row = await db.fetchrow(
        f"""INSERT INTO devices (id, event_id, name, gates, secret_hash, created_by)
            VALUES ($1, $2, $3, $4, $5, $6) RETURNING {_COLUMNS}""",
        device_id,
        event_id,
        name,
        gates,
        secret_hash,
        created_by,
    )
    assert row is not None
    return _device(row)


async def get(db: Database, device_id: str) -> Device | None:
    row = await db.fetchrow(f"SELECT {_COLUMNS} FROM devices WHERE id = $1", device_id)
    return _device(row) if row is not None else None


async def of_event(db: Database, event_id: str, after: str, limit: int) -> list[Device]:
    """An event's devices by id, revoked ones too."""
    rows = await db.fetch(
        f"SELECT {_COLUMNS} FROM devices WHERE event_id = $1 AND id > $2 ORDER BY id LIMIT $3", event_id, after, limit
    )
    return [_device(row) for row in rows]


async def count_live(db: Database, event_id: str) -> int:
    found = await db.fetchval("SELECT count(*) FROM devices WHERE event_id = $1 AND revoked_at IS NULL", event_id)
    return int(found)


async def revoke(db: Database, event_id: str, device_id: str) -> bool:
    """End a device's right to scan, once; False if the event has no such device."""
    found = await db.fetchval(
        "UPDATE devices SET revoked_at = coalesce(revoked_at, now()) WHERE id = $1 AND event_id = $2 RETURNING true",
        device_id,
        event_id,
    )
    return bool(found)


async def seen(db: Database, device_id: str) -> None:
    await db.execute("UPDATE devices SET last_seen_at = now() WHERE id = $1", device_id)


async def synced(db: Database, device_id: str, cursor_seq: int, *, with_bundle: bool) -> None:
    """It was told of revocations up to here; with a bundle, offline scans may be as old as now."""
    await db.execute(
        """UPDATE devices SET cursor_seq = greatest(cursor_seq, $2),
                  bundle_at = CASE WHEN $3 THEN now() ELSE bundle_at END, last_seen_at = now() WHERE id = $1""",
        device_id,
        cursor_seq,
        with_bundle,
    )
