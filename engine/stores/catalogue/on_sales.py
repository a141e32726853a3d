"""On-sales in the ledger: the row that the waiting room reads, with the card its page shows."""

from __future__ import annotations

from typing import Any

import msgspec

from engine.domain.catalogue.events import Event
from engine.domain.catalogue.on_sales import NewOnSale, OnSale, RoomSettings, shown
from engine.stores.database import Database, Record

_COLUMNS = """event_id, organization_id, prequeue_opens_at, opens_at, closes_at, room_enabled, room, live, version,
updated_at, account"""


def _on_sale(row: Record) -> OnSale:
    values = dict(row)
    room = {**values.pop("room"), "enabled": values.pop("room_enabled")}
    return OnSale(**values, room=shown(msgspec.convert(room, RoomSettings)))


async def get(db: Database, event_id: str) -> OnSale | None:
    row = await db.fetchrow(f"SELECT {_COLUMNS} FROM on_sales WHERE event_id = $1", event_id)
    return _on_sale(row) if row is not None else None


async def put(db: Database, event: Event, given: NewOnSale, card: dict[str, Any]) -> OnSale:
    """Write an event's on-sale; it is live if the event is published."""
    room = msgspec.to_builtins(given.room)
    del room["enabled"]
    row = await db.fetchrow(
        "INSERT INTO on_sales (event_id, organization_id, prequeue_opens_at, opens_at, closes_at, room_enabled, room,"
        " card, live, account) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (event_id) DO UPDATE SET"
        " prequeue_opens_at = excluded.prequeue_opens_at, opens_at = excluded.opens_at, closes_at = excluded.closes_at,"
        " room_enabled = excluded.room_enabled, room = excluded.room, card = excluded.card, live = excluded.live,"
        " account = excluded.account,"
        f" version = on_sales.version + 1, updated_at = now() RETURNING {_COLUMNS}",
        event.id,
        event.organization_id,
        given.prequeue_opens_at,
        given.opens_at,
        given.closes_at,
        given.room.enabled,
        room,
        card,
        event.status == "published" and event.hidden_at is None,
        given.account,
    )
    assert row is not None
    return _on_sale(row)


async def set_live(db: Database, event_id: str, card: dict[str, Any], *, live: bool) -> None:
    """Open or shut the room's door, with the card as it is now."""
    await db.execute(
        "UPDATE on_sales SET live = $2, card = $3, version = version + 1, updated_at = now() WHERE event_id = $1",
        event_id,
        live,
        card,
    )


async def set_card(db: Database, event_id: str, card: dict[str, Any]) -> None:
    """Keep the queue page's card as the event is now."""
    await db.execute(
        "UPDATE on_sales SET card = $2, version = version + 1, updated_at = now()"
        " WHERE event_id = $1 AND card IS DISTINCT FROM $2",
        event_id,
        card,
    )


async def is_drawn(db: Database, event_id: str) -> bool:
    """Whether the waiting room has fixed its draw (or opened without one)."""
    found: bool = await db.fetchval(
        "SELECT EXISTS (SELECT 1 FROM rooms WHERE event_id = $1 AND draw ? 'seed')", event_id
    )
    return found


async def set_venue_on_cards(db: Database, venue_id: str) -> None:
    """Write a venue's new name and city on the cards of the events there."""
    await db.execute(
        "UPDATE on_sales s SET card = s.card || jsonb_build_object('venue', v.name, 'city', v.city),"
        " version = s.version + 1, updated_at = now()"
        " FROM events e JOIN venues v ON v.id = e.venue_id WHERE e.venue_id = $1 AND s.event_id = e.id"
        " AND s.card <> s.card || jsonb_build_object('venue', v.name, 'city', v.city)",
        venue_id,
    )
