"""Passkeys (Web Authentication): a key in somebody's device that signs in, and may stand for both factors.

Malformed 400
└── PasskeyRefused            passkey_refused           of another origin, for another challenge, badly signed, unknown
NotFound 404
└── PasskeyUnknown            passkey_unknown
Conflict 409
└── PasskeyTaken              passkey_taken             it is kept already
"""

from __future__ import annotations

import ipaddress
from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from engine.domain.fields import Short
from engine.foundation.errors import Conflict, Malformed, NotFound

PASSKEYS_MAX: Final = 20  # of a person
CEREMONY_TTL_S: Final = 300
CHALLENGE_BYTES: Final = 32
CREDENTIAL_BYTES_MAX: Final = 64 * 1024
CREDENTIAL_ID_BYTES_MAX: Final = 1023  # Web Authentication Level 2, section 4
PARTY: Final = "onsale"


class PasskeyRefused(Malformed):
    """Said alike for every reason."""

    code, title = "passkey_refused", "This passkey does not sign in here"


class PasskeyUnknown(NotFound):
    code, title = "passkey_unknown", "There is no such passkey"


class PasskeyTaken(Conflict):
    code, title = "passkey_taken", "This passkey is kept already"


class NewPasskey(Struct, kw_only=True):
    """``credential`` is what the browser made, as ``PublicKeyCredential.toJSON`` says it."""

    name: Short
    credential: dict[str, Any]


class PasskeyShown(Struct, kw_only=True):
    """The same, to sign in."""

    credential: dict[str, Any]


class PasskeyChange(Struct, kw_only=True):
    name: Short


class Passkey(Struct, frozen=True, kw_only=True):
    """One of one's own. ``used_at`` None: it did not sign in yet."""

    id: str
    name: str
    created_at: datetime
    used_at: datetime | None


class Party(Struct, frozen=True, kw_only=True):
    """Whom a passkey is for: a domain, and the origins whose pages may ask for it."""

    domain: str
    origins: Annotated[tuple[str, ...], Meta(min_length=1)]


def party_of(*addresses: str) -> Party:
    """The party of an app, the first address, and of others below its domain.

    Browsers know no passkeys of bare addresses: on this machine its name stands for 127.0.0.1.
    """
    spoken = [_spoken(address) for address in addresses]
    domain = spoken[0][0]
    below = [origin for host, origin in spoken if host == domain or host.endswith("." + domain)]
    return Party(domain=domain, origins=tuple(dict.fromkeys(below)))


def _spoken(address: str) -> tuple[str, str]:
    """The host and the origin of an address, as browsers that know passkeys say it."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    try:
        is_own = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_own = False
    host = "localhost" if is_own else host
    port = f":{parts.port}" if parts.port is not None else ""
    return host, f"{parts.scheme}://{host}{port}"
