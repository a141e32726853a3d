"""Six digits that are mailed to somebody, who shows by them that they read the mail of an address.

The ledger keeps a keyed digest. Each try counts before the digits are looked at; of two codes the newer one is good.

Invalid 422
└── OtpWrong             otp_wrong             facts: tries_left
Gone 410
└── OtpExpired           otp_expired           ask for another
TooMany 429
├── OtpLocked            otp_locked            too many tries: ask for another
└── OtpMailedOften       resend_limit_reached  no more mails of this code
"""

from __future__ import annotations

import hmac
import re
import secrets
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from engine.foundation.errors import Gone, Invalid, TooMany
from engine.foundation.speech.tongue import later

DIGITS: Final = 6
GOOD_FOR_S: Final = 600
TRIES_MAX: Final = 5
RESENDS_MAX: Final = 3
KEPT_D: Final = 7  # then who asked is forgotten
TYPED_CHARS_MAX: Final = 40
_NO_DIGITS: Final = re.compile(r"[\s-]+")

Part = Literal["sender", "recipient", "buyer"]
Typed = Annotated[str, Meta(min_length=1, max_length=TYPED_CHARS_MAX)]


class OtpWrong(Invalid):
    code, title = "otp_wrong", later("This is not the code that we mailed last")
    is_guess = True

    def __init__(self, tries_left: int) -> None:
        fault = {"pointer": "/code", "code": self.code, "message": self.title}
        super().__init__(errors=[fault], tries_left=tries_left)


class OtpExpired(Gone):
    code, title = "otp_expired", later("This code is too old: have another mailed")


class OtpLocked(TooMany):
    code, title = "otp_locked", later("Too many wrong codes: have another mailed")


class OtpMailedOften(TooMany):
    code, title = "resend_limit_reached", later("This code was mailed often enough")


class CodeState(Struct, frozen=True):
    """A code as the ledger has it, this try counted."""

    code_hash: bytes | None
    expired: bool
    tries: int


def new_code() -> str:
    """Six random digits."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"


def digest(key: bytes, subject: str, part: Part, typed: str) -> bytes:
    """What is kept of a code. Blanks and dashes between its digits are not looked at."""
    told = f"{subject}\n{part}\n{_NO_DIGITS.sub('', typed)}"
    return hmac.digest(key, told.encode("utf-8", "surrogatepass"), "sha256")


def check(state: CodeState | None, shown: bytes) -> None:
    """Whether the digest shown is that of the code. OtpLocked, OtpExpired, OtpWrong."""
    if state is not None and state.tries > TRIES_MAX:
        raise OtpLocked
    right = hmac.compare_digest(state.code_hash if state and state.code_hash else bytes(len(shown)), shown)
    if state is None or (state.code_hash is not None and state.expired):
        raise OtpExpired
    if not right:
        raise OtpWrong(max(0, TRIES_MAX - state.tries))
