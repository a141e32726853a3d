"""When the clocks of ten zones change, in four years."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

CHANGING = (
    "America/Halifax", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Beirut", "America/Santiago",
    "Pacific/Chatham", "America/Nuuk", "America/Havana", "Australia/Sydney",
)  # fmt: skip
FIRST, LAST = datetime(2027, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@cache
def changes(zone: str) -> list[datetime]:
    """The first minute after each change of a zone's clocks."""
    where, found = ZoneInfo(zone), []
    hours = [FIRST + hour * timedelta(hours=1) for hour in range(int((LAST - FIRST) / timedelta(hours=1)))]
    for before, after in pairwise(hours):
        if before.astimezone(where).utcoffset() != after.astimezone(where).utcoffset():
            minutes = [before + minute * MINUTE for minute in range(61)]
            old = before.astimezone(where).utcoffset()
            found.append(next(at for at in minutes if at.astimezone(where).utcoffset() != old))
    return found
