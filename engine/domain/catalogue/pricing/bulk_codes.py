"""Codes made by the thousand from one promo code: each is the promo's own code, then a slip.

A slip says its place among them and proves it with 50 bits that only the event's key makes. So none is stored, none can
be guessed, and whether a code is one of them is known without asking the ledger.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Final, TypeAlias

CODES_MAX = 10_000
PREFIX_CHARS_MAX = 20
PLACE_CHARS, PROOF_CHARS = 3, 10
SLIP_CHARS = PLACE_CHARS + PROOF_CHARS
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: nothing in it looks like something else
_BITS = 5

Digest: TypeAlias = Callable[[bytes], bytes]  # keyed, of the event


def slip_of(digest: Digest, promo_id: str, place: int) -> str:
    """The slip of the code at this place, from 0 on."""
    proof = int.from_bytes(digest(b"promo slip\0" + promo_id.encode() + b"\0" + str(place).encode())[:8], "big")
    return _written(place, PLACE_CHARS) + _written(proof, PROOF_CHARS)


def shown(prefix: str, slip: str) -> str:
    """A code as it is handed out."""
    return f"{prefix}-{slip[:5]}-{slip[5:9]}-{slip[9:]}"


def place_of(digest: Digest, promo_id: str, slip: str, count: int) -> int | None:
    """The place of a slip among ``count``, None if it is none of them."""
    if len(slip) != SLIP_CHARS or not all(char in _ALPHABET for char in slip):
        return None
    place = 0
    for char in slip[:PLACE_CHARS]:
        place = place << _BITS | _ALPHABET.index(char)
    if place >= count or not hmac.compare_digest(slip_of(digest, promo_id, place), slip):
        return None
    return place


def _written(number: int, chars: int) -> str:
    """The last ``chars`` digits in base 32."""
    return "".join(_ALPHABET[number >> _BITS * (chars - 1 - at) & 31] for at in range(chars))
