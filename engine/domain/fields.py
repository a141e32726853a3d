"""The kinds of text and number that organizers type, with their limits: one place for what a name may be."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from engine.foundation import folding
from engine.foundation.errors import Invalid
from engine.foundation.local_time import ZONES
from engine.foundation.web_addresses import reads_as_link
from engine.foundation.world import currencies

# One line without control characters; blank lines, NUL and newlines end up in mail headers and in the ledger otherwise.
ONE_LINE = r"^[^\x00-\x1f\x7f]*$(?!\n)"
SOME_LINE = r"^(?=.*\S)[^\x00-\x1f\x7f]+$(?!\n)"
NO_NUL = r"^[^\x00]*$"

NAME_CHARS_MAX = 200
SHORT_CHARS_MAX = 64
LINE_CHARS_MAX = 400
TEXT_CHARS_MAX = 20_000
YEAR_MIN, YEAR_MAX = 2000, 2200

Name = Annotated[str, Meta(min_length=1, max_length=NAME_CHARS_MAX, pattern=SOME_LINE)]
Short = Annotated[str, Meta(min_length=1, max_length=SHORT_CHARS_MAX, pattern=SOME_LINE)]
OptionalShort = Annotated[str, Meta(max_length=SHORT_CHARS_MAX, pattern=ONE_LINE)]
Line = Annotated[str, Meta(max_length=LINE_CHARS_MAX, pattern=ONE_LINE)]
Text = Annotated[str, Meta(max_length=TEXT_CHARS_MAX, pattern=NO_NUL)]
Slug = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$(?!\n)")]
Moment = Annotated[datetime, Meta(tz=True)]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)")]
Id = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[a-z]+_[0-9A-Z]+$(?!\n)")]
Cents = Annotated[int, Meta(ge=0, le=currencies.AMOUNT_MAX)]  # each currency has its own bounds (prices.py)
BasisPoints = Annotated[int, Meta(ge=0, le=10_000)]
# A tax may be finer: Quebec's is 9.975 percent, 997.5 basis points.
TaxBasisPoints = Annotated[int, Meta(ge=0, le=10_000)] | Annotated[float, Meta(ge=0, le=10_000)]

UNSEEN = "Nobody could see this name"
LINKED = "This holds a web address, or looks like one: leave it out, or write a blank after the dot"

Faults = list[dict[str, str]]


def fault(pointer: str, code: str, message: str) -> dict[str, str]:
    """One entry of a validation refusal's ``errors``."""
    return {"pointer": pointer, "code": code, "message": message}


def kept_name(pointer: str, text: str) -> str:
    """A name as it is kept: without signs that hide in it or turn it around. Invalid if nobody would see it."""
    name = folding.name_kept(text)
    if not folding.is_name(name):
        raise Invalid.at(pointer, "invalid_value", UNSEEN)
    return name


def mailed_name(pointer: str, text: str) -> str:
    """A name that stands in mails to people who never asked for one, as it is kept. Invalid if it holds a link too."""
    name = kept_name(pointer, text)
    refuse_link(pointer, name)
    return name


def refuse_link(pointer: str, text: str) -> None:
    """Invalid for text that a mail reader makes a link of."""
    if reads_as_link(text):
        raise Invalid.at(pointer, "invalid_name", LINKED)


def is_timezone(name: str) -> bool:
    """Whether this is a name of the IANA time zone database."""
    return name in ZONES


def is_currency(code: str) -> bool:
    """Whether this is an ISO 4217 code of money in use, which the payment provider charges in."""
    return currencies.is_chargeable(code)


def is_moment(moment: datetime) -> bool:
    """Whether the ledger can keep it in every time zone: years YEAR_MIN..YEAR_MAX."""
    return YEAR_MIN <= moment.year <= YEAR_MAX
