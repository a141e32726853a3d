"""An order's address, corrected, and how often its tickets were sent again."""

from __future__ import annotations

from typing import Final

from engine.stores.database import Connection

_CORRECT: Final = "UPDATE orders SET buyer_email = $2 WHERE id = $1"
# A ticket that went to somebody else keeps their address.
_HOLDERS: Final = "UPDATE tickets SET holder_email = $3 WHERE order_id = $1 AND lower(holder_email) = lower($2)"
_CLEAR: Final = "UPDATE orders SET mail_refused = NULL WHERE id = $1"
_WAIT: Final = """
SELECT ceil(extract(epoch FROM created_at + make_interval(secs => $3) - now()))::int FROM audit_log
 WHERE target = $1 AND action = 'order.sent_again' ORDER BY id DESC OFFSET $2 - 1 LIMIT 1
"""


async def correct(db: Connection, order_id: str, before: str, email: str) -> None:
    """The order and its tickets are of this address from now on."""
    await db.execute(_CORRECT, order_id, email)
    await db.execute(_HOLDERS, order_id, before, email)


async def clear_refusal(db: Connection, order_id: str) -> None:
    """Mail may reach it again."""
    await db.execute(_CLEAR, order_id)


async def wait_s(db: Connection, order_id: str, most: int, within_s: int) -> int:
    """Seconds until it may be sent again, if it was ``most`` times within ``within_s``; 0 if now."""
    return max(0, await db.fetchval(_WAIT, order_id, most, within_s) or 0)
