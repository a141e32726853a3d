"""Mailed codes: made when their mail goes out, counted and compared when they are shown.

The digits stand in the mail alone; the ledger has their digest under a key of ours.
"""

from __future__ import annotations

import hmac

from engine.domain.tickets import one_time_codes as rules
from engine.domain.tickets.one_time_codes import OtpMailedOften, Part
from engine.stores.database import Connection, Database, Pool
from engine.stores.tickets import one_time_codes as store

WINDOW_S = 3_600.0  # in which one code is mailed once and RESENDS_MAX times more


class OneTimeCodes:
    """Codes about one thing, for one part that somebody has in it. ``master_key``: their digests' key is made of it."""

    def __init__(self, *, pool: Pool, master_key: bytes) -> None:
        self._pool = pool
        self._key = hmac.digest(master_key, b"onsale one-time codes", "sha256")

    async def want(self, db: Connection, subject: str, part: Part, *, window_s: float = WINDOW_S) -> None:
        """Note in the caller's transaction that one is to be mailed; an older one is over. OtpMailedOften."""
        if not await store.want(db, subject, part, window_s=window_s):
            raise OtpMailedOften

    async def issue(self, subject: str, part: Part) -> str:
        """The digits for the mail that is just being sent."""
        code = rules.new_code()
        await store.put(self._pool, subject, part, rules.digest(self._key, subject, part, code))
        return code

    async def check(self, subject: str, part: Part, typed: str) -> None:
        """OtpWrong, OtpExpired, OtpLocked. The try is counted in a transaction of its own, whatever comes of it."""
        state = await store.count_try(self._pool, subject, part)
        rules.check(state, rules.digest(self._key, subject, part, typed))

    async def use(self, db: Database, subject: str, part: Part) -> None:
        """The code has done what it was for."""
        await store.use(db, subject, part)

    async def sweep(self) -> int:
        """Forget old ones; how many."""
        return await store.sweep(self._pool)
