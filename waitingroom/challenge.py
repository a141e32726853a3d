"""Proof of work at the door: the ALTCHA protocol, bound to one event, good for a while, spent once."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable
from datetime import timedelta

import altcha.v1 as altcha
import msgspec

from engine.foundation import clock
from engine.foundation.address_limits import block_of, is_loopback
from waitingroom.shapes import ChallengeAnswer

VALID_S = 600
WORK = 60_000  # numbers to try at most: 0.1 s on a laptop, under a second on an old phone
# A block that asks for more than this many challenges in a window is asked for more work each time, up to a bound
# that a phone still does in half a minute.
EASY_PER_WINDOW, WINDOW_S = 20, 300.0
FACTOR_MAX = 20
BLOCKS_MAX = 20_000


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

    def make(self, event_id: str, work: int = WORK) -> ChallengeAnswer:
        """A fresh challenge for this event, solved after ``work`` tries at most."""
        made = altcha.create_challenge(
            altcha.ChallengeOptions(
                algorithm="SHA-256",
                max_number=work,
                hmac_key=self._event_key(event_id),
                expires=clock.now() + timedelta(seconds=VALID_S),
                params={"event": event_id},
            )
        )
        return ChallengeAnswer(
            algorithm=made.algorithm,
            challenge=made.challenge,
            max_number=work,
            salt=made.salt,
            signature=made.signature,
        )

    def spent_as(self, event_id: str, payload: str) -> bytes | None:
        """The name under which this solution is spent; None if it does not solve a challenge of this event.

        It is the challenge itself: however the solution is spelled, it is the same work.
        """
        try:
            given = msgspec.json.decode(base64.b64decode(payload, validate=True), type=_Payload)
        except (binascii.Error, ValueError, msgspec.MsgspecError, RecursionError):
            return None
        if given.algorithm != "SHA-256" or not 0 <= given.number <= WORK * FACTOR_MAX:
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


class Work:
    """How much work a block owes for its next challenge: it grows with those it asked for in the last minutes.

    Solving is not counted: anybody who lays in challenges while they are easy has asked for them too.
    """

    def __init__(self, now_s: Callable[[], float], *, lifted_for_loopback: bool = False) -> None:
        self._now_s = now_s
        self._lifted = lifted_for_loopback
        self._asked: OrderedDict[str, tuple[float, float]] = OrderedDict()  # block -> (how many, as of when)

    def owed(self, address: str) -> int:
        """Count one challenge: the tries that it may take."""
        if self._lifted and is_loopback(address):
            return WORK
        block, now_s = block_of(address), self._now_s()
        asked, since_s = self._asked.get(block, (0.0, now_s))
        asked = asked * max(0.0, 1 - (now_s - since_s) / WINDOW_S) + 1
        self._asked[block] = asked, now_s
        self._asked.move_to_end(block)
        if len(self._asked) > BLOCKS_MAX:
            self._asked.popitem(last=False)
        return WORK * min(FACTOR_MAX, 1 + int(asked - 1) // EASY_PER_WINDOW)
