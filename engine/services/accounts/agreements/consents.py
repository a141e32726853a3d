"""What people want to be written about: asked, changed, stopped with one click, and what a marketing mail carries.

Who shows a link that was mailed to an address reads its mail, and may change all that it is written about. The person
of an account may as soon as the address is proven to be theirs.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.domain.accounts.consents import (
    ACCOUNT,
    OF_ORGANIZERS,
    AskedFor,
    AskedForAll,
    Consent,
    ConsentChange,
    Purpose,
    wording,
)
from engine.domain.accounts.errors import EmailUnverified, OrganizationUnknown
from engine.domain.errands import MailConsent
from engine.foundation.bearer import Person
from engine.foundation.errors import Invalid
from engine.services.accounts.agreements.sealed_links import SealedLinks
from engine.stores import outbox
from engine.stores.accounts import consents as store
from engine.stores.accounts import people as people_store
from engine.stores.database import Connection, Pool


class Consents:
    """Reads and changes them. Who gives one on our pages is mailed that they did, with the way back."""

    def __init__(self, *, pool: Pool, sealed: SealedLinks, engine_url: str) -> None:
        self._pool = pool
        self._sealed = sealed
        self._engine_url = engine_url.rstrip("/")

    async def of_person(self, person: Person) -> tuple[Consent, ...]:
        """Those of their address; none while it is not proven."""
        address = await self.address_of(person)
        return tuple(await store.newest(self._pool, address)) if address else ()

    async def address_of(self, person: Person) -> str:
        """Their address if it is proven to be theirs, else empty."""
        return await people_store.claimed_address(self._pool, person.user_id)

    async def change_in(self, db: Connection, person: Person, changes: Sequence[ConsentChange], language: str) -> None:
        """Change some within the transaction of what else changes.

        EmailUnverified, OrganizationUnknown; Invalid for an organizer's mails without an organization, and others with.
        """
        if not changes:
            return
        address = await people_store.claimed_address(db, person.user_id)
        if not address:
            raise EmailUnverified
        await _change(db, address, changes, language)

    async def change(self, person: Person, changes: Sequence[ConsentChange], language: str) -> None:
        """As ``change_in``, and nothing else with it."""
        async with self._pool.acquire() as db, db.transaction():
            await self.change_in(db, person, changes, language)

    async def of_link(self, token: str) -> tuple[str, tuple[Consent, ...]]:
        """(the address that the link was mailed to, its consents). TokenInvalid."""
        address = self._sealed.opened(token, AskedForAll).address
        return address, tuple(await store.newest(self._pool, address))

    async def change_by_link(self, token: str, changes: Sequence[ConsentChange], language: str) -> None:
        """As ``change_in``, for who shows the link. TokenInvalid."""
        address = self._sealed.opened(token, AskedForAll).address
        async with self._pool.acquire() as db, db.transaction():
            await _change(db, address, changes, language)

    async def asked_for(self, token: str) -> tuple[AskedFor, str | None]:
        """(what the link of a mail stops, the organizer's name if it is one's). TokenInvalid."""
        asked = self._sealed.opened(token, AskedFor)
        organization_id = asked.organization_id
        name = await store.organization_name(self._pool, organization_id) if organization_id else None
        return asked, name

    async def stop(self, token: str) -> AskedFor:
        """Write no more about what the link was mailed for; twice is fine. TokenInvalid."""
        asked = self._sealed.opened(token, AskedFor)
        await store.withdraw(self._pool, asked.address, asked.purpose, asked.organization_id)
        return asked

    def choices_url(self, address: str) -> str:
        """The page that shows an address all its choices."""
        return f"{self._engine_url}/preferences?token={self._sealed.token(AskedForAll(address))}"

    def stop_url(self, asked: AskedFor) -> str:
        """The page that stops one kind of mail."""
        return f"{self._engine_url}/unsubscribe?token={self._sealed.token(asked)}"

    def list_fields(self, asked: AskedFor) -> str:
        """What the head of every marketing mail carries (RFC 2369, RFC 8058): the mail program's own button."""
        return f"List-Unsubscribe: <{self.stop_url(asked)}>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n"

    async def may(self, address: str, purpose: Purpose, organization_id: str | None = None) -> bool:
        """Whether this folded address may be written to about this: asked before each mail."""
        return await store.is_given(self._pool, address, purpose, organization_id)


async def _change(db: Connection, address: str, changes: Sequence[ConsentChange], language: str) -> None:
    for change in changes:
        organization_id = change.organization_id
        if (change.purpose == OF_ORGANIZERS) != (organization_id is not None):
            told = "Name the organization of an organizer's mails, and of nothing else"
            raise Invalid.at("/consents", "invalid_value", told)
        if not change.given:
            await store.withdraw(db, address, change.purpose, organization_id)
            continue
        if organization_id is not None and await store.organization_name(db, organization_id) is None:
            raise OrganizationUnknown
        if await store.give(db, address, change.purpose, organization_id, wording(ACCOUNT, language), "account"):
            await outbox.add(db, "", MailConsent(address, change.purpose, organization_id or "", language))
