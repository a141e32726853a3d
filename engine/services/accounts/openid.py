"""Signing in with an account elsewhere: away to the provider and back, and which account of ours that opens.

An attempt lies in Redis under the digest of its ``state``, is good once and for ATTEMPT_TTL_S, and comes back to the
browser that began it or not at all.

``auth:attempt:<digest>``  string  an Attempt as JSON

Whose account it opens: the one that is connected with it; else that of its address, if the provider says that the
address is theirs and we know it too; else a new one. An address that the provider does not vouch for opens nothing and
says nothing, whether or not it has an account.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from typing import Final

import msgspec

from engine.domain.accounts.errors import RegistrationInvited, SecondFactorRequired, SignInRefused
from engine.domain.accounts.openid import (
    ATTEMPT_BYTES,
    ATTEMPT_TTL_S,
    IDENTITIES_MAX,
    SANE,
    AddressUnproven,
    Answered,
    Attempt,
    AttemptOver,
    Begun,
    Claims,
    Finished,
    Identity,
    IdentityTaken,
    IdentityUnknown,
    ProviderDeclined,
    ProviderRefused,
    ProviderShown,
    ProviderUnknown,
    SignInFirst,
    TooManyWays,
    challenge_of,
    return_path,
)
from engine.domain.accounts.people import email_normal
from engine.domain.accounts.sessions import Caller
from engine.domain.errands import MailAccountNotice
from engine.domain.fields import kept_name
from engine.foundation.bearer import Person
from engine.foundation.clock import now_ms
from engine.foundation.connections import HotRedis
from engine.foundation.errors import Invalid
from engine.foundation.ids import new_id
from engine.foundation.openid_providers import OpenIdProvider
from engine.services.accounts.mailed_links import MailedLinks
from engine.services.accounts.passwords import Passwords
from engine.services.accounts.sign_ins import SignIns
from engine.services.accounts.throttle import Throttle
from engine.stores import activity, outbox
from engine.stores.accounts import identities as store
from engine.stores.accounts import people as people_store
from engine.stores.accounts.openid_gateway import OpenIdGateway
from engine.stores.database import Connection, Pool, Record

VERIFIER_BYTES: Final = 48  # 64 characters: RFC 7636 wants 43 to 128
PASSWORD_BYTES: Final = 32  # of one that nobody knows
DECLINED: Final = frozenset({"access_denied", "user_cancelled_authorize"})


class OpenId:
    """``providers`` by name. ``open_to_all`` False: only who is invited gets a new account."""

    def __init__(
        self,
        *,
        pool: Pool,
        hot: HotRedis,
        providers: Mapping[str, OpenIdProvider],
        sign_ins: SignIns,
        links: MailedLinks,
        passwords: Passwords,
        throttle: Throttle,
        open_to_all: bool = True,
    ) -> None:
        self._pool = pool
        self._hot = hot
        self._providers = providers
        self._gateway = OpenIdGateway(providers)
        self._sign_ins = sign_ins
        self._links = links
        self._passwords = passwords
        self._throttle = throttle
        self._open_to_all = open_to_all

    @property
    def offered(self) -> tuple[ProviderShown, ...]:
        """The ways there are, for buttons."""
        return tuple(
            ProviderShown(name=name, title=each.title, posts=each.answers_by == "form_post")
            for name, each in self._providers.items()
        )

    async def begin(
        self, provider: str, callback: str, return_to: str, browser: str = "", link_to: Person | None = None
    ) -> Begun:
        """Where to send this browser. ``callback``: the address that it comes back to; ``browser``: its cookie, if any.

        ``link_to``: whose account is connected, instead of signing in: SignInNotFresh. ProviderUnknown, ProviderAway.
        """
        if provider not in self._providers:
            raise ProviderUnknown
        if link_to is not None:
            await self._sign_ins.check_fresh(link_to)
        if not SANE.match(browser):
            browser = secrets.token_urlsafe(ATTEMPT_BYTES)
        state = secrets.token_urlsafe(ATTEMPT_BYTES)
        attempt = Attempt(
            provider=provider,
            nonce=secrets.token_urlsafe(ATTEMPT_BYTES),
            verifier=secrets.token_urlsafe(VERIFIER_BYTES),
            browser=_digest(browser),
            redirect_uri=callback,
            return_to=return_path(return_to),
            link_to=link_to.user_id if link_to is not None else "",
        )
        url = await self._gateway.where_to(provider, attempt, state, challenge_of(attempt.verifier))
        await self._hot.command(b"SET", _key(state), msgspec.json.encode(attempt), b"EX", ATTEMPT_TTL_S)
        return Begun(url=url, browser=browser)

    async def finish(self, provider: str, answer: Answered, browser: str, caller: Caller) -> Finished:
        """What this browser brought back opens an account, or is connected to one. The attempt is used up.

        AttemptOver, ProviderDeclined, ProviderRefused, ProviderAway; AddressUnproven, SignInFirst, IdentityTaken,
        TooManyWays, RegistrationInvited; AccountDisabled, SignInRefused.
        """
        attempt = await self._attempt(provider, answer.state, browser)
        if answer.error:
            raise ProviderDeclined if answer.error in DECLINED else ProviderRefused
        if not answer.code:
            raise ProviderRefused
        claims = await self._gateway.claims(attempt, answer.code)
        if attempt.link_to:
            await self._connect(attempt, claims, caller)
            return Finished(return_to=attempt.return_to)
        user_id = await store.whose(self._pool, claims.issuer, claims.subject)
        row = await people_store.secrets_by_id(self._pool, user_id or await self._met(attempt, claims, caller))
        if row is None:
            raise SignInRefused
        try:
            return Finished(return_to=attempt.return_to, session=await self._sign_ins.proved(row, caller))
        except SecondFactorRequired as needed:
            return Finished(return_to=attempt.return_to, challenge=needed.facts["challenge"])

    async def of_person(self, person: Person) -> list[Identity]:
        """What is connected with one's own account."""
        return await store.of_person(self._pool, person.user_id)

    async def disconnect(self, person: Person, identity_id: str) -> None:
        """It signs in no more; a link by mail, and a password, still do. IdentityUnknown, SignInNotFresh."""
        await self._sign_ins.check_fresh(person)
        async with self._pool.acquire() as db, db.transaction():
            row = await people_store.lock(db, person.user_id)
            if row is None or not await store.remove(db, person.user_id, identity_id):
                raise IdentityUnknown
            await activity.record(db, person, "account.identity_removed", person.user_id)

    async def _attempt(self, provider: str, state: str, browser: str) -> Attempt:
        """The attempt that this state is of, used up. AttemptOver, alike for every reason."""
        kept = await self._hot.command(b"GETDEL", _key(state)) if SANE.match(state) else None
        if kept is None:
            raise AttemptOver
        attempt = msgspec.json.decode(kept, type=Attempt)
        same = secrets.compare_digest(attempt.browser, _digest(browser))
        if not same or attempt.provider != provider:
            raise AttemptOver
        return attempt

    async def _connect(self, attempt: Attempt, claims: Claims, caller: Caller) -> None:
        async with self._pool.acquire() as db, db.transaction():
            row = await people_store.lock(db, attempt.link_to)
            if row is None or row["disabled_at"] is not None:
                raise SignInRefused
            if await self._added(db, row, attempt, claims, caller) != row["id"]:
                raise IdentityTaken

    async def _met(self, attempt: Attempt, claims: Claims, caller: Caller) -> str:
        """The person of an account elsewhere that nobody is connected with yet: found by its address, or new."""
        email = _vouched(claims)
        await self._throttle.registration(caller.address)
        fresh = ""
        nobodys = await self._passwords.hash(secrets.token_urlsafe(PASSWORD_BYTES), caller.address)
        async with self._pool.acquire() as db, db.transaction():
            found = await people_store.secrets_of(db, email)
            if found is None:
                if not self._open_to_all:
                    raise RegistrationInvited
                fresh = new_id("usr")
                await people_store.insert(db, fresh, email, _name(claims, email), nobodys, verified=True)
                found = await people_store.secrets_of(db, email)
            row = await people_store.lock(db, found["id"]) if found is not None else None
            if row is None:
                raise SignInRefused
            if row["email_verified_at"] is None or row["is_admin"]:
                raise SignInFirst
            user_id = await self._added(db, row, attempt, claims, caller, told=row["id"] != fresh)
        if user_id == fresh:
            await self._links.tell_verified(user_id)
        return user_id

    async def _added(
        self, db: Connection, row: Record, attempt: Attempt, claims: Claims, caller: Caller, *, told: bool = True
    ) -> str:
        """Connect the two, and tell the account's reader; whose it is. TooManyWays."""
        user_id = await store.whose(db, claims.issuer, claims.subject)
        if user_id is not None:
            return user_id
        if await store.how_many(db, row["id"]) >= IDENTITIES_MAX:
            raise TooManyWays(limit=IDENTITIES_MAX)
        user_id = await store.add(
            db, new_id("idn"), row["id"], attempt.provider, claims.issuer, claims.subject, claims.email
        )
        if user_id == row["id"]:
            person = Person(row["id"], is_admin=row["is_admin"])
            await activity.record(db, person, "account.identity_added", row["id"], provider=attempt.provider)
            if told and row["email_verified_at"] is not None:
                title = self._providers[attempt.provider].title
                notice = MailAccountNotice("way_added", row["email"], caller.language, title, at_ms=now_ms())
                await outbox.add(db, row["id"], notice)
        return user_id


def _vouched(claims: Claims) -> str:
    """The address, if the provider says that it is theirs. AddressUnproven."""
    if not claims.is_proven:
        raise AddressUnproven
    try:
        return email_normal(claims.email)
    except Invalid as error:
        raise AddressUnproven from error


def _name(claims: Claims, email: str) -> str:
    try:
        return kept_name("/name", claims.name)
    except Invalid:
        return email.partition("@")[0]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _key(state: str) -> bytes:
    return b"auth:attempt:" + _digest(state).encode()
