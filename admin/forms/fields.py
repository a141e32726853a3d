"""Kinds of field that need more than a type: money, rates, moments at a place, lists in one line."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, NaiveDatetime

from engine.domain.fields import LINE_CHARS_MAX, NAME_CHARS_MAX, SHORT_CHARS_MAX, TEXT_CHARS_MAX, is_timezone
from engine.foundation import local_time
from engine.foundation.errors import Invalid
from engine.foundation.world import currencies

RATE_BP_OF_ONE_PERCENT: Final = 100
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?\Z")


def _plain_number(value: object) -> object:
    """``1,234.50`` and ``1 234.50`` as a number is written."""
    if not isinstance(value, str):
        return value
    text = value.replace(" ", "").removesuffix("%")
    return text.replace(",", "") if _THOUSANDS.match(text) else text


Name = Annotated[str, Field(min_length=1, max_length=NAME_CHARS_MAX)]
OptionalName = Annotated[str | None, Field(max_length=NAME_CHARS_MAX)]
Short = Annotated[str, Field(max_length=SHORT_CHARS_MAX)]
Line = Annotated[str, Field(max_length=LINE_CHARS_MAX)]
Text = Annotated[str, Field(max_length=TEXT_CHARS_MAX)]
Whole = Annotated[int, BeforeValidator(_plain_number)]
Amount = Annotated[Decimal, BeforeValidator(_plain_number), Field(ge=0, le=currencies.AMOUNT_MAX)]
Rate = Annotated[Decimal, BeforeValidator(_plain_number), Field(ge=0, le=100, decimal_places=2)]
LocalMoment = NaiveDatetime


def cents(value: Decimal, currency: str, pointer: str) -> int:
    """An amount in the currency's minor units. Invalid if it is finer than those, or more than can ever be paid."""
    facts = currencies.find(currency)
    scaled = value.scaleb(facts.digits)
    if scaled % facts.step:
        smallest = currencies.money(facts.step, currency)
        raise Invalid.at(pointer, "too_fine", f"Amounts in {currency} are multiples of {smallest}")
    if facts.chargeable and scaled > facts.greatest:
        raise Invalid.at(pointer, "out_of_range", f"At most {currencies.money(facts.greatest, currency)}")
    return int(scaled)


def basis_points(value: Decimal) -> int:
    """A percentage in hundredths of a percent."""
    return int(value * RATE_BP_OF_ONE_PERCENT)


def at_place(value: datetime | None, timezone: str, pointer: str) -> datetime | None:
    """A wall clock's moment at a place. Invalid if the clocks leap over it; of two, the first."""
    if value is None or not is_timezone(timezone):
        return value if value is None else value.replace(tzinfo=UTC)
    if not local_time.exists(value, timezone):
        raise Invalid.at(pointer, "no_such_time", "The clocks leap over this time there")
    return local_time.instant(value, timezone)


def words(text: str) -> list[str]:
    """Items parted by commas or new lines, trimmed, empty ones left out, each once."""
    return list(dict.fromkeys(part.strip() for part in re.split(r"[,\n]", text) if part.strip()))
