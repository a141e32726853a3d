"""Whose address a request speaks of, behind a proxy of our own: the last entry over all X-Forwarded-For lines.

A proxy adds the address that it was called from at the end, so every earlier entry is the caller's own word. What the
proxy wrote and we cannot read (``unknown``, a name, nothing) is UNKNOWN: all of it is counted together. This machine
cannot be meant either: a proxy that was called from here hides who called it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

UNKNOWN: Final = "unknown"
ENTRY_CHARS_MAX: Final = 64
ENTRIES_KNOWN_MAX: Final = 20_000
HEADER: Final = "X-Forwarded-For"
# Any of these says that somebody stood between the caller and us.
SIGNS_OF_A_PROXY: Final = (HEADER, "Forwarded", "X-Real-IP", "Via")


def address_of(lines: Sequence[str]) -> str:
    """The address behind all lines of the header, in the order they came; UNKNOWN if it cannot be read."""
    return _read(lines[-1].rpartition(",")[2]) if lines else UNKNOWN


@lru_cache(maxsize=ENTRIES_KNOWN_MAX)
def _read(entry: str) -> str:
    """As proxies write them: ``192.0.2.1``, ``192.0.2.1:4711``, ``2001:db8::1``, ``"[2001:db8::1%eth0]:4711"``."""
    text = entry.strip().strip('"').strip()
    if len(text) > ENTRY_CHARS_MAX:
        return UNKNOWN
    if text.startswith("["):
        text, closed, port = text[1:].partition("]")
        if not closed or (port and not _is_port(port)):
            return UNKNOWN
    elif text.count(":") == 1:
        text, _, port = text.partition(":")
        if not _is_port(":" + port):
            return UNKNOWN
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return UNKNOWN
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return UNKNOWN if found.is_loopback or found.is_unspecified else str(found)


def _is_port(text: str) -> bool:
    return text.startswith(":") and text[1:].isascii() and text[1:].isdecimal() and len(text) <= len(":65535")
