"""Password hashes: argon2id, checked in a thread, a few at a time, so that a crowd of sign-ins waits in a short line.

How good a new password is says zxcvbn, a library that counts the guesses somebody needs who knows words, names, dates,
keyboards, and the person's own name and address. HashesThrottled, Unavailable: too many wait, of one block or in all.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from engine.domain.accounts.errors import HashesThrottled
from engine.foundation.address_limits import block_of, is_loopback
from engine.foundation.errors import Invalid, Unavailable

HASHES_AT_ONCE_MAX: Final = 2
HASHES_WAITING_MAX: Final = 100
HASHES_WAITING_PER_BLOCK_MAX: Final = 16
SCORE_MIN: Final = 2  # of 4: more than a million guesses, which is years of what the throttles let through
SCORED_CHARS_MAX: Final = 72  # the time that scoring takes grows with the square of the length
OWN_WORD_CHARS_MIN: Final = 3  # shorter parts of a name say nothing
BUSY_RETRY_AFTER_S: Final = 5
Answer = TypeVar("Answer")


class Passwords:
    """Makes and checks hashes. ``lifted``: a rehearsal's loopback clients are not counted by block."""

    def __init__(self, *, lifted: bool = False) -> None:
        self._hasher = PasswordHasher()
        self._places = asyncio.Semaphore(HASHES_AT_ONCE_MAX)
        self._lifted = lifted
        self._waiting: Counter[str] = Counter()
        self._nobody: str | None = None

    async def hash(self, password: str, address: str = "", like: str | None = None) -> str:
        """The string to keep. ``address``: who asks, "" if nobody is to be counted.

        ``like``: another hash of the same address of mail, whose salt it shares, so that ``which`` works once for both.
        """
        if like is None:
            return await self._run(address, self._hasher.hash, password)
        return await self._run(address, self._hash_like, password, like)

    async def matches(self, kept: str | None, password: str, address: str = "") -> bool:
        """Whether this is the password. With nothing kept it takes as long and is False: addresses cannot be probed."""
        if kept is None:
            if self._nobody is None:
                self._nobody = await self._run("", self._hasher.hash, "nobody has this password")
            await self._run(address, self._verify, self._nobody, password)
            return False
        return await self._run(address, self._verify, kept, password)

    async def which(self, kept: Sequence[str], password: str, address: str = "") -> int | None:
        """Which of several hashes this is the password of. Those that share a salt take as long as a single one."""
        if len(kept) <= 1:
            return 0 if await self.matches(kept[0] if kept else None, password, address) else None
        found = await self._run(address, self._which, password, *kept)
        return found if found >= 0 else None

    def is_dated(self, kept: str) -> bool:
        """Whether it was made with older parameters and should be made again."""
        return self._hasher.check_needs_rehash(kept)

    async def check_new(self, password: str, pointer: str, *own: str, address: str = "") -> None:
        """Invalid at ``pointer`` if it is easily guessed by somebody who knows ``own``: names, addresses."""
        advice = await self._run(address, advice_on, password, *own)
        if advice:
            raise Invalid.at(pointer, "password_weak", advice)

    def _hash_like(self, password: str, like: str) -> str:
        try:
            return self._hasher.hash(password, salt=_salt_of(like))
        except (InvalidHashError, ValueError):
            return self._hasher.hash(password)

    def _which(self, password: str, *kept: str) -> int:
        """The place of the hash that fits, -1 if none does; all are compared, whichever fits."""
        made: dict[str, str] = {}
        found = -1
        for place, each in enumerate(kept):
            terms = each.rpartition("$")[0]
            if terms not in made:
                try:
                    hasher = PasswordHasher.from_parameters(extract_parameters(each))
                    made[terms] = hasher.hash(password, salt=_salt_of(each))
                except (InvalidHashError, ValueError):
                    made[terms] = ""
            if hmac.compare_digest(made[terms].encode(), each.encode()) and found < 0:
                found = place
        return found

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, address: str, work: Callable[..., Answer], *arguments: str) -> Answer:
        block = "" if not address or (self._lifted and is_loopback(address)) else block_of(address)
        if block and self._waiting[block] >= HASHES_WAITING_PER_BLOCK_MAX:
            raise HashesThrottled(retry_after_s=BUSY_RETRY_AFTER_S)
        if self._waiting.total() >= HASHES_WAITING_MAX:
            raise Unavailable("Too many people are signing in right now", retry_after_s=BUSY_RETRY_AFTER_S)
        self._waiting[block] += 1
        try:
            async with self._places:
                return await asyncio.to_thread(work, *arguments)
        finally:
            self._waiting[block] -= 1
            if not self._waiting[block]:
                del self._waiting[block]


def _salt_of(kept: str) -> bytes:
    """ValueError if it is no hash."""
    salt = kept.split("$")[-2] if kept.count("$") > 1 else ""
    if not salt:
        raise ValueError("no salt")
    return base64.b64decode(salt + "=" * (-len(salt) % 4), validate=True)


def advice_on(password: str, *own: str) -> str:
    """What is wrong with a new password, in a sentence for its writer; empty if nothing is."""
    words = [part for text in own for part in _words_of(text) if len(part) >= OWN_WORD_CHARS_MIN]
    found = zxcvbn(password[:SCORED_CHARS_MAX], user_inputs=words)
    if found["score"] >= SCORE_MIN:
        return ""
    hints = [found["feedback"]["warning"], *found["feedback"]["suggestions"]]
    return " ".join(["This password is too easy to guess.", *(f"{hint.rstrip('.')}." for hint in hints if hint)])


def _words_of(text: str) -> list[str]:
    """A name or an address as somebody would make a password of it: whole, what stands before the @, run together."""
    parts = re.split(r"[\W_]+", text)
    return [text, text.partition("@")[0], "".join(parts), *parts]
