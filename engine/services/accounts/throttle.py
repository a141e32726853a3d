"""Counters that slow down guessing, by address block and by account, in Redis. Each attempt counts before any work.

An account that many blocks guess at is slowed down as a whole: beyond ACCOUNT_FAILURES_MAX it takes one guess every
ACCOUNT_TURN_S. A block that its owner signed in from before knows its own limit only, so nobody locks an owner out
from afar. Addresses that nobody registered are counted alike: a refusal tells nothing about an account.
"""

from __future__ import annotations

import hashlib
from typing import Final

from engine.domain.accounts.errors import CodesThrottled, MailThrottled, RegistrationThrottled, SignInThrottled
from engine.foundation.address_limits import block_of, is_loopback
from engine.foundation.connections import HotRedis
from engine.foundation.errors import TooMany

WINDOW_S: Final = 900
FAILURES_MAX: Final = 10  # per block and account
BLOCK_FAILURES_MAX: Final = 200  # per block, over all accounts
ACCOUNT_FAILURES_MAX: Final = 20  # per account, over all blocks; then it is slow
ACCOUNT_TURN_S: Final = 2
KNOWN_BLOCKS_MAX: Final = 16  # of an account
KNOWN_FOR_S: Final = 90 * 86_400
REGISTRATIONS_MAX: Final = 300  # per block
MAILS_MAX: Final = 60  # asked for, per block
MAILS_PER_ADDRESS_MAX: Final = 5  # of one kind
REGISTRATIONS_PER_ADDRESS_MAX: Final = 3  # of one address of mail a day, whether or not somebody has it
REGISTERING_WINDOW_S: Final = 86_400
CODES_MAX: Final = 20  # of a second factor that an account is shown before the right one
CODES_WINDOW_S: Final = 3_600
INVITING_WINDOW_S: Final = 3_600
INVITED_BY_UNPROVEN_MAX: Final = 20  # mails that one account invites by, its own address never proven
INVITED_BY_PROVEN_MAX: Final = 200
INVITED_BY_BLOCK_MAX: Final = 300
INVITED_WINDOW_S: Final = 86_400
INVITED_PER_ADDRESS_MAX: Final = 5  # by all organizations together, until it accepts one


