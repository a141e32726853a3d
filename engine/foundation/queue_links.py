"""The link that brings a place in a queue to anybody who reads its address' mail: the room asks, the worker mails.

The room leaves an errand in Postgres (``TOPIC``); the worker signs the token when it sends, so that no link lies in a
table and none is old before it is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec

import hotpath_rs

TOPIC: Final = "mail.queue_link"
VALID_MS: Final = 60 * 60 * 1000
# A known address is mailed at most so often for one event, and for all events together so often an hour.
MAILED_AGAIN_S: Final = 600
MAILED_PER_HOUR_MAX: Final = 6
_PURPOSE: Final = "queue-link"


class LinkAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The errand's payload. ``email`` is the folded address, ``identity`` its digest in this event, in hex.

    ``number`` is the place as it was registered, ``generation`` how often it had been moved when it was asked for.
    """

    event_id: str
    email: str
    title: str
    language: str
    identity: str
    number: int
    generation: int

    def payload(self) -> dict[str, Any]:
        return msgspec.structs.asdict(self)


@dataclass(frozen=True, slots=True)
class QueueLink:
    """What an authentic link says."""

    event_id: str
    identity: bytes
    number: int
    generation: int


class _Signed(msgspec.Struct, frozen=True, array_like=True):
    event_id: str
    identity: str
    number: int
    generation: int


def mint(keys: hotpath_rs.PlatformKeys, asked: LinkAsked, now_ms: int) -> str:
    """The token of a link that is good for VALID_MS."""
    signed = _Signed(asked.event_id, asked.identity, asked.number, asked.generation)
    return keys.mint_signed(_PURPOSE, msgspec.json.encode(signed), now_ms + VALID_MS)


def read(keys: hotpath_rs.PlatformKeys, token: str, now_ms: int) -> QueueLink:
    """What the token says. TokenError: malformed, wrong_kind, unknown_key, bad_signature, expired."""
    signed = msgspec.json.decode(keys.verify_signed(_PURPOSE, token, now_ms), type=_Signed)
    return QueueLink(signed.event_id, bytes.fromhex(signed.identity), signed.number, signed.generation)
