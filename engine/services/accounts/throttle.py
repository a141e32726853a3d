"""Counters that slow down guessing: failures by address and e-mail, registrations by address. Kept in Redis.

Two addresses guessing one account do not lock its owner out: the count is per pair. An address trying many accounts is
met by its own count.
"""

from __future__ import annotations

import hashlib

from engine.domain.accounts.errors import RegistrationThrottled, SignInThrottled
from engine.foundation.address_limits import is_loopback
from engine.foundation.connections import HotRedis
from engine.foundation.errors import TooMany

WINDOW_S = 900
FAILURES_MAX = 10  # per address and e-mail
ADDRESS_FAILURES_MAX = 200  # per address, over all e-mails
REGISTRATIONS_MAX = 300  # per address


class Throttle:
    """``lifted``: a rehearsal's loopback clients are not counted by address."""

    def __init__(self, *, hot: HotRedis, lifted: bool = False) -> None:
        self._hot = hot
        self._lifted = lifted

    async def check_sign_in(self, address: str, email: str) -> None:
        """SignInThrottled once there were too many failures."""
        await self._check(_pair(address, email), FAILURES_MAX)
        if not self._is_lifted(address):
            await self._check(_address(address), ADDRESS_FAILURES_MAX)

    async def sign_in_failed(self, address: str, email: str) -> None:
        """Count it. SignInThrottled beyond the limits: of many guesses sent at once, the late ones learn nothing."""
        pair = _pair(address, email)
        if await self._count(pair) > FAILURES_MAX:
            raise await self._refusal(SignInThrottled, pair)
        if not self._is_lifted(address) and await self._count(_address(address)) > ADDRESS_FAILURES_MAX:
            raise await self._refusal(SignInThrottled, _address(address))

    async def sign_in_worked(self, address: str, email: str) -> None:
        await self._hot.command(b"DEL", _pair(address, email))

    async def registration(self, address: str) -> None:
        """Count one registration. RegistrationThrottled beyond the limit."""
        if self._is_lifted(address):
            return
        key = b"auth:register:" + address.encode()
        if await self._count(key) > REGISTRATIONS_MAX:
            raise await self._refusal(RegistrationThrottled, key)

    async def _check(self, key: bytes, limit: int) -> None:
        if int(await self._hot.command(b"GET", key) or 0) >= limit:
            raise await self._refusal(SignInThrottled, key)

    async def _count(self, key: bytes) -> int:
        count = int(await self._hot.command(b"INCR", key))
        await self._hot.command(b"EXPIRE", key, WINDOW_S, b"NX")  # after counting: a count never outlives its window
        return count

    async def _refusal(self, kind: type[TooMany], key: bytes) -> TooMany:
        return kind(retry_after_s=max(1, int(await self._hot.command(b"TTL", key))))

    def _is_lifted(self, address: str) -> bool:
        return self._lifted and is_loopback(address)


def _pair(address: str, email: str) -> bytes:
    return b"auth:failed:" + hashlib.sha256(f"{address}\n{email}".encode()).hexdigest().encode()


def _address(address: str) -> bytes:
    return b"auth:failed:address:" + address.encode()
