"""What a scanner without the network is told of time: instants, so that it needs no calendar of its own.

The event's local days and daily emptyings are worked out here, by the rules the server itself judges with, for as long
as a bundle may be used.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from engine.domain.catalogue.entry_rules import EntryRules, local_day

STEP: Final = timedelta(minutes=15)  # no zone's clock changes twice in it
EMPTYINGS_MAX: Final = 32
_SECOND: Final = timedelta(seconds=1)
_TICK: Final = timedelta(microseconds=1)


def emptyings(rules: EntryRules, timezone: str, first: datetime, last: datetime) -> list[datetime]:
    """When everybody counts as gone, in order: the moment in force at ``first`` and those until ``last``."""
    found: list[datetime] = []
    moment = rules.emptied_at(last, timezone)
    while moment is not None and len(found) < EMPTYINGS_MAX and (not found or moment < found[-1]):
        found.append(moment)
        if moment <= first:
            break
        moment = rules.emptied_at(moment - _TICK, timezone)
    return found[::-1]


def days(timezone: str, first: datetime, last: datetime) -> list[tuple[datetime, date]]:
    """(its first second, the event's local day) for every day from ``first`` to ``last``, in order."""
    at = first.replace(microsecond=0)
    found = [(at, local_day(at, timezone))]
    while at < last:
        later = at + STEP
        if local_day(later, timezone) != found[-1][1]:
            found.append((_change(timezone, at, later), local_day(later, timezone)))
        at = later
    return found


def _change(timezone: str, before: datetime, after: datetime) -> datetime:
    """The first second of another day between two moments."""
    day = local_day(before, timezone)
    while after - before > _SECOND:
        middle = before + timedelta(seconds=(after - before) // _SECOND // 2)
        before, after = (middle, after) if local_day(middle, timezone) == day else (before, middle)
    return after
