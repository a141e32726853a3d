"""Beginning a session, once somebody has proved who they are: by a password, a mailed link, or a second factor.

A session is a family of refresh tokens and a row that its person sees. One that begins on a device or in a part of the
network where the person had none writes a mail, if their address is proven.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

from engine.domain.accounts.api_keys import scopes_of
from engine.domain.accounts.errors import AccountDisabled, SecondFactorRequired, SignInRefused
from engine.domain.accounts.openid import FRESH_S, SignInNotFresh
from engine.domain.accounts.people import Session
from engine.domain.accounts.second_factor import ChallengeAnswer
from engine.domain.accounts.sessions import Caller, device_of
from engine.domain.errands import MailAccountNotice
from engine.foundation.address_limits import block_of
from engine.foundation.bearer import ACCESS_TOKEN_TTL_S, Bearers, Person
from engine.foundation.clock import now_ms
from engine.foundation.errors import Unauthenticated
from engine.foundation.ids import new_id
from engine.services.accounts.second_factors import SecondFactors
from engine.stores import outbox
from engine.stores.accounts import people as store
from engine.stores.accounts import sessions as sessions_store
from engine.stores.database import Connection, Database, Pool, Record

REFRESH_TOKEN_BYTES: Final = 32
ROLES_SAID_MAX: Final = 20  # in a token, which must fit into a header


class SignIns:
    """Sessions begin here and nowhere else. ``admins_need_factor``: nobody is a platform admin by one factor."""

    def __init__(
        self, *, pool: Pool, bearers: Bearers, factors: SecondFactors, admins_need_factor: bool = False
    ) -> None:
        self._pool = pool
        self._bearers = bearers
        self._factors = factors
        self.admins_need_factor = admins_need_factor

    async def person(self, row: Record, session: str) -> Person:
        """Who acts in this session: a platform admin without the second factor that it takes is a person like any."""
        is_admin = row["is_admin"] and (not self.admins_need_factor or await self._factors.is_on(row["id"]))
        return Person(row["id"], is_admin=is_admin, session=session)

    async def proved(self, row: Record, caller: Caller) -> Session:
        """The first factor was right: a session, if there is no second one to ask for.

        SecondFactorRequired with its challenge; AccountDisabled; SignInRefused if the account changed meanwhile.
        """
        if row["disabled_at"] is not None:
            raise AccountDisabled
        if await self._factors.is_on(row["id"]):
            raise SecondFactorRequired(challenge=await self._factors.challenge(row["id"]))
        return await self._signed_in(row, caller)

    async def proved_twice(self, row: Record, caller: Caller) -> Session:
        """Both factors were right at once, as a passkey proves them. AccountDisabled; SignInRefused as ``proved``."""
        if row["disabled_at"] is not None:
            raise AccountDisabled
        return await self._signed_in(row, caller)

    async def answer(self, given: ChallengeAnswer, caller: Caller) -> Session:
        """The second factor was right. What ``SecondFactors.answer`` refuses, AccountDisabled, SignInRefused."""
        user_id = await self._factors.answer(given.challenge, given.code)
        row = await store.secrets_by_id(self._pool, user_id)
        if row is None:
            raise SignInRefused
        if row["disabled_at"] is not None:
            raise AccountDisabled
        return await self._signed_in(row, caller)

    async def begin(self, row: Record, password_hash: str, caller: Caller) -> Session | None:
        """A new session; None if the account was shut or has another password than this one since."""
        family, device, place = new_id("fam"), device_of(caller.agent), block_of(caller.address)
        async with self._pool.acquire() as db, db.transaction():
            token = await next_token(db, family, row["id"], password_hash)
            if not token:
                return None
            is_new = await sessions_store.add(db, family, row["id"], device, place)
            if is_new and row["email_verified_at"] is not None:
                notice = MailAccountNotice("new_device", row["email"], caller.language, device, place, now_ms())
                await outbox.add(db, row["id"], notice)
        return await self.session(await self.person(row, family), token)

    async def check_fresh(self, person: Person) -> None:
        """SignInNotFresh unless this session began within FRESH_S: what is added then stays after it."""
        if not await sessions_store.is_fresh(self._pool, person.user_id, person.session, FRESH_S):
            raise SignInNotFresh(within_s=FRESH_S)

    async def session(self, person: Person, refresh_token: str) -> Session:
        """What somebody is answered with. Unauthenticated if the account is gone."""
        user = await store.user(self._pool, person.user_id)
        if user is None:
            raise Unauthenticated("This account is gone")
        roles = {each.organization_id: each.role for each in user.organizations[:ROLES_SAID_MAX]}
        return Session(
            access_token=self._bearers.sign(person, roles, scopes_of(roles.values())),
            refresh_token=refresh_token,
            expires_in=ACCESS_TOKEN_TTL_S,
            user=user,
        )

    async def _signed_in(self, row: Record, caller: Caller) -> Session:
        session = await self.begin(row, row["password_hash"], caller)
        if session is None:
            raise SignInRefused
        await store.signed_in(self._pool, row["id"])
        return session


async def next_token(db: Database | Connection, family: str, user_id: str, password_hash: str) -> str:
    """The token that renews this session next; empty if the account was shut or has another password."""
    refresh_token = secrets.token_urlsafe(REFRESH_TOKEN_BYTES)
    kept = await store.add_refresh(db, digest(refresh_token), family, user_id, password_hash)
    return refresh_token if kept else ""


def digest(refresh_token: str) -> bytes:
    """As the ledger keeps it."""
    return hashlib.sha256(refresh_token.encode("utf-8", "surrogatepass")).digest()
