"""Which hosts are of the public internet: whom we may be sent to by an address that a stranger typed.

Everything else could be a part of our own network: loopback, private and link-local ranges, what is reserved,
multicast, and addresses that hide one of these in another (IPv4 in IPv6, NAT64, 6to4, Teredo).
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final, TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_V4_IN_V6: Final = 0xFFFFFFFF
# Inside of these another address decides where a packet goes.
_TUNNELS: Final = (ipaddress.IPv6Network("2002::/16"), ipaddress.IPv6Network("2001::/32"))
_LOCAL_NAMES: Final = (".localhost", ".local", ".internal", ".home.arpa", ".lan")
_LAST_LABEL_NUMBER: Final = re.compile(r"(?:.*\.)?(?:\d+|0x[0-9a-f]*)\.?\Z", re.IGNORECASE)


def is_public(address: str) -> bool:
    """Whether this address, in one of its usual spellings, is one of the public internet. False if it is none."""
    found = numbers_of(address)
    if found is None:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if found in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(found) & _V4_IN_V6)))
        if found.scope_id or found.ipv4_mapped is not None or any(found in tunnel for tunnel in _TUNNELS):
            return False
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_link_local)


def may_be_public(host: str) -> bool:
    """Whether a host of a web address may be one of the public internet: a public address, or a name of several parts.

    What a name leads to is another question. Numbers in other spellings (``127.1``, ``0x7f000001``, ``2130706433``)
    are refused: each program reads them otherwise.
    """
    if numbers_of(host) is not None:
        return is_public(host)
    name = host.rstrip(".").lower()
    return "." in name and not name.endswith(_LOCAL_NAMES) and _LAST_LABEL_NUMBER.match(name) is None


def numbers_of(host: str) -> Address | None:
    """The address that a host is written as; None if it is a name."""
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
