"""Flags of the platform at run time: the ledger is the truth, every process knows them within a second.

A change is told to all processes over Redis after its commit. Because a message can be lost, each reads the ledger
every LOOK_EVERY_S as well; while the ledger is away, what was last known counts. Asking is a plain attribute of
``Switches``: no request waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from engine.domain.accounts.flags import FLAGS, Flag, FlagsChange, PlatformFlags
from engine.foundation import logs
from engine.foundation.bearer import Person
from engine.foundation.connections import HotRedis
from engine.foundation.errors import Forbidden
from engine.foundation.news import FLAGS_CHANGED, News
from engine.foundation.store_faults import LEDGER_FAULTS
from engine.settings import Settings
from engine.stores import activity
from engine.stores.accounts import flags as store
from engine.stores.database import Pool, Record

LOOK_EVERY_S: Final = 0.4

_log = logs.get("flags")


@dataclass(slots=True)
class Switches:
    """What may be begun in this process right now. ``selling``: new holds and orders."""

    selling: bool = True
    refunds: bool = True
    scanning: bool = True


class Flags:
    """Reads and changes the flags, for platform admins; keeps this process's ``switches``."""

    def __init__(self, *, pool: Pool, hot: HotRedis, settings: Settings) -> None:
        self._pool = pool
        self._news = News(FLAGS_CHANGED, hot=hot)
        self._news.follow(self._heard)
        self._off_by_settings = tuple(flag for flag in FLAGS if not getattr(settings, f"{flag}_enabled", True))
        self._changed = asyncio.Event()
        self._followers: list[Callable[[], None]] = []
        self._known = PlatformFlags(off_by_settings=self._off_by_settings)
        self.switches = Switches()
        self._apply(self._known)

    def follow_switches(self, told: Callable[[], None]) -> None:
        """Called whenever a flag of this process turned."""
        self._followers.append(told)

    async def read(self, person: Person) -> PlatformFlags:
        """As the ledger has them. Forbidden to all but platform admins."""
        _require(person)
        return self._flags(await store.read(self._pool))

    async def change(self, person: Person, given: FlagsChange) -> PlatformFlags:
        """Turn what is given: here at once, everywhere within a second. Forbidden to all but platform admins."""
        _require(person)
        async with self._pool.acquire() as db, db.transaction():
            await store.lock(db)
            before = self._flags(await store.read(db))
            for flag, is_on in given.given().items():
                if getattr(before, flag) == is_on:
                    continue
                await store.put(db, flag, is_on=is_on, user_id=person.user_id)
                action = "platform.switched_on" if is_on else "platform.switched_off"
                await activity.record(db, person, action, "platform", flag=flag)
            after = self._flags(await store.read(db))
        self._apply(after)
        await self._news.changed("flags")
        return after

    async def look(self) -> None:
        """Take the flags from the ledger; while it is away, what is known counts."""
        try:
            rows = await store.read(self._pool)
        except LEDGER_FAULTS as error:
            _log.debug("flags_not_read", error=repr(error))
            return
        self._apply(self._flags(rows))

    async def follow(self) -> None:
        """Hear of what others changed; runs until cancelled."""
        await asyncio.gather(self._news.listen(), self._keep_looking())

    async def close(self) -> None:
        """Tell what is still to be told."""
        await self._news.close()

    async def _keep_looking(self) -> None:
        while True:
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._changed.wait()
            except TimeoutError:
                pass
            self._changed.clear()
            await self.look()

    def _heard(self, _ids: frozenset[str] | None) -> None:
        self._changed.set()

    def _flags(self, rows: list[Record]) -> PlatformFlags:
        decided = {row["name"]: row["is_on"] for row in rows}
        changed_at = max((row["changed_at"] for row in rows), default=None)
        return PlatformFlags(**decided, changed_at=changed_at, off_by_settings=self._off_by_settings)

    def _apply(self, flags: PlatformFlags) -> None:
        self._known = flags
        turned = Switches(
            selling=self._is_on("ticketing") and self._is_on("checkout"),
            refunds=self._is_on("refunds"),
            scanning=self._is_on("scanning"),
        )
        if turned == self.switches:
            return
        self.switches.selling = turned.selling
        self.switches.refunds = turned.refunds
        self.switches.scanning = turned.scanning
        _log.warning("switches_turned", selling=turned.selling, refunds=turned.refunds, scanning=turned.scanning)
        for told in self._followers:
            told()

    def _is_on(self, flag: Flag) -> bool:
        is_on: bool = getattr(self._known, flag)
        return is_on and flag not in self._off_by_settings


def _require(person: Person) -> None:
    if not person.is_admin:
        raise Forbidden("Only platform admins may do this")