class Throttle:
    """``lifted``: a rehearsal's loopback clients are not counted by block."""

    def __init__(self, *, hot: HotRedis, lifted: bool = False) -> None:
        self._hot = hot
        self._lifted = lifted

    async def begin_sign_in(self, address: str, account: str) -> None:
        """Count one attempt before its password is looked at. SignInThrottled beyond the limits.

        Of many guesses sent at once the late ones learn nothing. ``account``: an address of mail, or a person's id.
        """
        block = block_of(address)
        if not self._is_lifted(address):
            await self._limit(_block(block), BLOCK_FAILURES_MAX, SignInThrottled)
        await self._limit(_pair(block, account), FAILURES_MAX, SignInThrottled)
        if await self._count(_account(account)) <= ACCOUNT_FAILURES_MAX:
            return
        if await self._hot.command(b"SISMEMBER", _known(account), _digest(block)):
            return
        if not await self._hot.command(b"SET", _turn(account), 1, b"NX", b"EX", ACCOUNT_TURN_S):
            await self._give_back(_pair(block, account))
            raise await self._refusal(SignInThrottled, _turn(account))

    async def give_back_sign_in(self, address: str, account: str) -> None:
        """The attempt was no guess: its password was never looked at."""
        block = block_of(address)
        keys = [_pair(block, account), _account(account)]
        for key in keys if self._is_lifted(address) else [*keys, _block(block)]:
            await self._give_back(key)

    async def sign_in_worked(self, address: str, account: str) -> None:
        """Forget what was mistyped before, and remember where its owner comes from."""
        await self.give_back_sign_in(address, account)
        block = block_of(address)
        await self._hot.command(b"DEL", _pair(block, account))
        known = _known(account)
        await self._hot.command(b"SADD", known, _digest(block))
        if int(await self._hot.command(b"SCARD", known)) > KNOWN_BLOCKS_MAX:
            await self._hot.command(b"SPOP", known)
        await self._hot.command(b"EXPIRE", known, KNOWN_FOR_S)

    async def second_factor(self, user_id: str) -> None:
        """Count one code before it is looked at. CodesThrottled: who knows the password guesses few of a million."""
        await self._limit(_codes(user_id), CODES_MAX, CodesThrottled, CODES_WINDOW_S)

    async def second_factor_worked(self, user_id: str) -> None:
        """Forget what was mistyped before."""
        await self._hot.command(b"DEL", _codes(user_id))

    async def registration_of(self, email: str) -> None:
        """Count one registration of an address of mail, known or not. RegistrationThrottled beyond the limit."""
        key = b"auth:register:email:" + _digest(email)
        await self._limit(key, REGISTRATIONS_PER_ADDRESS_MAX, RegistrationThrottled, REGISTERING_WINDOW_S)

    async def registration(self, address: str) -> None:
        """Count one registration. RegistrationThrottled beyond the limit."""
        if not self._is_lifted(address):
            await self._limit(b"auth:register:" + block_of(address).encode(), REGISTRATIONS_MAX, RegistrationThrottled)

    async def mail(self, address: str, email: str, kind: str) -> bool:
        """Count one mail that somebody asks for; False if this address had enough of its kind. MailThrottled by block.

        Whether anybody has the address is not looked at: it is counted all the same.
        """
        if not self._is_lifted(address):
            await self._limit(b"auth:mail:" + block_of(address).encode(), MAILS_MAX, MailThrottled)
        return await self._count(b"auth:mailed:" + _digest(f"{kind}\n{email}")) <= MAILS_PER_ADDRESS_MAX

    async def invitation(self, address: str, inviter: str, email: str, *, proven: bool) -> None:
        """Count one mail that invites. MailThrottled beyond what its inviter, their block and the invited may have.

        ``inviter``: a person's id; ``proven``: whether they read the mail of their own address.
        """
        most = INVITED_BY_PROVEN_MAX if proven else INVITED_BY_UNPROVEN_MAX
        await self._limit(b"auth:inviting:" + _digest(inviter), most, MailThrottled, INVITING_WINDOW_S)
        if not self._is_lifted(address):
            block = b"auth:inviting:block:" + block_of(address).encode()
            await self._limit(block, INVITED_BY_BLOCK_MAX, MailThrottled, INVITING_WINDOW_S)
        await self._limit(_invited(email), INVITED_PER_ADDRESS_MAX, MailThrottled, INVITED_WINDOW_S)

    async def invitation_accepted(self, email: str) -> None:
        """It was welcome: the invited address is counted from zero again."""
        await self._hot.command(b"DEL", _invited(email))

    async def _limit(self, key: bytes, most: int, kind: type[TooMany], window_s: int = WINDOW_S) -> None:
        if await self._count(key, window_s) > most:
            raise await self._refusal(kind, key)

    async def _count(self, key: bytes, window_s: int = WINDOW_S) -> int:
        count = int(await self._hot.command(b"INCR", key))
        await self._hot.command(b"EXPIRE", key, window_s, b"NX")  # after counting: a count never outlives its window
        return count

    async def _give_back(self, key: bytes) -> None:
        await self._hot.command(b"DECR", key)
        await self._hot.command(b"EXPIRE", key, WINDOW_S, b"NX")  # its window may have ended meanwhile

    async def _refusal(self, kind: type[TooMany], key: bytes) -> TooMany:
        return kind(retry_after_s=max(1, int(await self._hot.command(b"TTL", key))))

    def _is_lifted(self, address: str) -> bool:
        return self._lifted and is_loopback(address)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest().encode()


def _pair(block: str, account: str) -> bytes:
    return b"auth:failed:" + _digest(f"{block}\n{account}")


def _block(block: str) -> bytes:
    return b"auth:failed:block:" + block.encode()


def _account(account: str) -> bytes:
    return b"auth:failed:account:" + _digest(account)


def _invited(email: str) -> bytes:
    return b"auth:invited:" + _digest(email)


def _codes(user_id: str) -> bytes:
    return b"auth:codes:" + _digest(user_id)


def _turn(account: str) -> bytes:
    return b"auth:turn:" + _digest(account)


def _known(account: str) -> bytes:
    return b"auth:known:" + _digest(account)
