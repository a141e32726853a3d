"""Local time at a place and the instants it means: the one place that decides what a change of the clocks does.

A wall time is what a clock on the wall shows: naive, never compared with another place's. An instant is aware, in UTC;
all arithmetic is done in instants. Two nights a year a wall time is no single instant, and everywhere it holds:

- Of two (the clocks go back, the hour comes twice) the **first** is meant, once.
- One that the clocks leap over means as much later as they leap: 02:30 is 03:30 in a night that goes from 02:00 to
  03:00. A leap may be half an hour (Lord Howe) or a whole day (Samoa in 2011).

So a daily rule holds exactly once for every day of the calendar. RFC 5545 (3.3.5) reads wall times in the same way. A
person who types one moment that the clocks leap over is asked again instead: ``exists`` tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from engine.foundation import clock as _pinned_zones  # noqa: F401 - the zones are tzdata's, before any is opened

ZONES: Final = frozenset(available_timezones())
DAYS_REMEMBERED_MAX: Final = 256  # a batch asks for one moment thousands of times
QUARTER: Final = timedelta(minutes=15)  # every zone is a whole number of them off UTC, and changes at one
_DAY: Final = timedelta(days=1)
_MIDNIGHT: Final = time()
# A leap carries a day's rule into the next day at most, and a rule of today may still lie ahead.
_DAYS_AROUND: Final = (1, 0, -1, -2)


@lru_cache(maxsize=len(ZONES))
def zone(timezone: str) -> ZoneInfo:
    """A zone of the IANA database, kept: the library forgets all but eight. ValueError, ZoneInfoNotFoundError."""
    return ZoneInfo(timezone)


def instant(shown: datetime, timezone: str) -> datetime:
    """The instant that a wall time at a place means."""
    return shown.replace(tzinfo=zone(timezone), fold=0).astimezone(UTC)


def wall(moment: datetime, timezone: str) -> datetime:
    """What the clocks of a place show at an instant."""
    return moment.astimezone(zone(timezone)).replace(tzinfo=None, fold=0)


def exists(shown: datetime, timezone: str) -> bool:
    """Whether the clocks of a place ever show this: False if they leap over it."""
    return wall(instant(shown, timezone), timezone) == shown


@lru_cache(maxsize=DAYS_REMEMBERED_MAX)
def local_day(moment: datetime, timezone: str) -> date:
    """The calendar day at a place."""
    return wall(moment, timezone).date()


def day_start(day: date, timezone: str) -> datetime:
    """The first instant of a place's calendar day: midnight, or what follows if the clocks leap over midnight."""
    return instant(datetime.combine(day, _MIDNIGHT), timezone)


@lru_cache(maxsize=DAYS_REMEMBERED_MAX)
def latest(clock: time, moment: datetime, timezone: str) -> datetime:
    """The last instant not after ``moment`` at which a daily rule of this wall time held."""
    today = local_day(moment, timezone)
    held = (instant(datetime.combine(today + days * _DAY, clock), timezone) for days in _DAYS_AROUND)
    return next(one for one in held if one <= moment)


def moved_along(moment: datetime, before: datetime, after: datetime, timezone: str) -> datetime:
    """``moment`` as far from ``after`` on the clocks of the place as it was from ``before``.

    For what leans on the hour of a show that moves, such as the end of its sale.
    """
    return instant(wall(moment, timezone) + (wall(after, timezone) - wall(before, timezone)), timezone)


def moved_days(moment: datetime, before: datetime, after: datetime, timezone: str) -> datetime:
    """``moment`` as many calendar days from ``after`` as it was from ``before``, at its own hour.

    A sale that opens at 10:00 opens at 10:00, whatever the clocks did between, and whatever hour the show is.
    """
    days = local_day(after, timezone) - local_day(before, timezone)
    return instant(wall(moment, timezone) + days, timezone)


def day_starts(first: datetime, last: datetime, timezone: str) -> Iterator[datetime]:
    """The beginnings of the calendar days from the one that holds ``first`` to the one that holds ``last``."""
    day, end = local_day(first, timezone), local_day(last, timezone)
    while day <= end:
        yield day_start(day, timezone)
        day += _DAY


def hour_starts(first: datetime, last: datetime, timezone: str) -> Iterator[datetime]:
    """The beginnings of the hours as the clocks show them.

    An hour that comes twice begins twice, one that is leapt over never.
    """
    at = first - (first - datetime.min.replace(tzinfo=UTC)) % QUARTER
    while _same_hour(at, at - QUARTER, timezone):
        at -= QUARTER
    while at <= last:
        yield at
        at += QUARTER
        while _same_hour(at, at - QUARTER, timezone):
            at += QUARTER


def _same_hour(one: datetime, other: datetime, timezone: str) -> bool:
    here, there = one.astimezone(zone(timezone)), other.astimezone(zone(timezone))
    return (here.date(), here.hour, here.utcoffset()) == (there.date(), there.hour, there.utcoffset())
