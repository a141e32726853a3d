"""Dates, times, money and numbers by the habits of the language that is spoken; times by the clocks of their place."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_date, format_datetime, get_day_names, get_timezone_location
from babel.numbers import format_decimal

from engine.foundation.speech.tongue import say, spoken
from engine.foundation.world import currencies
from engine.foundation.world.languages import DEFAULT

# moment: Fri 4 December 2026, 19:30. day: Fri 4 Dec 2026. short: 4 Dec, 19:30. month: December 2026.
Style = Literal["moment", "day", "short", "month"]
CLOCK: Final = "HH:mm"
LEFT_TO_RIGHT: Final = "\u200e"
SIGNS: Final = ("$", "¥", "£")
# In English as this house writes it; elsewhere as CLDR has it, with a short name of the day of the week.
_ENGLISH: Final[dict[str, str]] = {
    "moment": f"EEE d MMMM y, {CLOCK}",
    "day": "EEE d MMM y",
    "short": f"d MMM, {CLOCK}",
    "month": "MMMM y",
}
_COMMAS: Final = {"ar": "،"}


def money(cents: int, currency: str) -> str:
    """Minor units of a currency: 4500 CAD is ``CA$45.00``, in French ``45,00 $CA``."""
    language = spoken()
    text = currencies.money(cents, currency, language.locale)
    # Among letters that run to the left a dollar sign would leave its country's letters.
    return text + LEFT_TO_RIGHT if language.direction == "rtl" and text.endswith(SIGNS) else text


def number(value: float | Decimal) -> str:
    """``1,500.5``, in German ``1.500,5``."""
    return str(format_decimal(value, locale=spoken().locale))


def at_its_clocks(value: datetime, timezone: str, style: Style | str = "moment") -> str:
    """A moment by the clocks of its place. ``style``: one of ``Style``, or a pattern of CLDR's letters."""
    locale = spoken().locale
    return str(format_datetime(value, pattern(style, locale), tzinfo=zone(timezone), locale=locale))


def clock(value: datetime, timezone: str) -> str:
    """Hours and minutes, and whose they are: ``19:30, Vancouver time``."""
    return with_place(at_its_clocks(value, timezone, CLOCK), timezone)


def told(value: datetime, timezone: str) -> str:
    """A moment and whose clocks tell it: ``Fri 4 December 2026, 19:30, Vancouver time``."""
    return with_place(at_its_clocks(value, timezone), timezone)


def with_place(clock: str, timezone: str) -> str:
    """The time by a clock and the city it stands in: ``19:30, Vancouver time``."""
    place = city(timezone)
    return say("%(clock)s, %(city)s time", clock=clock, city=place) if place else f"{clock} UTC"


def month(value: date) -> str:
    """``December 2026``."""
    locale = spoken().locale
    return str(format_date(value, pattern("month", locale), locale=locale))


def days_of_the_week() -> list[tuple[str, str]]:
    """From Monday on, each as a short name and in full."""
    locale = spoken().locale
    short, full = (get_day_names(width, locale=locale) for width in ("short", "wide"))
    return [(short[day], full[day]) for day in range(7)]


def city(timezone: str) -> str:
    """The city that a time zone is named after, in the language that is spoken; empty for those that have none."""
    return city_in(timezone, spoken().locale)


@lru_cache
def city_in(timezone: str, locale: str) -> str:
    """As ``city``, in the language of this locale."""
    found = zone(timezone)
    if "/" not in timezone or found is UTC or timezone.startswith("Etc/"):
        return ""
    return str(get_timezone_location(timezone, locale=locale, return_city=True))


def zone(name: str) -> tzinfo:
    """The time zone; UTC if there is none of this name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


@lru_cache
def pattern(style: Style | str, locale: str) -> str:
    """The style as CLDR's letters; what is none is such a pattern itself."""
    if style not in _ENGLISH or locale == DEFAULT:
        return _ENGLISH.get(style, style)
    habits = Locale.parse(locale)
    long = str(habits.date_formats["full"].pattern).replace("EEEE", "EEE")
    comma = _COMMAS.get(locale, ",")
    patterns: dict[str, str] = {
        "moment": f"{long}{comma} {CLOCK}",
        "day": long.replace("MMMM", "MMM"),
        "short": f"{habits.datetime_skeletons['MMMd'].pattern}{comma} {CLOCK}",
        "month": habits.datetime_skeletons["yMMMM"].pattern,
    }
    return patterns[style]
