"""Transfers in the ledger. Who changes one has its ticket's row locked, then its own: the ticket decides every race."""

from __future__ import annotations

from typing import Final

from engine.domain.tickets.transfers import End, Standing, Transfer, TransferRow
from engine.stores.database import Connection, Database

OF_ORDER_MAX: Final = 200

_LOCK_ORDER = "SELECT FROM orders WHERE id = (SELECT order_id FROM tickets WHERE id = $1) FOR KEY SHARE"
_COLUMNS: Final = """
SELECT id, ticket_id, event_id, order_id, from_name, from_email, to_name, to_email, from_locale, to_locale, status,
       old_version, expires_at, confirmed_at, accepted_at, new_version, made_holder FROM ticket_transfers
"""
# Its owner is the buyer until it is handed on.
_STANDING: Final = """
SELECT t.id, t.order_id, t.event_id, e.organization_id, t.unit, t.version, t.status, t.entries, t.handed_on,
       CASE WHEN t.handed_on = 0 THEN o.buyer_name ELSE t.holder_name END AS owner_name,
       CASE WHEN t.handed_on = 0 THEN o.buyer_email ELSE t.holder_email END AS owner_email,
       coalesce((SELECT x.to_locale FROM ticket_transfers x WHERE x.ticket_id = t.id AND x.status = 'completed'
                  ORDER BY x.id DESC LIMIT 1), o.locale) AS owner_locale,
       o.amount_cents, o.status AS order_status, e.status AS event_status, e.starts_at, e.allow_transfers,
       e.max_transfers
  FROM tickets t JOIN orders o ON o.id = t.order_id JOIN events e ON e.id = t.event_id
 WHERE t.id = $1
"""
_ADD: Final = """
INSERT INTO ticket_transfers (id, ticket_id, event_id, order_id, from_name, from_email, to_name, to_email, from_locale,
                              to_locale, old_version, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
_LATELY: Final = """
SELECT (SELECT count(*) FROM ticket_transfers
         WHERE to_email = $1 AND created_at > now() - interval '1 day') AS to_address,
       (SELECT count(*) FROM ticket_transfers x
         WHERE x.to_email = $1 AND x.created_at > now() - interval '1 day'
           AND (SELECT o.amount_cents FROM orders o WHERE o.id = x.order_id) = 0) AS free_to_address,
       (SELECT count(*) FROM ticket_transfers
         WHERE ticket_id = $2 AND created_at > now() - interval '1 day') AS of_ticket
"""
_FREEZE: Final = "UPDATE tickets SET status = 'transfer_pending' WHERE id = $1 AND status = 'valid' RETURNING id"
_THAW: Final = "UPDATE tickets SET status = 'valid' WHERE id = $1 AND status = 'transfer_pending'"
# Before the ticket's own row: what leaves its transfer ends it (tickets_left_their_transfer).
_COMPLETE: Final = """
UPDATE ticket_transfers
   SET status = 'completed', closed_at = now(), told_at = now(), new_version = old_version + 1, made_holder = $2
 WHERE id = $1 AND status = 'pending'
"""
_HAND_ON: Final = """
UPDATE tickets SET status = 'valid', version = version + 1, handed_on = handed_on + 1, holder_name = $2,
       holder_email = $3
 WHERE id = $1 AND status = 'transfer_pending' AND version = $4 AND entries = 0
RETURNING version
"""
_END: Final = """
UPDATE ticket_transfers SET status = $2, closed_at = now(), told_at = now() WHERE id = $1 AND status = 'pending'
"""
_DUE: Final = """
SELECT x.id FROM ticket_transfers x JOIN events e ON e.id = x.event_id
 WHERE x.status = 'pending' AND (x.expires_at <= now() OR e.starts_at <= now() OR e.status = 'cancelled')
 ORDER BY x.expires_at LIMIT $1
"""
_UNTOLD: Final = """
UPDATE ticket_transfers SET told_at = now()
 WHERE id = ANY(ARRAY(SELECT id FROM ticket_transfers WHERE status = 'ended' AND told_at IS NULL
                       ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED))
RETURNING id
"""
_OF_ORDER: Final = """
SELECT id, ticket_id, from_name, from_email, to_name, to_email, status, fee_cents, old_version, new_version, expires_at,
       created_at, confirmed_at, accepted_at, closed_at FROM ticket_transfers WHERE order_id = $1 ORDER BY id LIMIT $2
