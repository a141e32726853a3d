"""The second factor of an account: begun, confirmed by its first code, asked for at sign-ins, taken away.

A challenge says that the first factor was right. It lies in Redis under the digest of its token, is good for
CHALLENGE_TTL_S and CHALLENGE_TRIES_MAX codes, and goes with the code that answers it. Wrong codes are counted for the
account over all challenges. Of the codes of one step the first counts; a replayed one is wrong.

``auth:challenge:<digest>``  string  the person's id
``auth:challenge:tries:<digest>``  counter
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Final

import pyotp
from cryptography.fernet import InvalidToken, MultiFernet

from engine.domain.accounts.errors import ChallengeOver, SecondFactorIsOff, SecondFactorIsOn, SecondFactorWrong
from engine.domain.accounts.second_factor import (
    CHALLENGE_TRIES_MAX,
    CHALLENGE_TTL_S,
    DRIFT_STEPS,
    ISSUER,
    RECOVERY_BYTES,
    RECOVERY_CODES,
    STEP_S,
    Enabled,
    RecoveryCodes,
)
from engine.domain.accounts.sessions import Caller
from engine.domain.errands import MailAccountNotice
from engine.foundation.bearer import Person
from engine.foundation.clock import now_ms
from engine.foundation.connections import HotRedis
from engine.foundation.ended_sessions import EndedSessions
from engine.foundation.errors import Unauthenticated
from engine.services.accounts.throttle import Throttle
from engine.stores import activity, outbox
from engine.stores.accounts import people as people_store
from engine.stores.accounts import second_factors as store
from engine.stores.database import Connection, Pool, Record

CHALLENGE_BYTES: Final = 32
GROUP_CHARS: Final = 4  # of a recovery code, as it is shown


def app_address(secret: str, email: str) -> str:
    """What the QR code of a secret says to the app."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


