"""Complaints: what the public reports about an event, for the platform's people to decide."""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Final, Literal, get_args

from msgspec import Meta, Struct

from engine.domain.accounts.people import EMAIL_CHARS_MAX, email_normal
from engine.domain.fields import NO_NUL
from engine.foundation.errors import Invalid
from engine.foundation.speech.tongue import later

MESSAGE_CHARS_MAX: Final = 2_000
REASON_CHARS_MAX: Final = 1_000
OPEN_PER_EVENT_MAX: Final = 200  # more say nothing new: they are thanked and not kept

Reason = Literal["fraud", "not_theirs", "wrong", "illegal", "offensive", "other"]
State = Literal["open", "dismissed", "acted"]
STATES: Final[tuple[State, ...]] = get_args(State)
REASONS: Final = MappingProxyType[Reason, str](
    {
        "fraud": later("It looks like a fraud"),
        "not_theirs": later("The seller has no right to sell it"),
        "wrong": later("What it says is wrong or misleading"),
        "illegal": later("It is illegal or dangerous"),
        "offensive": later("It is hateful or offensive"),
        "other": later("Something else"),
    }
)


class NewComplaint(Struct, kw_only=True):
    """``email`` is for an answer, "" if nobody wants one."""

    reason: Reason
    message: Annotated[str, Meta(max_length=MESSAGE_CHARS_MAX, pattern=NO_NUL)] = ""
    email: Annotated[str, Meta(max_length=EMAIL_CHARS_MAX, pattern=NO_NUL)] = ""


class Complaint(Struct, frozen=True, kw_only=True):
    """``alike``: how many of the same event are open."""

    id: str
    event_id: str
    event_title: str
    hidden: bool
    organization_id: str
    organization_name: str
    reason: str
    message: str
    email: str | None
    state: State
    alike: int
    created_at: datetime


def check(given: NewComplaint) -> None:
    """Fold what was typed. Invalid if "something else" is not said, or the address is none."""
    given.message = given.message.strip()
    if given.reason == "other" and not given.message:
        raise Invalid.at("/message", "missing", "Say what is wrong")
    if given.email.strip():
        given.email = email_normal(given.email)
    else:
        given.email = ""
