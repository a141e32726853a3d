"""What a scanner without the network is told of time: instants, so that it needs no calendar of its own.

The event's local days and daily emptyings are worked out here, by the rules the server itself judges with, for as long
as a bundle may be used.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from engine.domain.catalogue.entry_rules import EntryRules
from engine.foundation import local_time

EMPTYINGS_MAX: Final = 32
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
    """(its first instant, the event's local day) for every day from ``first`` to ``last``, in order."""
    starts = list(local_time.day_starts(first, last, timezone))
    return [(start, local_time.local_day(start, timezone)) for start in starts]
