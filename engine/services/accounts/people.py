"""Registering, signing in and staying signed in.

Refresh tokens rotate: each is good once. One that comes twice was stolen or copied, so its whole family ends. A family
is a session; its access tokens name it, and die with it in every process (``foundation/ended_sessions.py``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from msgspec import UnsetType

from engine.domain.accounts.errors import (
    EmailTaken,
    RefreshRefused,
    RefreshReused,
    RegistrationInvited,
    SessionUnknown,
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
    changed,
    email_normal,
    email_typed,
    preferred,
)
from engine.domain.accounts.second_factor import Enabled, SecondFactorBegun, SecondFactorOff
from engine.domain.accounts.sessions import Caller, SessionShown
from engine.domain.errands import MailAccountLink, MailAccountNotice
from engine.domain.fields import kept_name
from engine.foundation.bearer import Person
from engine.foundation.clock import now_ms
from engine.foundation.ended_sessions import EndedSessions
from engine.foundation.errors import Invalid, Refusal, Unauthenticated
from engine.foundation.ids import new_id
from engine.services.accounts.mailed_links import MailedLinks
from engine.services.accounts.passwords import Passwords
from engine.services.accounts.second_factors import SecondFactors
from engine.services.accounts.sign_ins import SignIns, digest, next_token
from engine.services.accounts.throttle import Throttle
from engine.stores import activity, outbox
from engine.stores.accounts import people as store
from engine.stores.accounts import sessions as sessions_store
from engine.stores.database import Connection, Pool, Record


class People:
    """Accounts and sessions. ``open_to_all`` False: only who is invited registers."""

    def __init__(
        self,
        *,
        pool: Pool,
        sign_ins: SignIns,
        factors: SecondFactors,
        ended: EndedSessions,
        throttle: Throttle,
        passwords: Passwords,
        links: MailedLinks,
        open_to_all: bool = True,
    ) -> None:
        self._pool = pool
        self._sign_ins = sign_ins
        self._factors = factors
        self._ended = ended
        self._throttle = throttle
        self._passwords = passwords
        self._links = links
        self._open_to_all = open_to_all

    async def register(self, given: Registration, caller: Caller) -> Session:
        """Make an account, sign it in and mail it a link that proves its address.

        Nobody learns here who has an account: if the address has one already, another is made, as good as any whose
        address is not proven; it never is, and the reader of the address's mail hears of it. EmailTaken to those alone
        who proved the address by an invitation; RegistrationThrottled; Invalid for a weak password;
        RegistrationInvited without an invitation if one is needed, and what ``MailedLinks.invited`` refuses.
        """
        email = email_normal(given.email)
        name = kept_name("/name", given.name) if given.name is not None else email.partition("@")[0]
        await self._throttle.registration(caller.address)
        if given.invitation is not None:
            await self._links.invited(given.invitation, email)
        elif not self._open_to_all:
            raise RegistrationInvited
        await self._passwords.check_new(given.password, "/password", name, email, address=caller.address)
        await self._throttle.registration_of(email)
        like = await store.password_at(self._pool, email)
        password_hash = await self._passwords.hash(given.password, caller.address, like)
        user_id, verified = new_id("usr"), given.invitation is not None
        async with self._pool.acquire() as db, db.transaction():
            first = await store.insert(db, user_id, email, name, password_hash, verified=verified)
            if not first and verified:
                raise EmailTaken
            if not first:
                await store.insert_second(db, user_id, email, name, password_hash)
                await outbox.add(
                    db, user_id, MailAccountNotice("registered_again", email, caller.language, at_ms=now_ms())
                )
            elif not verified:
                await outbox.add(db, user_id, MailAccountLink("verify_email", email, caller.language))
            row = await store.secrets_by_id(db, user_id)
        if verified:
            await self._links.tell_verified(user_id)
        assert row is not None
        session = await self._sign_ins.begin(row, password_hash, caller)
        assert session is not None, "nobody shuts an account that was not there"
        return session

    async def sign_in(self, given: Credentials, caller: Caller) -> Session:
        """A new session. SignInRefused, alike for unknown addresses; SignInThrottled after too many failures.

        SecondFactorRequired if the account has one; AccountDisabled.
        """
        email, address = email_typed(given.email), caller.address
        await self._throttle.begin_sign_in(address, email)
        row = await self._whose(email, given.password, address)
        if row is None:
            raise SignInRefused
        await self._throttle.sign_in_worked(address, email)
        password_hash: str = row["password_hash"]
        if self._passwords.is_dated(password_hash) and row["disabled_at"] is None:
            await store.set_password(self._pool, row["id"], await self._passwords.hash(given.password, address))
            row = await store.secrets_by_id(self._pool, row["id"])
            if row is None:
                raise SignInRefused
        return await self._sign_ins.proved(row, caller)

    async def redeem(self, token: str, caller: Caller) -> Session:
        """Sign in by a mailed link, which is used up and proves the address. TokenInvalid, TokenExpired.

        SecondFactorRequired if the account has one.
        """
        return await self._sign_ins.proved(await self._links.redeemed(token), caller)

    async def visitor(self, refresh_token: str) -> Person | None:
        """Whose browser shows this token, which is not used up by it; None if its session is over."""
        row = await sessions_store.shown(self._pool, digest(refresh_token))
        return await self._sign_ins.person(row, row["family"]) if row is not None else None

    async def sessions(self, person: Person) -> list[SessionShown]:
        """One's sessions that live, the one used last first."""
        return await sessions_store.of_person(self._pool, person.user_id, person.session)

    async def end_session(self, person: Person, session_id: str) -> None:
        """End one of one's own sessions, everywhere within a second. SessionUnknown."""
        async with self._pool.acquire() as db, db.transaction():
            await store.lock(db, person.user_id)
            if not await sessions_store.lives(db, person.user_id, session_id):
                raise SessionUnknown
            ended = await store.revoke_family(db, session_id)
        await self._ended.tell(ended)

    async def begin_second_factor(self, person: Person, given: SecondFactorBegun, caller: Caller) -> Enabled:
        """A secret for an app that shows codes. SignInRefused for a wrong password; SecondFactorIsOn."""
        await self.check_password(person, given.password, caller.address)
        return await self._factors.enable(person)

    async def drop_second_factor(self, person: Person, given: SecondFactorOff, caller: Caller) -> None:
        """Sign in by the password alone again. SignInRefused for a wrong one; SecondFactorIsOff, SecondFactorWrong."""
        await self.check_password(person, given.password, caller.address)
        await self._factors.take_away(person, given.code, caller)

    async def check_password(self, person: Person, password: str, address: str) -> Record:
        """The person's row, if they know their password. SignInRefused, SignInThrottled."""
        await self._throttle.begin_sign_in(address, person.user_id)
        row = await store.secrets_by_id(self._pool, person.user_id)
        if not await self._is_password(row, password, address, person.user_id) or row is None:
            raise SignInRefused("The current password is wrong")
        await self._throttle.sign_in_worked(address, person.user_id)
        return row

    async def refresh(self, refresh_token: str) -> Session:
        """The next access and refresh token. RefreshReused ends the family; RefreshRefused otherwise."""
        token_hash, ended = digest(refresh_token), list[str]()
        async with self._pool.acquire() as db, db.transaction():
            await store.lock_owner(db, token_hash)  # else a session ended in this moment would leave its next token
            used = await store.use_refresh(db, token_hash)
            family = None if used is not None else await store.used_family(db, token_hash)
            if family is not None:
                ended = await store.revoke_family(db, family)
            row = None if used is None else await store.secrets_by_id(db, used["user_id"])
            renewed = ""
            if used is not None and row is not None:
                renewed = await next_token(db, used["family"], row["id"], row["password_hash"])
                await sessions_store.used(db, used["family"])
        if family is not None:
            await self._ended.tell(ended)
            raise RefreshReused
        if used is None or row is None or not renewed:
            raise RefreshRefused
        return await self._sign_ins.session(await self._sign_ins.person(row, used["family"]), renewed)

    async def sign_out(self, refresh_token: str | None, person: Person | None = None) -> None:
        """End the session that this token belongs to; saying it twice is fine. Its access tokens end with it.

        Without a token every session of the person ends. Unauthenticated if neither is known.
        """
        if refresh_token is None and person is None:
            raise Unauthenticated
        async with self._pool.acquire() as db, db.transaction():
            if refresh_token is not None:
                token_hash = digest(refresh_token)
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

    async def change_me(
        self, person: Person, given: PersonChange, also: Callable[[Connection], Awaitable[None]] | None = None
    ) -> User:
        """Invalid for a name that nobody can see, a number that is none, a language that we do not speak.

        Preferences that are named are set, the others stay. ``also`` is done with it or not at all. Unauthenticated if
        the account is gone.
        """
        columns = changed(given)
        async with self._pool.acquire() as db, db.transaction():
            kept = await store.preferences(db, person.user_id)
            if kept is None:
                raise Unauthenticated("This account is gone")
            if not isinstance(given.preferences, UnsetType):
                columns["preferences"] = preferred(kept, given.preferences)
            await store.change(db, person.user_id, columns)
            if also is not None:
                await also(db)
        return await self.me(person)

    async def change_password(self, person: Person, given: PasswordChange, caller: Caller) -> Session:
        """Set a new password and end every session but the one this answers.

        SignInRefused on a wrong current one, Invalid for a weak new one.
        """
        row, address = await self.check_password(person, given.current_password, caller.address), caller.address
        own = (row["name"], row["email"])
        await self._passwords.check_new(given.new_password, "/new_password", *own, address=address)
        password_hash = await self._passwords.hash(given.new_password, address, row["password_hash"])
        async with self._pool.acquire() as db, db.transaction():
            before = await store.lock(db, person.user_id)
            if before is None or before["password_hash"] != row["password_hash"] or before["disabled_at"] is not None:
                raise SignInRefused("The current password is wrong")  # it was changed at the same moment
            await store.set_password(db, person.user_id, password_hash)
            ended = await store.revoke_all(db, person.user_id)
        await self._ended.tell(ended)
        session = await self._sign_ins.begin(row, password_hash, caller)
        if session is None:
            raise SignInRefused
        return session

    async def sweep(self) -> int:
        """Forget refresh tokens, sessions and second accounts whose time is over; how many tokens."""
        swept = await store.sweep_refresh(self._pool)
        await sessions_store.sweep(self._pool)
        await store.sweep_second(self._pool)
        return swept

    async def _whose(self, email: str, password: str, address: str) -> Record | None:
        """The account of this address with this password."""
        rows = await store.all_at(self._pool, email)
        try:
            place = await self._passwords.which([row["password_hash"] for row in rows], password, address)
        except Refusal:  # too many wait: nothing was guessed
            await self._throttle.give_back_sign_in(address, email)
            raise
        return rows[place] if place is not None else None

    async def _is_password(self, row: Record | None, password: str, address: str, account: str) -> bool:
        try:
            return await self._passwords.matches(row["password_hash"] if row is not None else None, password, address)
        except Refusal:  # too many wait: nothing was guessed
            await self._throttle.give_back_sign_in(address, account)
            raise


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
