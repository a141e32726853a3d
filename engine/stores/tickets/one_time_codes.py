"""Mailed codes in the ledger, by a keyed digest. ``subject`` is what they are about: a transfer, an order."""

from __future__ import annotations

from typing import Final

from engine.domain.tickets.one_time_codes import GOOD_FOR_S, KEPT_D, RESENDS_MAX, CodeState, Part
from engine.stores.database import Database, count

# A code asked for once more has no digits until its mail goes out: the one before is good no longer.
_WANT: Final = """
INSERT INTO one_time_codes AS c (subject, part) VALUES ($1, $2)
ON CONFLICT (subject, part) DO UPDATE
   SET mails = CASE WHEN c.created_at < now() - make_interval(secs => $4) THEN 1 ELSE c.mails + 1 END,
       created_at = CASE WHEN c.created_at < now() - make_interval(secs => $4) THEN now() ELSE c.created_at END,
       tries = 0, code_hash = NULL, expires_at = NULL
 WHERE c.mails < $3 OR c.created_at < now() - make_interval(secs => $4)
RETURNING mails
"""
_SET: Final = """
UPDATE one_time_codes SET code_hash = $3, expires_at = now() + make_interval(secs => $4), tries = 0
 WHERE subject = $1 AND part = $2
"""
# Counted before it is compared: of many tries at once each is one.
_TRY: Final = """
UPDATE one_time_codes SET tries = least(tries + 1, 1000) WHERE subject = $1 AND part = $2
RETURNING code_hash, coalesce(expires_at <= now(), false) AS expired, tries
"""


async def want(db: Database, subject: str, part: Part, *, window_s: float) -> bool:
    """Note that a code is to be mailed; False if it was mailed often enough within ``window_s``."""
    return await db.fetchval(_WANT, subject, part, 1 + RESENDS_MAX, window_s) is not None


async def put(db: Database, subject: str, part: Part, code_hash: bytes) -> None:
    """The code is good from now on, and no other."""
    await db.execute(_SET, subject, part, code_hash, GOOD_FOR_S)


async def count_try(db: Database, subject: str, part: Part) -> CodeState | None:
    """The code, one try counted; None if nobody asked for any."""
    row = await db.fetchrow(_TRY, subject, part)
    return None if row is None else CodeState(row["code_hash"], row["expired"], row["tries"])


async def use(db: Database, subject: str, part: Part) -> None:
    """It is used up."""
    await db.execute("DELETE FROM one_time_codes WHERE subject = $1 AND part = $2", subject, part)


async def sweep(db: Database) -> int:
    """Forget codes that nobody asks for any more; how many went."""
    return count(
        await db.execute("DELETE FROM one_time_codes WHERE created_at < now() - make_interval(days => $1)", KEPT_D)
    )
