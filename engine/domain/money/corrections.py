"""Corrections of a paid order: its mail once more, another name or address of its buyer.

TooMany 429
└── ResentOften  resent_too_often  its mail was asked for often enough
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from engine.domain.accounts.people import EMAIL_CHARS_MAX
from engine.domain.fields import NO_NUL, SOME_LINE, Name
from engine.domain.money.buyers import checked_address, checked_name
from engine.domain.tickets.one_time_codes import Typed
from engine.foundation.errors import Invalid, TooMany
from engine.foundation.speech.tongue import later

RESENDS_MAX: Final = 3  # that a buyer asks for
RESENDS_WINDOW_S: Final = 3_600
REASON_CHARS_MAX: Final = 500


class ResentOften(TooMany):
    code, title = "resent_too_often", later("These tickets were mailed often enough: try again later")


class OrderChange(Struct, frozen=True):
    """What is another from now on. ``code``: as mailed to the buyer's old address; ``reason``: of staff."""

    name: Name | None = None
    email: Annotated[str, Meta(min_length=3, max_length=EMAIL_CHARS_MAX, pattern=SOME_LINE)] | None = None
    reason: Annotated[str, Meta(min_length=1, max_length=REASON_CHARS_MAX, pattern=NO_NUL)] | None = None
    code: Typed | None = None


class CodeMailed(Struct, frozen=True, kw_only=True):
    """Nothing is changed yet: send the same once more with the code."""

    order_id: str
    status: Literal["code_mailed"] = "code_mailed"
    good_for_s: int


class Resent(Struct, frozen=True, kw_only=True):
    """The mail is on its way."""

    order_id: str
    status: Literal["queued"] = "queued"


def checked(change: OrderChange) -> tuple[str | None, str | None]:
    """(name, address) as they are kept, None if one stays. Invalid for what is none, and if both stay."""
    if change.name is None and change.email is None:
        raise Invalid.at("/name", "missing", "Say what is to be corrected: the name, the e-mail address, or both")
    name = checked_name(change.name, "/name") if change.name is not None else None
    return name, checked_address(change.email, "/email") if change.email is not None else None
