"""Presale and invite codes: who brings one may join. What is typed is compared as a keyed digest.

The key is the process's own, so that neither a dump of what was compared nor the time it took says anything of a code.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from functools import cached_property

from engine.foundation.folding import code_folded

KEY_BYTES = 32
NAME_BYTES = 8
_KEY = secrets.token_bytes(KEY_BYTES)
_NONE_SUCH = bytes(KEY_BYTES)


class Codes:
    """The codes of one on-sale, as their owner wrote them. None at all: the room is open to everybody."""

    def __init__(self, codes: Sequence[str]) -> None:
        self._codes = codes
        self.required = bool(codes)

    def admits(self, code: str) -> bool:
        """Whether this is one of them, however it is typed; in constant time."""
        digest = _digest(code_folded(code))
        return hmac.compare_digest(self._digests.get(digest[:NAME_BYTES], _NONE_SUCH), digest)

    @cached_property
    def _digests(self) -> dict[bytes, bytes]:
        """By their first bytes. Made when somebody asks: rules are read far more often than they change."""
        digests = {digest[:NAME_BYTES]: digest for digest in map(_digest, map(code_folded, self._codes))}
        self._codes = ()
        return digests


def _digest(code: str) -> bytes:
    return hmac.digest(_KEY, code.encode(), "sha256")
