"""Registering, signing in and staying signed in.

Refresh tokens rotate: each is good once. One that comes twice was stolen or copied, so its whole family ends. A family
is a session; its access tokens name it, and die with it in every process (``foundation/ended_sessions.py``).
"""

from __future__ import annotations

import hashlib
import secrets

from engine.domain.accounts.errors import (
    AccountDisabled,
    EmailTaken,
    RefreshRefused,
    RefreshReused,
    RegistrationInvited,
    SignInRefused,
)
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
    email_typed,
)
from engine.domain.errands import MailAccountLink
from engine.domain.fields import kept_name
from engine.foundation.bearer import ACCESS_TOKEN_TTL_S, Bearers, Person
from engine.foundation.ended_sessions import EndedSessions
from engine.foundation.errors import Invalid, Refusal, Unauthenticated
from engine.foundation.ids import new_id
from engine.foundation.world import languages
from engine.services.accounts.mailed_links import MailedLinks
from engine.services.accounts.passwords import Passwords
from engine.services.accounts.throttle import Throttle
from engine.stores import activity, outbox
from engine.stores.accounts import people as store
from engine.stores.database import Database, Pool, Record

REFRESH_TOKEN_BYTES = 32


class People:
    """Accounts and sessions. ``open_to_all`` False: only who is invited registers."""

    def __init__(
        self,
        *,
        pool: Pool,
        bearers: Bearers,
        ended: EndedSessions,
        throttle: Throttle,
        passwords: Passwords,
        links: MailedLinks,
        open_to_all: bool = True,
    ) -> None:
        self._pool = pool
        self._bearers = bearers
        self._ended = ended
        self._throttle = throttle
        self._passwords = passwords
        self._links = links
        self._open_to_all = open_to_all

    async def register(self, given: Registration, address: str, language: str = languages.DEFAULT) -> Session:
        """Make an account, sign it in and mail it a link that proves its address.

        EmailTaken; RegistrationThrottled by block; Invalid for a weak password; RegistrationInvited without an
        invitation if one is needed, and what ``MailedLinks.invited`` refuses.
        """
        email = email_normal(given.email)
        name = kept_name("/name", given.name) if given.name is not None else email.partition("@")[0]
        await self._throttle.registration(address)
        if given.invitation is not None:
            await self._links.invited(given.invitation, email)
        elif not self._open_to_all:
            raise RegistrationInvited
        if await store.is_known(self._pool, email):
            raise EmailTaken
        await self._passwords.check_new(given.password, "/password", name, email, address=address)
        password_hash = await self._passwords.hash(given.password, address)
        user_id, verified = new_id("usr"), given.invitation is not None
        async with self._pool.acquire() as db, db.transaction():
            if not await store.insert(db, user_id, email, name, password_hash, verified=verified):
                raise EmailTaken
            if not verified:
                await outbox.add(db, user_id, MailAccountLink("verify_email", email, language))
        if verified:
            await self._links.tell_verified(user_id)
        session = await self._begin(user_id, password_hash, is_admin=False)
        assert session is not None, "nobody shuts an account that was not there"
        return session

    async def sign_in(self, given: Credentials, address: str) -> Session:
        """A new session. SignInRefused, alike for unknown addresses; SignInThrottled after too many failures."""
        email = email_typed(given.email)
        await self._throttle.begin_sign_in(address, email)
        row = await store.secrets_of(self._pool, email)
        if not await self._is_password(row, given.password, address, email) or row is None:
            raise SignInRefused
        await self._throttle.sign_in_worked(address, email)
        if row["disabled_at"] is not None:
            raise AccountDisabled
        password_hash: str = row["password_hash"]
        if self._passwords.is_dated(password_hash):
            password_hash = await self._passwords.hash(given.password, address)
            await store.set_password(self._pool, row["id"], password_hash)
        session = await self._begin(row["id"], password_hash, is_admin=row["is_admin"])
        if session is None:  # shut, or another password, since the first look
            raise SignInRefused
        await store.signed_in(self._pool, row["id"])
        return session

    async def refresh(self, refresh_token: str) -> Session:
        """The next access and refresh token. RefreshReused ends the family; RefreshRefused otherwise."""
        token_hash, ended = _hash(refresh_token), list[str]()
        async with self._pool.acquire() as db, db.transaction():
            await store.lock_owner(db, token_hash)  # else a session ended in this moment would leave its next token
            used = await store.use_refresh(db, token_hash)
            family = None if used is not None else await store.used_family(db, token_hash)
            if family is not None:
                ended = await store.revoke_family(db, family)
            row = None if used is None else await store.secrets_by_id(db, used["user_id"])
            next_token = ""
            if used is not None and row is not None:
                next_token = await _next_token(db, used["family"], row["id"], row["password_hash"])
        if family is not None:
            await self._ended.tell(ended)
            raise RefreshReused
        if used is None or row is None or not next_token:
            raise RefreshRefused
        return await self._session(Person(row["id"], is_admin=row["is_admin"], session=used["family"]), next_token)

    async def sign_out(self, refresh_token: str | None, person: Person | None = None) -> None:
        """End the session that this token belongs to; saying it twice is fine. Its access tokens end with it.

        Without a token every session of the person ends. Unauthenticated if neither is known.
        """
        if refresh_token is None and person is None:
            raise Unauthenticated
        async with self._pool.acquire() as db, db.transaction():
            if refresh_token is not None:
                token_hash = _hash(refresh_token)
                await store.lock_owner(db, token_hash)
                family = await store.family_of(db, token_hash)
                ended = await store.revoke_family(db, family) if family is not None else []
            else:
                assert person is not None
                await store.lock(db, person.user_id)
                ended = await store.revoke_all(db, person.user_id)
        await self._ended.tell(ended)

    async def me(self, person: Person) -> User:
        """The person with the organizations they work for. Unauthenticated if the account is gone."""
        user = await store.user(self._pool, person.user_id)
        if user is None:
            raise Unauthenticated("This account is gone")
        return user

    async def change_me(self, person: Person, given: PersonChange) -> User:
        """Invalid for a name that nobody can see."""
        if isinstance(given.name, str):
            await store.rename(self._pool, person.user_id, kept_name("/name", given.name))
        return await self.me(person)

    async def change_password(self, person: Person, given: PasswordChange, address: str) -> Session:
        """Set a new password and end every session but the one this answers.

        SignInRefused on a wrong current one, Invalid for a weak new one.
        """
        await self._throttle.begin_sign_in(address, person.user_id)
        row = await store.secrets_by_id(self._pool, person.user_id)
        if not await self._is_password(row, given.current_password, address, person.user_id) or row is None:
            raise SignInRefused("The current password is wrong")
        await self._throttle.sign_in_worked(address, person.user_id)
        own = (row["name"], row["email"])
        await self._passwords.check_new(given.new_password, "/new_password", *own, address=address)
        password_hash = await self._passwords.hash(given.new_password, address)
        async with self._pool.acquire() as db, db.transaction():
            before = await store.lock(db, person.user_id)
            if before is None or before["password_hash"] != row["password_hash"] or before["disabled_at"] is not None:
                raise SignInRefused("The current password is wrong")  # it was changed at the same moment
            await store.set_password(db, person.user_id, password_hash)
            ended = await store.revoke_all(db, person.user_id)
        await self._ended.tell(ended)
        session = await self._begin(person.user_id, password_hash, is_admin=row["is_admin"])
        if session is None:
            raise SignInRefused
        return session

    async def sweep(self) -> int:
        """Forget refresh tokens whose time is over; how many."""
        return await store.sweep_refresh(self._pool)

    async def _is_password(self, row: Record | None, password: str, address: str, account: str) -> bool:
        try:
            return await self._passwords.matches(row["password_hash"] if row is not None else None, password, address)
        except Refusal:  # too many wait: nothing was guessed
            await self._throttle.give_back_sign_in(address, account)
            raise

    async def _begin(self, user_id: str, password_hash: str, *, is_admin: bool) -> Session | None:
        """A new session; None if the account was shut or has another password since."""
        family = new_id("fam")
        refresh_token = await _next_token(self._pool, family, user_id, password_hash)
        if not refresh_token:
            return None
        return await self._session(Person(user_id, is_admin=is_admin, session=family), refresh_token)

    async def _session(self, person: Person, refresh_token: str) -> Session:
        return Session(
            access_token=self._bearers.sign(person),
            refresh_token=refresh_token,
            expires_in=ACCESS_TOKEN_TTL_S,
            user=await self.me(person),
        )


