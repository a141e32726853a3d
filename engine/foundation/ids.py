"""Identifiers that carry their kind: ``evt_`` + ULID. Sortable by creation, unguessable in their last 80 bits."""

from __future__ import annotations

import os
import re
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford base 32
_VALUE = {c: i for i, c in enumerate(_ALPHABET)}
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}\Z")


def new_id(kind: str) -> str:
    """A fresh id of this kind, for example ``new_id("evt")``."""
    return f"{kind}_{encode(time.time_ns() // 1_000_000 << 80 | int.from_bytes(os.urandom(10), 'big'))}"


def is_id(kind: str, text: object) -> bool:
    """Whether text is a well-formed id of this kind (it may still be unknown)."""
    if not isinstance(text, str) or not text.startswith(kind + "_"):
        return False
    return _ULID.match(text, len(kind) + 1) is not None


def encode(number: int) -> str:
    """A 128-bit number as 26 characters."""
    return "".join([_ALPHABET[number >> shift & 31] for shift in range(125, -5, -5)])


def id_from_bytes(kind: str, raw: bytes) -> str:
    """The id whose 128 bits are these 16 bytes."""
    return f"{kind}_{encode(int.from_bytes(raw, 'big'))}"


def id_to_bytes(text: str) -> bytes:
    """The 16 bytes behind an id. ValueError where the text is none."""
    body = text.rpartition("_")[2]
    if not _ULID.match(body):
        raise ValueError("not an id")
    number = 0
    for char in body:
        number = number << 5 | _VALUE[char]
    return number.to_bytes(16, "big")
