"""Who somebody is in a room: what they gave as bytes that are digested, and what a ticket's digest says.

A ticket carries the digest of its identity; once a mailed link has moved the place, also how often that happened, so
that older tickets of it can be told.
"""

from __future__ import annotations

from typing import Final

import hotpath_rs
from engine.foundation.folding import NotAnAddress, email_folded, text_folded
from waitingroom.errors import IdentityRequired
from waitingroom.rules import Rules
from waitingroom.shapes import JoinRequest

DIGEST_BYTES: Final = 8
GENERATION_BYTES: Final = 4
_DEVICE: Final = b"device:"


def identity_of(rules: Rules, given: JoinRequest) -> bytes | None:
    """Who this is, None if nobody is named; kinds are told apart so that none poses as another. IdentityRequired."""
    if given.identity is not None:
        if rules.identity == "email":
            return b"email:" + address_of(given.identity).encode()
        if text := text_folded(given.identity):
            return b"name:" + text.encode()
    if given.device_key is not None and rules.identity == "none":
        return _DEVICE + given.device_key.encode()
    return None


def is_device(identity: bytes) -> bool:
    """Whether the device itself is who this is."""
    return identity.startswith(_DEVICE)


def address_of(identity: str) -> str:
    """The e-mail address as everybody writes it. IdentityRequired."""
    try:
        return email_folded(identity)
    except NotAnAddress as error:
        raise IdentityRequired.at("/identity", "invalid_email", "This is not an e-mail address") from error


def digest_of(ticket: hotpath_rs.QueueTicket) -> bytes:
    """Whose place it is."""
    return ticket.identity_digest[:DIGEST_BYTES]


def generation_of(ticket: hotpath_rs.QueueTicket) -> int:
    """How often the place had been moved when the ticket was issued."""
    return int.from_bytes(ticket.identity_digest[DIGEST_BYTES:], "big")


def tagged(digest: bytes, generation: int) -> bytes:
    """The digest as a ticket carries it."""
    return digest + generation.to_bytes(GENERATION_BYTES, "big") if generation else digest
