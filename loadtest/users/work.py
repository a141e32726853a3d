"""The proof of work some rooms ask for at the door: the ALTCHA protocol, found by trying."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import gevent
import orjson

TRIES_MAX = 2_000_000
TRIES_BETWEEN_PAUSES = 2_000  # about a millisecond: other buyers of this process go on meanwhile


def solve(challenge: dict[str, Any]) -> str | None:
    """The payload that proves the work, None if no number up to the stated maximum fits."""
    salt, wanted = str(challenge.get("salt", "")).encode(), challenge.get("challenge")
    most = challenge.get("max_number", challenge.get("maxnumber", TRIES_MAX))
    for number in range(min(int(most), TRIES_MAX) + 1):
        if hashlib.sha256(salt + str(number).encode()).hexdigest() == wanted:
            return base64.b64encode(
                orjson.dumps({
                    "algorithm": challenge["algorithm"], "challenge": wanted, "number": number,
                    "salt": challenge["salt"], "signature": challenge["signature"],
                })
            ).decode()  # fmt: skip
        if number % TRIES_BETWEEN_PAUSES == 0:
            gevent.sleep(0)
    return None
