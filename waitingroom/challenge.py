"""Proof of work at the door: the ALTCHA protocol, bound to one event, good for a while, spent once."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import timedelta

import altcha.v1 as altcha
import msgspec

from engine.foundation import clock
from waitingroom.shapes import ChallengeAnswer

VALID_S = 600
WORK_MAX = 60_000  # numbers to try at most: 0.1 s on a laptop, under a second on an old phone


class _Payload(msgspec.Struct, frozen=True):
    algorithm: str
    challenge: str
    number: int
    salt: str
    signature: str


class Challenges:
    """Makes and checks challenges. The key is derived from the platform's and the event, so none serves elsewhere."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, event_id: str) -> ChallengeAnswer:
        """A fresh challenge for this event."""
        made = altcha.create_challenge(
            altcha.ChallengeOptions(
                algorithm="SHA-256",
                max_number=WORK_MAX,
                hmac_key=self._event_key(event_id),
                expires=clock.now() + timedelta(seconds=VALID_S),
                params={"event": event_id},
            )
        )
        return ChallengeAnswer(
            algorithm=made.algorithm,
            challenge=made.challenge,
            max_number=WORK_MAX,
            salt=made.salt,
            signature=made.signature,
        )

    def spent_as(self, event_id: str, payload: str) -> bytes | None:
        """The name under which this solution is spent; None where it does not solve a challenge of this event.

        It is the challenge itself: however the solution is spelled, it is the same work.
        """
        try:
            given = msgspec.json.decode(base64.b64decode(payload, validate=True), type=_Payload)
        except (binascii.Error, ValueError, msgspec.MsgspecError):
            return None
        if given.algorithm != "SHA-256" or not 0 <= given.number <= WORK_MAX:
            return None
        solved, _ = altcha.verify_solution(
            {
                "algorithm": "SHA-256",
                "challenge": given.challenge,
                "number": given.number,
                "salt": given.salt,
                "signature": given.signature,
            },
            self._event_key(event_id),
            check_expires=True,
        )
        return hashlib.sha256(given.challenge.encode()).digest()[:16] if solved else None

    def _event_key(self, event_id: str) -> str:
        return hmac.new(self._key, b"altcha|" + event_id.encode(), hashlib.sha256).hexdigest()
