"""What the ledger holds about a person, read for them, and taken away.

$1 is the person's id, $2 their proven address, "" if none is: what a guest of that address bought is theirs.
"""

from __future__ import annotations

from typing import Any, Final

from engine.domain.insight.personal_data import ERASED_HOST, ERASED_NAME, ROWS_MAX
from engine.stores.database import Connection, Database

_MINE = "(o.user_id = $1 OR ($2 <> '' AND o.user_id IS NULL AND lower(o.buyer_email) = $2))"
_MY_ORDERS = f"SELECT o.id FROM orders o WHERE {_MINE}"
_MY_OBJECTS = f"{_MY_ORDERS} UNION ALL SELECT t.id FROM tickets t WHERE t.order_id IN ({_MY_ORDERS})"
# File of the export -> what stands in it.
FILES: Final[dict[str, str]] = {
    "profile": "SELECT id, email, name, first_name, last_name, phone, locale, preferences, is_admin, is_second,"
    " email_verified_at, address_claimed_at, last_login_at, disabled_at, created_at, accepted FROM users"
    " WHERE id = $1 AND $2 = $2",
    "sessions": "SELECT user_id, device, place, begun_at, used_at FROM sessions WHERE user_id = $1 AND $2 = $2"
    " ORDER BY used_at DESC",
    "second_factor": "SELECT user_id, confirmed_at, created_at FROM second_factors WHERE user_id = $1 AND $2 = $2",
    "identities": "SELECT user_id, provider, subject, email, created_at, used_at FROM identities"
    " WHERE user_id = $1 AND $2 = $2",
    "passkeys": "SELECT user_id, name, created_at, used_at FROM passkeys WHERE user_id = $1 AND $2 = $2",
    "memberships": "SELECT m.user_id, m.organization_id, o.name AS organization, m.role, m.created_at FROM members m"
    " JOIN organizations o ON o.id = m.organization_id WHERE m.user_id = $1 AND $2 = $2",
    "invitations": "SELECT i.email, o.name AS organization, i.role, i.status, i.created_at FROM invitations i"
    " JOIN organizations o ON o.id = i.organization_id WHERE $1 = $1 AND $2 <> '' AND i.email = $2",
    "mailed_links": "SELECT user_id, purpose, email, created_at, expires_at, used_at FROM mailed_links"
    " WHERE user_id = $1 AND $2 = $2 ORDER BY created_at DESC",
    "consents": "SELECT c.address, c.purpose, o.name AS organization, c.wording, c.source, c.given_at, c.withdrawn_at"
    " FROM consents c LEFT JOIN organizations o ON o.id = c.organization_id"
    " WHERE $1 = $1 AND $2 <> '' AND c.address = $2 ORDER BY c.id",
    "orders": "SELECT o.id, o.order_number, e.title AS event, e.starts_at, o.status, o.user_id, o.buyer_name,"
    " o.buyer_email, o.consents, o.accepted, o.currency, o.amount_cents, o.refunded_cents, o.price,"
    " host(o.ip_address) AS ip_address, o.user_agent, o.locale, o.answers, o.created_at, o.paid_at FROM orders o"
    f" JOIN events e ON e.id = o.event_id WHERE {_MINE} ORDER BY o.id DESC",
    # What was handed on is its new holder's to read.
    "tickets": "SELECT t.id, t.order_id, e.title AS event, t.section, t.seat, t.holder_name, t.holder_email, t.status,"
    " t.checked_in_at, t.checked_in_gate, t.created_at FROM tickets t JOIN events e ON e.id = t.event_id"
    f" WHERE (t.handed_on = 0 AND t.order_id IN ({_MY_ORDERS}))"
    " OR (t.handed_on > 0 AND $2 <> '' AND t.holder_email = $2) ORDER BY t.id DESC",
    "transfers": "SELECT x.id, e.title AS event, x.from_name, x.from_email, x.to_name, x.to_email, x.from_locale,"
    " x.to_locale, x.status, x.created_at, x.closed_at FROM ticket_transfers x JOIN events e ON e.id = x.event_id"
    " WHERE $1 = $1 AND $2 <> '' AND (x.from_email = $2 OR x.to_email = $2) ORDER BY x.id DESC",
    "attendees": "SELECT u.order_id, u.line, u.attendee FROM order_units u WHERE u.attendee IS NOT NULL"
    f" AND u.order_id IN ({_MY_ORDERS}) ORDER BY u.order_id DESC, u.line",
    "refunds": "SELECT r.order_id, r.amount_cents, r.reason, r.message, r.status, r.created_at FROM refunds r"
    f" WHERE r.order_id IN ({_MY_ORDERS}) ORDER BY r.id DESC",
    "refund_requests": "SELECT q.order_id, q.amount_cents, q.reason, q.status, q.message, q.created_at"
    f" FROM refund_requests q WHERE q.order_id IN ({_MY_ORDERS}) ORDER BY q.id DESC",
    "scans": "SELECT s.ticket_id, s.gate, s.direction, s.result, s.counted_at, s.facts FROM scans s"
    f" WHERE s.ticket_id IN (SELECT t.id FROM tickets t WHERE t.order_id IN ({_MY_ORDERS})) ORDER BY s.id DESC",
    "event_mails": "SELECT n.email, e.title AS event, n.told_at FROM event_news_recipients n"
    " JOIN events e ON e.id = n.event_id WHERE $1 = $1 AND $2 <> '' AND n.email = $2",
    "complaints": "SELECT c.email, e.title AS event, c.reason, c.created_at FROM complaints c"
    " JOIN events e ON e.id = c.event_id WHERE $1 = $1 AND $2 <> '' AND lower(c.email) = $2",
    "notifications": "SELECT n.kind, n.channel, n.recipient, n.locale, n.subject, n.attachments, n.status, n.order_id,"
    " n.created_at, n.sent_at FROM notifications n WHERE ($2 <> '' AND n.recipient = $2)"
    f" OR n.order_id IN ({_MY_ORDERS}) ORDER BY n.id DESC",
    "deeds": "SELECT action, target, facts, created_at FROM audit_log WHERE $1 <> '' AND actor_id = $1 AND $2 = $2"
    " ORDER BY id DESC",
}
# What is found by the orders, before the orders forget whose they were.
_OF_ORDERS: Final = (
    f"""UPDATE scans SET facts = NULL, verdict = verdict - 'attendee' WHERE (facts IS NOT NULL OR verdict ? 'attendee')
           AND ticket_id IN (SELECT t.id FROM tickets t WHERE t.order_id IN ({_MY_ORDERS}))""",
    f"DELETE FROM notifications WHERE order_id IN ({_MY_ORDERS})",
    f"UPDATE order_units SET attendee = NULL WHERE attendee IS NOT NULL AND order_id IN ({_MY_ORDERS})",
    f"UPDATE refunds SET reason = '', message = NULL WHERE order_id IN ({_MY_ORDERS})",
    f"""UPDATE webhook_messages SET body = NULL WHERE body IS NOT NULL AND object_id = ANY(ARRAY({_MY_OBJECTS}))""",
    f"""UPDATE webhook_attempts SET response = '' WHERE response <> '' AND message_id IN (
            SELECT m.id FROM webhook_messages m WHERE m.object_id = ANY(ARRAY({_MY_OBJECTS})))""",
    f"UPDATE refund_requests SET reason = '', message = NULL WHERE order_id IN ({_MY_ORDERS})",
    # Somebody who is signed in may buy under another address than their account's.
    f"""DELETE FROM consents WHERE source = 'checkout'
           AND address IN (SELECT lower(o.buyer_email) FROM orders o WHERE {_MINE})""",
    f"DELETE FROM event_news_recipients WHERE email IN (SELECT lower(o.buyer_email) FROM orders o WHERE {_MINE})",
    # Of the payment, its charges, refunds and disputes.
    f"""UPDATE webhook_events SET payload = '{{}}' WHERE status IN ('processed', 'ignored')
           AND coalesce(payload #>> '{{data,object,payment_intent}}', object_id)
               IN (SELECT o.payment_intent_id FROM orders o WHERE {_MINE})""",
)
# $3 is the address that stands in the place of the old one, $4 the name.
_TICKETS: Final = f"""
UPDATE tickets SET holder_name = $4, holder_email = $3
 WHERE (handed_on = 0 AND order_id IN ({_MY_ORDERS})) OR (handed_on > 0 AND $2 <> '' AND holder_email = $2)
"""
_TRANSFERS: Final = """
UPDATE ticket_transfers
   SET from_name = CASE WHEN from_email = $1 THEN $3 ELSE from_name END,
       to_name = CASE WHEN to_email = $1 THEN $3 ELSE to_name END,
       from_email = CASE WHEN from_email = $1 THEN $2 ELSE from_email END,
       to_email = CASE WHEN to_email = $1 THEN $2 ELSE to_email END
 WHERE from_email = $1 OR to_email = $1
"""
_ORDERS: Final = f"""
UPDATE orders o SET buyer_name = $4, buyer_email = $3, user_id = nullif($1, ''), consents = '{{}}', ip_address = NULL,
       user_agent = NULL, payment_error = NULL, mail_refused = NULL, answers = NULL WHERE {_MINE} RETURNING o.id
"""
_OF_ADDRESS: Final = (
    "DELETE FROM outbox WHERE lower(payload->>'email') = $1",
    "DELETE FROM consents WHERE address = $1",
    "DELETE FROM event_news_recipients WHERE email = $1",
    "DELETE FROM notifications WHERE recipient = $1",
    "DELETE FROM suppressed_addresses WHERE address_hash = sha256(convert_to($1, 'UTF8'))",
    "DELETE FROM invitations WHERE email = $1",
    "UPDATE complaints SET email = NULL WHERE lower(email) = $1",
    "UPDATE audit_log SET facts = facts - 'email' WHERE facts->>'email' = $1",
)
_OF_PERSON: Final = (
    "DELETE FROM mailed_links WHERE user_id = $1",
    "DELETE FROM refresh_tokens WHERE user_id = $1",
    "DELETE FROM sessions WHERE user_id = $1",
    "DELETE FROM second_factors WHERE user_id = $1",
    "DELETE FROM identities WHERE user_id = $1",
    "DELETE FROM passkeys WHERE user_id = $1",
    "DELETE FROM members WHERE user_id = $1",
    "UPDATE erasures SET done_at = now() WHERE user_id = $1",
)
# The row stays for the orders that name it; it has no address that somebody could register with or be mailed at.
_PERSON: Final = """
UPDATE users SET email = $2, name = $3, password_hash = '', first_name = NULL, last_name = NULL, phone = NULL,
       preferences = '{}', locale = 'en', accepted = NULL, email_verified_at = NULL, address_claimed_at = NULL,
       last_login_at = NULL, is_second = true
 WHERE id = $1
"""


