"""A second factor: six digits that an app shows for 30 seconds (RFC 6238), or a recovery code instead."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from engine.domain.accounts.people import PASSWORD_CHARS_MAX

STEP_S: Final = 30
DRIFT_STEPS: Final = 1  # before and after: clocks differ
CHALLENGE_TTL_S: Final = 300
CHALLENGE_TRIES_MAX: Final = 5
CHALLENGE_CHARS_MAX: Final = 200
RECOVERY_CODES: Final = 10
RECOVERY_BYTES: Final = 10  # 80 bits: nobody finds one from its digest
CODE_CHARS_MAX: Final = 64
ISSUER: Final = "onsale"

Code = Annotated[str, Meta(min_length=1, max_length=CODE_CHARS_MAX)]


class Enabled(Struct, frozen=True, kw_only=True):
    """For the app: ``secret`` in base 32, and the address that its QR code holds. Nothing is asked for yet."""

    secret: str
    otpauth_uri: str


class SecondFactorBegun(Struct, kw_only=True):
    """The account's password: nobody sets a factor who finds an open browser."""

    password: Annotated[str, Meta(max_length=PASSWORD_CHARS_MAX)]


class CodeTyped(Struct, kw_only=True):
    code: Code


class RecoveryCodes(Struct, frozen=True, kw_only=True):
    """Shown this once; each signs in once instead of a code."""

    recovery_codes: tuple[str, ...]


class SecondFactorOff(Struct, kw_only=True):
    """Both factors take the second one away."""

    password: Annotated[str, Meta(max_length=PASSWORD_CHARS_MAX)]
    code: Code


class ChallengeAnswer(Struct, kw_only=True):
    """``challenge`` as the sign-in was answered with; ``code`` from the app, or a recovery code."""

    challenge: Annotated[str, Meta(min_length=1, max_length=CHALLENGE_CHARS_MAX)]
    code: Code
