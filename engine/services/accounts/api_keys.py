"""Keys of organizations: made, shown once, used by programs, revoked.

A key is read from the ledger at each request, so a revoked one is out at once. It is limited by itself, whatever
addresses its programs stand behind.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from typing import Final

from engine.domain.accounts.api_keys import (
    API_KEYS_MAX,
    KEY_CHARS_MAX,
    SECRET_BYTES,
    ApiKey,
    ApiKeyMade,
    KeyToken,
    NewApiKey,
)
from engine.domain.accounts.errors import ApiKeyUnknown, KeyThrottled, OrganizationUnknown, TooManyOfThem
from engine.domain.fields import kept_name
from engine.foundation.bearer import ACCESS_TOKEN_TTL_S, KEY_PREFIX, Bearers, KeyGrant, Person
from engine.foundation.clock import now
from engine.foundation.errors import Invalid, Unauthenticated
from engine.foundation.ids import new_id
from engine.foundation.limits_table import KEY_RATE
from engine.foundation.pace import Pace
from engine.services.accounts.access import Access
from engine.stores import activity
from engine.stores.accounts import api_keys as store
from engine.stores.accounts import organizations as organizations_store
from engine.stores.database import Pool, Record

_NOBODYS: Final = hashlib.sha256(b"nobody has this secret").digest()


class ApiKeys:
    """``now_s`` is a monotonic clock."""

    def __init__(
        self, *, pool: Pool, access: Access, bearers: Bearers, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._pool = pool
        self._bearers = bearers
        self._access = access
        self._paces = Pace(now_s)

    async def make(self, person: Person, organization_id: str, given: NewApiKey) -> ApiKeyMade:
        """A new key; its secret stands in the answer alone. TooManyOfThem; Invalid for an end in the past."""
        await self._access.require(person, organization_id, "keys.write", hidden=OrganizationUnknown)
        name = kept_name("/name", given.name)
        if given.expires_at is not None and given.expires_at <= now():
            raise Invalid.at("/expires_at", "invalid_value", "This moment is over")
        key_id, secret, scopes = new_id("key"), secrets.token_urlsafe(SECRET_BYTES), sorted(set(given.scopes))
        async with self._pool.acquire() as db, db.transaction():
            await organizations_store.lock(db, organization_id)
            if await store.living(db, organization_id) >= API_KEYS_MAX:
                raise TooManyOfThem(limit=API_KEYS_MAX)
            made = await store.add(
                db, key_id, organization_id, name, list(scopes), _digest(secret), person.user_id, given.expires_at
            )
            await activity.record(db, person, "key.made", organization_id, key_id=key_id, name=name, scopes=scopes)
        return ApiKeyMade(
            id=made.id,
            name=made.name,
            scopes=made.scopes,
            expires_at=made.expires_at,
            last_used_at=made.last_used_at,
            created_at=made.created_at,
            key=f"{KEY_PREFIX}{key_id}_{secret}",
        )

    async def of_organization(self, person: Person, organization_id: str, after: str, limit: int) -> list[ApiKey]:
        """Those that were not revoked, by id; no secrets."""
        await self._access.require(person, organization_id, "keys.read", hidden=OrganizationUnknown)
        return await store.of_organization(self._pool, organization_id, after, limit)

    async def revoke(self, person: Person, organization_id: str, key_id: str) -> None:
        """It opens nothing from now on. ApiKeyUnknown."""
        await self._access.require(person, organization_id, "keys.write", hidden=OrganizationUnknown)
        async with self._pool.acquire() as db, db.transaction():
            if not await store.revoke(db, organization_id, key_id):
                raise ApiKeyUnknown
            await activity.record(db, person, "key.revoked", organization_id, key_id=key_id)

    async def open(self, shown: str) -> Person:
        """Who acts by this key. Unauthenticated, alike for every reason; KeyThrottled."""
        parts = shown.removeprefix(KEY_PREFIX).split("_", 2) if len(shown) <= KEY_CHARS_MAX else []
        key_id, secret = ("_".join(parts[:2]), parts[2]) if len(parts) == 3 else ("", "")  # noqa: PLR2004 - key, ULID, secret
        row = await store.find(self._pool, key_id) if key_id else None
        kept = row["secret_hash"] if row is not None else _NOBODYS
        if not secrets.compare_digest(kept, _digest(secret)) or row is None:
            raise Unauthenticated("This key is not valid, was revoked, or its time is over")
        return await self._opened(key_id, row)

    async def open_token(self, shown: Person) -> Person:
        """Who acts by a token of a key: as far as the key goes now. Unauthenticated, KeyThrottled."""
        row = await store.find(self._pool, shown.user_id)
        if row is None:
            raise Unauthenticated("This key was revoked, or its time is over")
        return await self._opened(shown.user_id, row)

    async def exchange(self, shown: str) -> KeyToken:
        """A token that says the key's organization and scopes to who reads it. Unauthenticated, KeyThrottled."""
        person = await self.open(shown)
        assert person.key is not None, "a key was opened"
        return KeyToken(
            access_token=self._bearers.sign(person),
            expires_in=ACCESS_TOKEN_TTL_S,
            scope=" ".join(sorted(person.key.scopes)),
            organization_id=person.key.organization_id,
        )

    async def _opened(self, key_id: str, row: Record) -> Person:
        self._pace(key_id)
        if not row["is_noted"]:
            await store.used(self._pool, key_id)
        grant = KeyGrant(organization_id=row["organization_id"], scopes=frozenset(row["scopes"]))
        return Person(key_id, is_admin=False, key=grant)

    def _pace(self, key_id: str) -> None:
        """Count one request. KeyThrottled beyond KEY_RATE."""
        early_s = self._paces.early_s(key_id, KEY_RATE)
        if early_s:
            raise KeyThrottled(retry_after_s=early_s, per_s=KEY_RATE.per_s)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
