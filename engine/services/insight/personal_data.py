"""What is held about a person: handed to them, and taken away when they ask.

Erasing keeps the ledger: amounts, taxes, units, who was let in. It takes names, addresses, numbers, networks, devices,
free texts. Tickets of events to come go on working for who holds their codes. What a backup holds is gone when the
backup is; answers kept under an Idempotency-Key are gone within a day.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import zipfile
from typing import Any

import msgspec

from engine.domain.accounts.errors import AdminStays, LastOwner
from engine.domain.errands import EraseAccount
from engine.domain.insight.personal_data import (
    ERASED_WITHIN_S,
    HELD,
    ROWS_MAX,
    ErasureAsked,
    ErasureTaken,
    FileOfExport,
    Manifest,
)
from engine.foundation import sheets
from engine.foundation.bearer import Person
from engine.foundation.clock import now
from engine.foundation.ended_sessions import EndedSessions
from engine.foundation.errors import Unauthenticated
from engine.foundation.news import News
from engine.services.accounts.people import People
from engine.services.accounts.second_factors import SecondFactors
from engine.services.outbox import Outbox
from engine.stores import outbox as outbox_store
from engine.stores.accounts import people as people_store
from engine.stores.database import Pool
from engine.stores.insight import personal_data as store


class PersonalData:
    """Exports and erases."""

    def __init__(
        self, *, pool: Pool, people: People, factors: SecondFactors, ended: EndedSessions, order_news: News
    ) -> None:
        self._pool = pool
        self._people = people
        self._factors = factors
        self._ended = ended
        self._order_news = order_news

    def register(self, outbox: Outbox) -> None:
        """Take the errand."""
        outbox.on(EraseAccount, self.erase)

    async def export(self, person: Person) -> bytes:
        """A ZIP of everything that is held about this person, with its manifest. Unauthenticated if they are gone."""
        row = await people_store.secrets_by_id(self._pool, person.user_id)
        if row is None or row["disabled_at"] is not None:
            raise Unauthenticated("This account is gone")
        address = await people_store.claimed_address(self._pool, person.user_id)
        found = {name: await store.read(self._pool, name, person.user_id, address) for name in store.FILES}
        return await asyncio.to_thread(packed, person.user_id, address, found)

    async def ask(self, person: Person, given: ErasureAsked, address: str) -> ErasureTaken:
        """Shut the account now, and have everything else taken away soon.

        SignInRefused for a wrong password, SecondFactorWrong if there is one and ``code`` is not its; LastOwner of an
        organization, AdminStays.
        """
        row = await self._people.check_password(person, given.password, address)
        if row["is_admin"]:
            raise AdminStays
        await self._factors.check(person.user_id, given.code)
        async with self._pool.acquire() as db, db.transaction():
            await people_store.lock(db, person.user_id)
            if await store.last_owner_of(db, person.user_id) is not None:
                raise LastOwner("You are the only owner of an organization: make somebody else one, or delete it")
            digest = hashlib.sha256(row["email"].encode()).digest()
            due_at = await store.ask(db, person.user_id, digest, ERASED_WITHIN_S)
            ended = await people_store.revoke_all(db, person.user_id)
            await outbox_store.add(db, person.user_id, EraseAccount(person.user_id))
        await self._ended.tell(ended)
        return ErasureTaken(erased_by=due_at)

    async def erase(self, errand: EraseAccount, _repeated: bool) -> None:
        """Once; a second run finds it done."""
        async with self._pool.acquire() as db, db.transaction():
            row = await people_store.lock(db, errand.user_id)
            if row is None or not await store.is_asked(db, errand.user_id):
                return
            address = await people_store.claimed_address(db, errand.user_id)
            order_ids = await store.erase(db, errand.user_id, address)
        for begin in range(0, len(order_ids), ROWS_MAX):
            await self._order_news.changed(*order_ids[begin : begin + ROWS_MAX])


def packed(user_id: str, address: str, found: dict[str, list[dict[str, Any]]]) -> bytes:
    """A ZIP of these files, each as JSON and as CSV, with their manifest."""
    out = io.BytesIO()
    files = []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in found.items():
            kept = rows[:ROWS_MAX]
            columns = tuple(kept[0]) if kept else ()
            archive.writestr(f"{name}.json", msgspec.json.format(msgspec.json.encode(kept), indent=2))
            table = [[_flat(value) for value in row.values()] for row in kept]
            archive.writestr(f"{name}.csv", sheets.begun(columns) + sheets.rows(table))
            files.append(FileOfExport(name=name, rows=len(kept), complete=len(rows) <= ROWS_MAX, columns=columns))
        manifest = Manifest(
            user_id=user_id,
            address=address,
            made_at=now(),
            files=tuple(files),
            held={column: file for column, file in HELD.items() if file},
            left_out=tuple(column for column, file in HELD.items() if not file),
        )
        archive.writestr("manifest.json", msgspec.json.format(msgspec.json.encode(manifest), indent=2))
    return out.getvalue()


def _flat(value: Any) -> Any:
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list) else value