# Whether anything is held about an address that no account has.
_IS_HELD = """
SELECT EXISTS (SELECT 1 FROM orders WHERE lower(buyer_email) = $1 AND user_id IS NULL)
    OR EXISTS (SELECT 1 FROM consents WHERE address = $1)
    OR EXISTS (SELECT 1 FROM event_news_recipients WHERE email = $1)
    OR EXISTS (SELECT 1 FROM invitations WHERE email = $1)
    OR EXISTS (SELECT 1 FROM complaints WHERE lower(email) = $1)
"""


async def is_held(db: Database, email: str) -> bool:
    """Whether anything is held about this folded address, but for what its account has."""
    found: bool = await db.fetchval(_IS_HELD, email)
    return found


async def read(db: Database, name: str, user_id: str, email: str) -> list[dict[str, Any]]:
    """The rows of one file of the export, up to one more than ROWS_MAX."""
    assert name in FILES
    rows = await db.fetch(f"{FILES.get(name)} LIMIT {ROWS_MAX + 1}", user_id, email)
    return [dict(row) for row in rows]


async def ask(db: Connection, user_id: str, address_hash: bytes, within_s: int) -> Any:
    """Note that somebody asked, and shut the account; the moment by which it is done. Asked again, the first counts."""
    await db.execute("UPDATE users SET disabled_at = coalesce(disabled_at, now()) WHERE id = $1", user_id)
    return await db.fetchval(
        "INSERT INTO erasures AS e (user_id, address_hash, due_at) VALUES ($1, $2, now() + make_interval(secs => $3))"
        " ON CONFLICT (user_id) DO UPDATE SET due_at = e.due_at RETURNING due_at",
        user_id,
        address_hash,
        within_s,
    )