"""


async def standing(db: Database, ticket_id: str) -> Standing | None:
    """The ticket as it stands; None if there is none."""
    row = await db.fetchrow(_STANDING, ticket_id)
    return None if row is None else Standing(**dict(row))


async def lock_ticket(db: Connection, ticket_id: str) -> Standing | None:
    """The same, kept from changing under us until the transaction ends.

    Its order is locked first, as refunds do: with the ticket first, each would wait for the other.
    """
    await db.execute(_LOCK_ORDER, ticket_id)
    if await db.fetchval("SELECT true FROM tickets WHERE id = $1 FOR UPDATE", ticket_id) is None:
        return None
    return await standing(db, ticket_id)


async def get(db: Database, transfer_id: str) -> Transfer | None:
    row = await db.fetchrow(_COLUMNS + " WHERE id = $1", transfer_id)
    return None if row is None else Transfer(**dict(row))


async def lock(db: Connection, transfer_id: str) -> Transfer | None:
    """The transfer until the transaction ends; its ticket is locked already."""
    row = await db.fetchrow(_COLUMNS + " WHERE id = $1 FOR UPDATE", transfer_id)
    return None if row is None else Transfer(**dict(row))


async def pending_of(db: Database, ticket_id: str) -> Transfer | None:
    """The transfer that a ticket is in."""
    row = await db.fetchrow(_COLUMNS + " WHERE ticket_id = $1 AND status = 'pending'", ticket_id)
    return None if row is None else Transfer(**dict(row))


async def last_of(db: Database, ticket_id: str) -> Transfer | None:
    """The last transfer that was completed."""
    row = await db.fetchrow(
        _COLUMNS + " WHERE ticket_id = $1 AND status = 'completed' ORDER BY id DESC LIMIT 1", ticket_id
    )
    return None if row is None else Transfer(**dict(row))


async def lately(db: Database, to_email: str, ticket_id: str) -> tuple[int, int, int]:
    """Transfers begun within a day: to this address, of them free ones, of this ticket."""
    row = await db.fetchrow(_LATELY, to_email, ticket_id)
    assert row is not None
    return row["to_address"], row["free_to_address"], row["of_ticket"]


async def add(db: Connection, transfer: Transfer) -> None:
    """Write it, and freeze its ticket, which is locked and valid."""
    await db.execute(
        _ADD, transfer.id, transfer.ticket_id, transfer.event_id, transfer.order_id, transfer.from_name,
        transfer.from_email, transfer.to_name, transfer.to_email, transfer.from_locale, transfer.to_locale,
        transfer.old_version, transfer.expires_at,
    )  # fmt: skip
    frozen = await db.fetchval(_FREEZE, transfer.ticket_id)
    assert frozen is not None, "a ticket that was locked and valid"


async def confirm(db: Connection, transfer_id: str) -> None:
    """The sender showed their code. Again, the first time counts."""
    await db.execute(
        "UPDATE ticket_transfers SET confirmed_at = coalesce(confirmed_at, now()) WHERE id = $1", transfer_id
    )


async def accept(db: Connection, transfer_id: str, name: str, locale: str) -> None:
    """The recipient showed theirs, and said who comes."""
    await db.execute(
        "UPDATE ticket_transfers SET accepted_at = coalesce(accepted_at, now()), to_name = $2, to_locale = $3"
        " WHERE id = $1",
        transfer_id,
        name,
        locale,
    )


async def complete(db: Connection, transfer: Transfer, now_on: int) -> int:
    """The ticket is the recipient's, under a new version: its number. Both rows are locked."""
    await db.execute(_COMPLETE, transfer.id, now_on)
    version = await db.fetchval(_HAND_ON, transfer.ticket_id, transfer.to_name, transfer.to_email, transfer.old_version)
    assert version is not None, "a ticket that was locked and frozen"
    return int(version)


async def end(db: Connection, transfer: Transfer, status: End) -> None:
    """It came to nothing: the same code is good again. Both rows are locked."""
    await db.execute(_END, transfer.id, status)
    await db.execute(_THAW, transfer.ticket_id)


async def due(db: Database, limit: int) -> list[str]:
    """Transfers whose time is over."""
    return [row["id"] for row in await db.fetch(_DUE, limit)]


async def take_untold(db: Connection, limit: int) -> list[str]:
    """Transfers that ended with their tickets and whose sides nobody has told, now taken to be told."""
    return [row["id"] for row in await db.fetch(_UNTOLD, limit)]


async def of_order(db: Database, order_id: str) -> list[TransferRow]:
    """All transfers of an order's tickets, the oldest first, at most OF_ORDER_MAX."""
    return [TransferRow(**dict(row)) for row in await db.fetch(_OF_ORDER, order_id, OF_ORDER_MAX)]


async def organization_of(db: Database, order_id: str) -> str | None:
    """Who sells an order's event; None if there is no such order."""
    found: str | None = await db.fetchval(
        "SELECT e.organization_id FROM orders o JOIN events e ON e.id = o.event_id WHERE o.id = $1", order_id
    )
    return found
