"""Registering, signing in and staying signed in.

Refresh tokens rotate: each is good once. One that comes twice was stolen or copied, so its whole family ends.
"""

from __future__ import annotations

import hashlib
import secrets

from engine.domain.accounts.errors import AccountDisabled, EmailTaken, RefreshRefused, RefreshReused, SignInRefused
from engine.domain.accounts.people import (
    PASSWORD_CHARS_MAX,
    PASSWORD_CHARS_MIN,
    Credentials,
    PasswordChange,
    PersonChange,
    Registration,
    Session,
    User,
    email_normal,
)
from engine.foundation.bearer import ACCESS_TOKEN_TTL_S, Bearers, Person
from engine.foundation.errors import Invalid, Unauthenticated
from engine.foundation.ids import new_id
from engine.services.accounts.passwords import Passwords
from engine.services.accounts.throttle import Throttle
from engine.stores import activity
from engine.stores.accounts import people as store
from engine.stores.database import Database, Pool

REFRESH_TOKEN_BYTES = 32


class People:
    """Accounts and sessions."""

    def __init__(self, *, pool: Pool, bearers: Bearers, throttle: Throttle, passwords: Passwords) -> None:
        self._pool = pool
        self._bearers = bearers
        self._throttle = throttle
        self._passwords = passwords

    async def register(self, given: Registration, address: str) -> Session:
        """Make an account and sign it in. EmailTaken; RegistrationThrottled by address."""
        email = email_normal(given.email)
        await self._throttle.registration(address)
        password_hash = await self._passwords.hash(given.password)
        user_id = new_id("usr")
        name = (given.name or email.partition("@")[0]).strip()
        if not await store.insert(self._pool, user_id, email, name, password_hash):
            raise EmailTaken
        return await self._session(Person(user_id, is_admin=False))

    async def sign_in(self, given: Credentials, address: str) -> Session:
        """A new session. SignInRefused, alike for unknown addresses; SignInThrottled after too many failures."""
        email = given.email.strip().lower()
        await self._throttle.check_sign_in(address, email)
        row = await store.secrets_of(self._pool, email)
        if not await self._passwords.matches(row["password_hash"] if row else None, given.password) or row is None:
            await self._throttle.sign_in_failed(address, email)
            raise SignInRefused
        await self._throttle.check_sign_in(address, email)  # others may have failed meanwhile
        if row["disabled_at"] is not None:
            raise AccountDisabled
        await self._throttle.sign_in_worked(address, email)
        if self._passwords.is_dated(row["password_hash"]):
            await store.set_password(self._pool, row["id"], await self._passwords.hash(given.password))
        await store.signed_in(self._pool, row["id"])
        return await self._session(Person(row["id"], is_admin=row["is_admin"]))

    async def refresh(self, refresh_token: str) -> Session:
        """The next access and refresh token. RefreshReused ends the family; RefreshRefused otherwise."""
        token_hash = _hash(refresh_token)
        async with self._pool.acquire() as db, db.transaction():
            await store.lock_owner(db, token_hash)  # else a session ended in this moment would leave its next token
            used = await store.use_refresh(db, token_hash)
            family = None if used is not None else await store.used_family(db, token_hash)
            if family is not None:
                await store.revoke_family(db, family)
            row = None if used is None else await store.secrets_by_id(db, used["user_id"])
            next_token = ""
            if used is not None and row is not None and row["disabled_at"] is None:
                next_token = await _next_token(db, used["family"], row["id"])
        if family is not None:
            raise RefreshReused
        if row is None or not next_token:
            raise RefreshRefused
        return await self._session(Person(row["id"], is_admin=row["is_admin"]), next_token)

    async def sign_out(self, refresh_token: str | None, person: Person | None = None) -> None:
        """End the session that this token belongs to; saying it twice is fine.

        Without a token every session of the person ends. Unauthenticated if neither is known.
        """
        if refresh_token is None:
            if person is None:
                raise Unauthenticated
            await store.revoke_all(self._pool, person.user_id)
            return
        token_hash = _hash(refresh_token)
        async with self._pool.acquire() as db, db.transaction():
            await store.lock_owner(db, token_hash)
            family = await store.family_of(db, token_hash)
            if family is not None:
                await store.revoke_family(db, family)

    async def me(self, person: Person) -> User:
        """The person with the organizations they work for. Unauthenticated if the account is gone."""
        user = await store.user(self._pool, person.user_id)
        if user is None:
            raise Unauthenticated("This account is gone")
        return user

    async def change_me(self, person: Person, given: PersonChange) -> User:
        if isinstance(given.name, str):
            await store.rename(self._pool, person.user_id, given.name.strip())
        return await self.me(person)

    async def change_password(self, person: Person, given: PasswordChange, address: str) -> Session:
        """Set a new password and end every session but the one this answers. SignInRefused on a wrong current one."""
        await self._throttle.check_sign_in(address, person.user_id)
        row = await store.secrets_by_id(self._pool, person.user_id)
        kept = row["password_hash"] if row is not None else None
        if not await self._passwords.matches(kept, given.current_password) or row is None:
            await self._throttle.sign_in_failed(address, person.user_id)
            raise SignInRefused("The current password is wrong")
        await self._throttle.check_sign_in(address, person.user_id)
        password_hash = await self._passwords.hash(given.new_password)
        async with self._pool.acquire() as db, db.transaction():
            await store.set_password(db, person.user_id, password_hash)
            await store.revoke_all(db, person.user_id)
        return await self._session(Person(person.user_id, is_admin=row["is_admin"]))

    async def sweep(self) -> int:
        """Forget refresh tokens whose time is over; how many."""
        return await store.sweep_refresh(self._pool)

    async def _session(self, person: Person, refresh_token: str | None = None) -> Session:
        return Session(
            access_token=self._bearers.sign(person),
            refresh_token=refresh_token or await _next_token(self._pool, new_id("fam"), person.user_id),
            expires_in=ACCESS_TOKEN_TTL_S,
            user=await self.me(person),
        )


async def create_admin(pool: Pool, email: str, password: str, name: str) -> str:
    """Make this address a platform admin with this password, for the command line; returns the user's id. Invalid."""
    if not PASSWORD_CHARS_MIN <= len(password) <= PASSWORD_CHARS_MAX:
        raise Invalid.at("/password", "invalid_value", f"A password has {PASSWORD_CHARS_MIN} characters or more")
    password_hash = await Passwords().hash(password)
    async with pool.acquire() as db, db.transaction():
        user_id = await store.put_admin(db, new_id("usr"), email_normal(email), name, password_hash)
        await store.revoke_all(db, user_id)
        await activity.record(db, None, "admin.created", user_id)
    return user_id


async def _next_token(db: Database, family: str, user_id: str) -> str:
    refresh_token = secrets.token_urlsafe(REFRESH_TOKEN_BYTES)
    await store.add_refresh(db, _hash(refresh_token), family, user_id)
    return refresh_token


def _hash(refresh_token: str) -> bytes:
    return hashlib.sha256(refresh_token.encode()).digest()