async def is_asked(db: Connection, user_id: str) -> bool:
    """Whether this person asked to be forgotten and was not yet."""
    return bool(
        await db.fetchval("SELECT true FROM erasures WHERE user_id = $1 AND done_at IS NULL FOR UPDATE", user_id)
    )


async def last_owner_of(db: Connection, user_id: str) -> str | None:
    """An organization that has no other owner; None if there is none."""
    found: str | None = await db.fetchval(
        "SELECT m.organization_id FROM members m WHERE m.user_id = $1 AND m.role = 'owner' AND NOT EXISTS (SELECT 1"
        " FROM members o WHERE o.organization_id = m.organization_id AND o.role = 'owner' AND o.user_id <> $1) LIMIT 1",
        user_id,
    )
    return found


async def ask_as_guest(db: Connection, erasure_id: str, address_hash: bytes, within_s: int) -> Any:
    """Note that the reader of an address without an account asked; the moment by which it is done."""
    return await db.fetchval(
        "INSERT INTO erasures (user_id, address_hash, due_at) VALUES ($1, $2, now() + make_interval(secs => $3))"
        " RETURNING due_at",
        erasure_id,
        address_hash,
        within_s,
    )


async def erase(db: Connection, user_id: str, email: str) -> list[str]:
    """Take away what is held about this person; the ids of the orders that are nobody's now. ``email`` as $2 above."""
    instead = _instead(user_id)
    order_ids = await _forget(db, user_id, email, instead)
    if email:
        _ = [await db.execute(statement, email) for statement in _OF_ADDRESS]
    _ = [await db.execute(statement, user_id) for statement in _OF_PERSON]
    await db.execute(_PERSON, user_id, instead, ERASED_NAME)
    return order_ids


async def erase_guest(db: Connection, erasure_id: str, email: str) -> list[str]:
    """As ``erase``, for an address: what an account of that address has stays. ``erasure_id`` stands in its place."""
    order_ids = await _forget(db, "", email, _instead(erasure_id))
    _ = [await db.execute(statement, email) for statement in _OF_ADDRESS]
    await db.execute("UPDATE erasures SET done_at = now() WHERE user_id = $1", erasure_id)
    return order_ids


async def forget_orders(db: Connection, erasure_id: str, email: str) -> list[str]:
    """What an address bought without an account is nobody's; whatever else is held about it stays. The orders' ids."""
    return await _forget(db, "", email, _instead(erasure_id))


async def _forget(db: Connection, user_id: str, email: str, instead: str) -> list[str]:
    _ = [await db.execute(statement, user_id, email) for statement in _OF_ORDERS]
    await db.execute(_TICKETS, user_id, email, instead, ERASED_NAME)
    order_ids = [row["id"] for row in await db.fetch(_ORDERS, user_id, email, instead, ERASED_NAME)]
    if email:
        await db.execute(_TRANSFERS, email, instead, ERASED_NAME)
    return order_ids


def _instead(of: str) -> str:
    return f"{of.lower()}@{ERASED_HOST}"