class SecondFactors:
    """``seal`` closes and opens secrets."""

    def __init__(
        self, *, pool: Pool, hot: HotRedis, throttle: Throttle, seal: MultiFernet, ended: EndedSessions
    ) -> None:
        self._pool = pool
        self._ended = ended
        self._hot = hot
        self._throttle = throttle
        self._seal = seal

    async def enable(self, person: Person) -> Enabled:
        """A fresh secret, not asked for until a code of it was shown. SecondFactorIsOn."""
        secret = pyotp.random_base32()
        async with self._pool.acquire() as db, db.transaction():
            row = await people_store.lock(db, person.user_id)
            if row is None:
                raise Unauthenticated("This account is gone")
            if not await store.begin(db, person.user_id, self._seal.encrypt(secret.encode())):
                raise SecondFactorIsOn
        return Enabled(secret=secret, otpauth_uri=app_address(secret, row["email"]))

    async def confirm(self, person: Person, code: str, caller: Caller) -> RecoveryCodes:
        """The factor is on from now on, and every session but this one ends: they had not shown it.

        SecondFactorIsOff if none was begun, SecondFactorIsOn, SecondFactorWrong.
        """
        await self._throttle.second_factor(person.user_id)
        codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
        async with self._pool.acquire() as db, db.transaction():
            row = await people_store.lock(db, person.user_id)
            factor = await store.get(db, person.user_id)
            if row is None or factor is None:
                raise SecondFactorIsOff
            if factor["is_on"]:
                raise SecondFactorIsOn
            step = self._step(factor["secret"], factor["last_step"], code)
            if step is None:
                raise SecondFactorWrong
            await store.use_step(db, person.user_id, step)
            await store.put_recovery(db, person.user_id, [_digest(each) for each in codes])
            ended = await people_store.revoke_others(db, person.user_id, person.session)
            await self._told(db, row, "second_factor_on", caller)
            await activity.record(db, person, "account.second_factor_on", person.user_id)
        await self._ended.tell(ended)
        await self._throttle.second_factor_worked(person.user_id)
        return RecoveryCodes(recovery_codes=tuple(_grouped(each) for each in codes))

    async def take_away(self, person: Person, code: str, caller: Caller) -> None:
        """The account has one factor again; its password was asked for before. SecondFactorIsOff, SecondFactorWrong."""
        await self._throttle.second_factor(person.user_id)
        async with self._pool.acquire() as db, db.transaction():
            row = await people_store.lock(db, person.user_id)
            if row is None or not await store.is_on(db, person.user_id):
                raise SecondFactorIsOff
            if not await self._matches(db, person.user_id, code):
                raise SecondFactorWrong
            await store.remove(db, person.user_id)
            await self._told(db, row, "second_factor_off", caller)
            await activity.record(db, person, "account.second_factor_off", person.user_id)
        await self._throttle.second_factor_worked(person.user_id)

    async def check(self, user_id: str, code: str) -> None:
        """Use a code up for what is done only once, if a second factor is on. SecondFactorWrong, CodesThrottled."""
        if not await self.is_on(user_id):
            return
        await self._throttle.second_factor(user_id)
        async with self._pool.acquire() as db, db.transaction():
            if not await self._matches(db, user_id, code):
                raise SecondFactorWrong
        await self._throttle.second_factor_worked(user_id)

    async def is_on(self, user_id: str) -> bool:
        return await store.is_on(self._pool, user_id)

    async def challenge(self, user_id: str) -> str:
        """Remember that this person's first factor was right; the token that says so."""
        token = secrets.token_urlsafe(CHALLENGE_BYTES)
        await self._hot.command(b"SET", _key(token), user_id, b"EX", CHALLENGE_TTL_S)
        return token

    async def answer(self, token: str, code: str) -> str:
        """Whose challenge this code answers; both are used up. ChallengeOver, SecondFactorWrong, CodesThrottled."""
        kept = await self._hot.command(b"GET", _key(token))
        if kept is None:
            raise ChallengeOver
        user_id = bytes(kept).decode()
        tries = int(await self._hot.command(b"INCR", _tries(token)))
        await self._hot.command(b"EXPIRE", _tries(token), CHALLENGE_TTL_S)
        if tries > CHALLENGE_TRIES_MAX:
            await self._hot.command(b"DEL", _key(token))
            raise ChallengeOver
        await self._throttle.second_factor(user_id)
        async with self._pool.acquire() as db, db.transaction():
            if not await self._matches(db, user_id, code):
                raise SecondFactorWrong
        await self._throttle.second_factor_worked(user_id)
        if not int(await self._hot.command(b"DEL", _key(token))):
            raise ChallengeOver  # answered at the same moment
        return user_id

    async def _matches(self, db: Connection, user_id: str, code: str) -> bool:
        """Use a code of the app, or a recovery code, up."""
        factor = await store.get(db, user_id)
        if factor is None or not factor["is_on"]:
            return False
        step = self._step(factor["secret"], factor["last_step"], code)
        if step is not None:
            await store.use_step(db, user_id, step)
            return True
        return await store.use_recovery(db, user_id, _digest(_plain(code)))

    def _step(self, sealed: bytes, last_step: int, code: str) -> int | None:
        """The step that this code is of, of those that were not used; every step takes the same time."""
        try:
            codes = pyotp.TOTP(self._seal.decrypt(sealed).decode())
        except InvalidToken:  # sealed with a key that is gone
            return None
        now, typed, found = now_ms() // 1000 // STEP_S, _plain(code), None
        for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1):
            if (
                secrets.compare_digest(codes.generate_otp(step).encode(), typed.encode("utf-8", "surrogatepass"))
                and step > last_step
            ):
                found = step
        return found

    async def _told(self, db: Connection, row: Record, kind: str, caller: Caller) -> None:
        """By mail only to an address that is proven: others' readers have nothing to do with it."""
        if row["email_verified_at"] is not None:
            notice = MailAccountNotice(kind, row["email"], caller.language, at_ms=now_ms())
            await outbox.add(db, row["id"], notice)


def _recovery_code() -> str:
    return base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower()


def _grouped(code: str) -> str:
    return "-".join(code[at : at + GROUP_CHARS] for at in range(0, len(code), GROUP_CHARS))


def _plain(code: str) -> str:
    """As it is compared: people type codes with blanks, dashes and capitals."""
    return "".join(code.split()).replace("-", "").lower()


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).digest()


def _key(token: str) -> bytes:
    return b"auth:challenge:" + _digest(token).hex().encode()


def _tries(token: str) -> bytes:
    return b"auth:challenge:tries:" + _digest(token).hex().encode()
