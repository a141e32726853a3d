"""Sessions in the ledger, next to the refresh tokens that keep them alive."""

from __future__ import annotations

from typing import Final

from engine.domain.accounts.sessions import SESSIONS_SHOWN_MAX, SessionShown
from engine.stores.database import Connection, Database, Record, count

NOTED_EVERY_S: Final = 60
# A session lives while it has a token that was neither used nor revoked, and whose time is not over.
_LIVES = """EXISTS (SELECT 1 FROM refresh_tokens t WHERE t.family = s.id AND t.used_at IS NULL
       AND t.revoked_at IS NULL AND t.expires_at > now())"""


async def add(db: Connection, session_id: str, user_id: str, device: str, place: str) -> bool:
    """Keep a session that begins now. True if the person had others, and none from this device at this place."""
    return bool(
        await db.fetchval(
            "WITH before AS (SELECT count(*) AS all_of_them,"
            " count(*) FILTER (WHERE device = $3 AND place = $4) AS alike FROM sessions WHERE user_id = $2),"
            " added AS (INSERT INTO sessions (id, user_id, device, place) VALUES ($1, $2, $3, $4))"
            " SELECT all_of_them > 0 AND alike = 0 FROM before",
            session_id,
            user_id,
            device,
            place,
        )
    )


async def used(db: Connection, session_id: str) -> None:
    """It was renewed now."""
    await db.execute("UPDATE sessions SET used_at = now() WHERE id = $1", session_id)


async def shown(db: Database, token_hash: bytes) -> Record | None:
    """Whose session a token keeps alive: ``family``, the person's ``id``, ``is_admin``; use is noted by the minute."""
    return await db.fetchrow(
        "WITH found AS (SELECT t.family, u.id, u.is_admin FROM refresh_tokens t JOIN users u ON u.id = t.user_id"
        " WHERE t.token_hash = $1 AND t.used_at IS NULL AND t.revoked_at IS NULL AND t.expires_at > now()"
        " AND u.disabled_at IS NULL), noted AS (UPDATE sessions s SET used_at = now() FROM found"
        " WHERE s.id = found.family AND s.used_at < now() - make_interval(secs => $2))"
        " SELECT family, id, is_admin FROM found",
        token_hash,
        NOTED_EVERY_S,
    )


async def of_person(db: Database, user_id: str, current: str) -> list[SessionShown]:
    """Those that live, the one used last first. ``current`` is who asks."""
    rows = await db.fetch(
        "SELECT s.id, s.device, s.place, s.begun_at, s.used_at, s.id = $2 AS current FROM sessions s"
        f" WHERE s.user_id = $1 AND {_LIVES} ORDER BY s.used_at DESC, s.id LIMIT $3",
        user_id,
        current,
        SESSIONS_SHOWN_MAX,
    )
    return [SessionShown(**dict(row)) for row in rows]


async def lives(db: Database, user_id: str, session_id: str) -> bool:
    """Whether this person has this session."""
    return bool(
        await db.fetchval(f"SELECT true FROM sessions s WHERE s.id = $2 AND s.user_id = $1 AND {_LIVES}",
                          user_id, session_id)
    )  # fmt: skip


async def is_fresh(db: Database, user_id: str, session_id: str, within_s: int) -> bool:
    """Whether this session of this person lives and began within that time."""
    return bool(
        await db.fetchval(
            f"SELECT true FROM sessions s WHERE s.id = $2 AND s.user_id = $1 AND {_LIVES}"
            " AND s.begun_at > now() - make_interval(secs => $3)",
            user_id,
            session_id,
            within_s,
        )
    )


async def sweep(db: Database) -> int:
    """Forget sessions without any token left; how many went."""
    return count(
        await db.execute(
            "DELETE FROM sessions s WHERE NOT EXISTS (SELECT 1 FROM refresh_tokens t WHERE t.family = s.id)"
        )
    )
