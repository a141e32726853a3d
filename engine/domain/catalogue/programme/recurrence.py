"""When the events of a series begin: a rule of RFC 5545, read on the clocks of the event's place.

A rule is of wall times, so every event of a series starts at the same local hour, whatever the clocks do in between
(foundation/local_time.py). The event that is repeated counts as the first, whether the rule names its day or not.

The library looks for the next day of a rule until the year 9999: one that no day fits (30 February, every seventh day
that is another weekday) costs it half a minute. So a rule may say only what some day of the next years always fits.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from itertools import islice
from typing import Final, Literal

from dateutil.relativedelta import relativedelta
from dateutil.rrule import rrulestr

from engine.domain.catalogue.programme.series import EVENTS_MAX, NewSeries
from engine.foundation import local_time
from engine.foundation.errors import Invalid

YEARS_MAX: Final = 5  # from the first event to the last
INTERVAL_MAX: Final = 1_000
VALUE_CHARS_MAX: Final = 120
_WEEKDAY, _MONTH = "(?:MO|TU|WE|TH|FR|SA|SU)", "(?:[1-9]|1[0-2])"
_MONTH_DAY, _PLACE = "-?(?:[1-9]|[12][0-9]|3[01])", "[+-]?[1-4]"
# What each frequency may say of its days; hours are the event's own.
PARTS: Final = {
    "DAILY": {"BYDAY": _WEEKDAY, "BYMONTH": _MONTH},
    "WEEKLY": {"BYDAY": _WEEKDAY, "BYMONTH": _MONTH, "WKST": _WEEKDAY},
    "MONTHLY": {"BYDAY": f"(?:[+-]?[1-5])?{_WEEKDAY}", "BYMONTHDAY": _MONTH_DAY, "BYSETPOS": _PLACE},
    "YEARLY": {},
}
ALWAYS: Final = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL"})
_DAY: Final = re.compile(r"\d{8}\Z")
Field = Literal["/rrule", "/until", "/count"]


def occurrences(given: NewSeries, starts_at: datetime, timezone: str) -> list[datetime]:
    """The instants at which the events start, the first one's own at the head. Invalid with a pointer."""
    parts = _parts(given.rrule)
    first = local_time.wall(starts_at, timezone)
    count = min((n for n in (_number(parts.pop("COUNT", None), "COUNT"), given.count) if n is not None), default=None)
    ends = (_until(parts.pop("UNTIL", None), timezone, "/rrule"), _until(given.until, timezone, "/until"))
    until = min((end for end in ends if end is not None), default=None)
    if count is None and until is None:
        raise Invalid.at("/rrule", "endless", "Say how often (count) or until when (until): a series has an end")
    last = first + relativedelta(years=YEARS_MAX)
    rule = ";".join(f"{name}={value}" for name, value in parts.items())
    try:
        found = rrulestr(f"{rule};UNTIL={min(until or last, last):%Y%m%dT%H%M%S}", dtstart=first)
        later = (shown for shown in found if shown > first)
        starts = [first, *islice(later, min(count or EVENTS_MAX + 1, EVENTS_MAX + 1) - 1)]
    except (ValueError, TypeError, KeyError) as error:
        raise _broken("This is no recurrence rule of RFC 5545") from error
    if len(starts) > EVENTS_MAX or (count or 0) > EVENTS_MAX:
        raise _broken(f"At most {EVENTS_MAX} events a series", "too_many")
    if (until is None and len(starts) < (count or 0)) or (until is not None and until > last):
        raise _broken(f"A series is over within {YEARS_MAX} years", "out_of_range")
    if len(starts) == 1:
        raise _broken("Nothing is repeated by this rule", "repeats_nothing")
    return [starts_at, *(local_time.instant(shown, timezone) for shown in starts[1:])]


def _parts(text: str) -> dict[str, str]:
    """A rule's parts by name, all of them known."""
    parts: dict[str, str] = {}
    for part in text.strip().upper().removeprefix("RRULE:").split(";"):
        name, _, value = part.partition("=")
        if name in parts or not value or len(value) > VALUE_CHARS_MAX:
            raise _broken(f"This is no part of a recurrence rule: {part[:40]}")
        parts[name] = value
    frequency = parts.get("FREQ", "")
    if frequency not in PARTS:
        raise _broken("FREQ is DAILY, WEEKLY, MONTHLY or YEARLY")
    for name, value in parts.items():
        if name not in ALWAYS | PARTS[frequency].keys():
            raise _broken(f"A series that is {frequency} takes no {name[:40]}")
        item = PARTS[frequency].get(name)
        if item is not None and not re.fullmatch(f"{item}(?:,{item})*", value):
            raise _broken(f"{name} of a series that is {frequency} cannot be {value[:40]}")
    if frequency == "DAILY" and "BYDAY" in parts and _number(parts.get("INTERVAL"), "INTERVAL") not in {None, 1}:
        raise _broken("Every so many days or on weekdays, not both: say WEEKLY with BYDAY")
    if "BYMONTHDAY" in parts and parts.keys() & {"BYDAY", "BYSETPOS"}:
        raise _broken("BYMONTHDAY, or BYDAY with BYSETPOS, not both")
    if "BYSETPOS" in parts and not parts.get("BYDAY", "1").replace(",", "").isalpha():
        raise _broken("BYSETPOS counts the weekdays of BYDAY")
    _number(parts.get("INTERVAL"), "INTERVAL")
    return parts


def _number(text: str | None, name: str) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or not text.isascii() or not 1 <= int(text[:9]) <= INTERVAL_MAX or len(text) > len("1000"):
        raise _broken(f"{name} is a number from 1 to {INTERVAL_MAX}")
    return int(text)


def _until(text: str | None, timezone: str, pointer: Field) -> datetime | None:
    """The last wall time that may be: a date means its whole day, a moment with a zone that instant."""
    if text is None:
        return None
    try:
        if _DAY.match(text) or len(text) == len("2027-03-01"):
            return datetime.combine(date.fromisoformat(text), time.max.replace(microsecond=0))
        moment = datetime.fromisoformat(text)
        return moment.replace(microsecond=0) if moment.tzinfo is None else local_time.wall(moment, timezone)
    except (ValueError, OverflowError) as error:
        raise Invalid.at(pointer, "invalid_value", "Give a day, or a moment in RFC 3339") from error


def _broken(said: str, code: str = "invalid_rrule") -> Invalid:
    return Invalid.at("/rrule", code, said)
