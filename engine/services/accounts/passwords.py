"""Password hashes (argon2id, the library's own parameters), made next to the event loop and few at a time.

One hash takes 64 MiB and tens of milliseconds on purpose; a wave of sign-ins waits in a short line instead of taking
the machine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from engine.foundation.errors import Unavailable

HASHES_AT_ONCE_MAX = 2
HASHES_WAITING_MAX = 200
Answer = TypeVar("Answer")


class Passwords:
    """Makes and checks hashes."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._places = asyncio.Semaphore(HASHES_AT_ONCE_MAX)
        self._waiting = 0
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """The string to keep. Unavailable if too many wait already."""
        return await self._run(self._hasher.hash, password)

    async def matches(self, kept: str | None, password: str) -> bool:
        """Whether this is the password. With nothing kept it takes as long and is False: addresses cannot be probed."""
        if kept is None:
            if self._nobody is None:
                self._nobody = await self._run(self._hasher.hash, "nobody has this password")
            await self._run(self._verify, self._nobody, password)
            return False
        return await self._run(self._verify, kept, password)

    def is_dated(self, kept: str) -> bool:
        """Whether it was made with older parameters and should be made again."""
        return self._hasher.check_needs_rehash(kept)

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[..., Answer], *arguments: str) -> Answer:
        if self._waiting >= HASHES_WAITING_MAX:
            raise Unavailable("Too many people are signing in right now", retry_after_s=5)
        self._waiting += 1
        try:
            async with self._places:
                return await asyncio.to_thread(work, *arguments)
        finally:
            self._waiting -= 1
