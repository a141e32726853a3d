"""The activity log: one row for every write of an organizer or admin, in the transaction of what it tells of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import msgspec
import structlog

from engine.foundation.bearer import Person
from engine.stores.database import Database

VALUE_CHARS_MAX: Final = 120


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which lines are wanted, None: all. ``kinds``: first words of their deeds; ``who``: a part of the actor's name."""

    kinds: tuple[str, ...] | None = None
    who: str | None = None
    since: datetime | None = None
    until: datetime | None = None


_INSERT = """
INSERT INTO audit_log (actor_kind, actor_id, action, target, facts, correlation_id) VALUES ($1, $2, $3, $4, $5, $6)
"""


async def record(db: Database, actor: Person | None, action: str, target: str, **facts: Any) -> None:
    """Write one line; ``actor`` None is the system itself. The facts hold no secrets and no buyer's data.

    If a platform admin acts as the actor, the facts say through whom.
    """
    kind = "system" if actor is None else "admin" if actor.is_admin else "organizer"
    correlation_id = structlog.contextvars.get_contextvars().get("correlation_id", "")
    actor_id = actor.user_id if actor is not None else ""
    if actor is not None and actor.through:
        facts["through_id"] = actor.through
    await db.execute(_INSERT, kind, actor_id, action, target, facts, str(correlation_id))


def turned(before: msgspec.Struct, after: msgspec.Struct, names: Iterable[str]) -> dict[str, Any]:
    """Facts of a change: which of these ``fields`` differ, what they are ``now``, and what each ``was``.

    A long text is cut: the log says that it changed, not all of it.
    """
    was, now = (
        {name: _brief(msgspec.to_builtins(getattr(each, name))) for name in names if hasattr(each, name)}
        for each in (before, after)
    )
    fields = sorted(name for name in was.keys() & now.keys() if was[name] != now[name])
    return {
        "fields": fields,
        "now": {name: now[name] for name in fields},
        "was": {name: was[name] for name in fields},
    }


def _brief(value: Any) -> Any:
    if isinstance(value, dict | list):
        value = msgspec.json.encode(value).decode() if value else ""
    return value[:VALUE_CHARS_MAX] if isinstance(value, str) else value


_WANTED = """ AND id < $2 AND ($4::text[] IS NULL OR split_part(action, '.', 1) = ANY ($4))
   AND ($5::text IS NULL OR actor_id IN (SELECT u.id FROM users u WHERE u.name ILIKE $5))
   AND ($6::timestamptz IS NULL OR created_at >= $6) AND ($7::timestamptz IS NULL OR created_at < $7)"""
_LINES = """
SELECT a.id, a.actor_kind, a.actor_id, a.action, a.target, a.facts, a.created_at, u.name AS actor_name,
       t.name AS through_name, a.event_id, e.currency, e.title AS event_title
  FROM (SELECT * FROM audit_log WHERE {of}{wanted} ORDER BY id DESC LIMIT $3) AS a
  LEFT JOIN users u ON u.id = a.actor_id
  LEFT JOIN users t ON t.id = a.facts->>'through_id'
  LEFT JOIN events e ON e.id = coalesce(a.event_id, (SELECT o.event_id FROM orders o WHERE o.id = a.target))
 ORDER BY a.id DESC
"""
_OF_EVENT = _LINES.format(of="event_id = $1", wanted=_WANTED)
# What buyers and the system do to orders is found by the orders: audit_log_placed leaves those lines out.
_OF_EVENTS_ORDERS = _LINES.format(of="target IN (SELECT o.id FROM orders o WHERE o.event_id = $1)", wanted=_WANTED)
_OF_ORGANIZATION = _LINES.format(of="organization_id = $1", wanted=_WANTED)
_OF_TARGET = _LINES.format(of="target = $1", wanted=_WANTED)
_OF_PLATFORM = _LINES.format(of="$1::text IS NULL", wanted=_WANTED)
_LIKE_ESCAPES: Final = str.maketrans({"%": r"\%", "_": r"\_", "\\": r"\\"})


async def of_event(db: Database, event_id: str, wanted: Wanted, before: int, limit: int) -> list[dict[str, Any]]:
    """What was done to an event and to what belongs to it, newest first, below a line's number.

    The table itself finds the event and the organization of each line when it is written.
    """
    return [dict(row) for row in await db.fetch(_OF_EVENT, event_id, *_asked(wanted, before, limit))]


async def of_events_orders(
    db: Database, event_id: str, wanted: Wanted, before: int, limit: int
) -> list[dict[str, Any]]:
    """What was done to the orders of an event, by buyers and the system too."""
    return [dict(row) for row in await db.fetch(_OF_EVENTS_ORDERS, event_id, *_asked(wanted, before, limit))]


async def of_organization(
    db: Database, organization_id: str, wanted: Wanted, before: int, limit: int
) -> list[dict[str, Any]]:
    """As ``of_event``, of an organization and all its events."""
    return [dict(row) for row in await db.fetch(_OF_ORGANIZATION, organization_id, *_asked(wanted, before, limit))]


async def of_target(db: Database, target: str, before: int, limit: int) -> list[dict[str, Any]]:
    """What was done to one thing, no matter by whom."""
    return [dict(row) for row in await db.fetch(_OF_TARGET, target, *_asked(Wanted(), before, limit))]


async def of_platform(db: Database, wanted: Wanted, before: int, limit: int) -> list[dict[str, Any]]:
    """All of it."""
    return [dict(row) for row in await db.fetch(_OF_PLATFORM, None, *_asked(wanted, before, limit))]


def _asked(wanted: Wanted, before: int, limit: int) -> tuple[Any, ...]:
    """The values of _LINES and _WANTED, from the second on."""
    who = f"%{wanted.who.translate(_LIKE_ESCAPES)}%" if wanted.who else None
    return before, limit, wanted.kinds, who, wanted.since, wanted.until
