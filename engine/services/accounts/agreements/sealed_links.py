"""Links that say by themselves whose they are and what for: sealed with the platform's key, kept nowhere.

What is sealed reads as noise: an address of mail in a link would stand in logs, histories and Referer fields.
"""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec
from cryptography.fernet import InvalidToken, MultiFernet

from engine.domain.accounts.errors import TokenInvalid

TOKEN_CHARS_MAX: Final = 1_200

T = TypeVar("T", bound=msgspec.Struct)


class SealedLinks:
    """Seals facts and opens them. The kinds of facts are told apart by their tags."""

    def __init__(self, seal: MultiFernet) -> None:
        self._seal = seal

    def token(self, facts: msgspec.Struct) -> str:
        """These facts for a link; ASCII that stands in an address as it is, but for the = at its end."""
        return self._seal.encrypt(msgspec.json.encode(facts)).decode().rstrip("=")

    def opened(self, token: str, kind: type[T]) -> T:
        """The facts of a link of this kind. TokenInvalid for another kind, and what nobody sealed here."""
        if not token or len(token) > TOKEN_CHARS_MAX or not token.isascii():
            raise TokenInvalid
        try:
            raw = self._seal.decrypt(token + "=" * (-len(token) % 4))
            return msgspec.json.decode(raw, type=kind)
        except (InvalidToken, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise TokenInvalid from error