async def create_admin(pool: Pool, email: str, password: str, name: str) -> str:
    """Make this address a platform admin with this password, for the command line; returns the user's id. Invalid."""
    if not PASSWORD_CHARS_MIN <= len(password) <= PASSWORD_CHARS_MAX:
        raise Invalid.at("/password", "invalid_value", f"A password has {PASSWORD_CHARS_MIN} characters or more")
    email, name, passwords = email_normal(email), kept_name("/name", name), Passwords()
    await passwords.check_new(password, "/password", name, email)
    password_hash = await passwords.hash(password)
    async with pool.acquire() as db, db.transaction():
        user_id = await store.put_admin(db, new_id("usr"), email, name, password_hash)
        await store.revoke_all(db, user_id)
        await activity.record(db, None, "admin.created", user_id)
    return user_id


async def _next_token(db: Database, family: str, user_id: str, password_hash: str) -> str:
    """The token that renews this session next; empty if the account was shut or has another password."""
    refresh_token = secrets.token_urlsafe(REFRESH_TOKEN_BYTES)
    kept = await store.add_refresh(db, _hash(refresh_token), family, user_id, password_hash)
    return refresh_token if kept else ""


def _hash(refresh_token: str) -> bytes:
    return hashlib.sha256(refresh_token.encode("utf-8", "surrogatepass")).digest()
