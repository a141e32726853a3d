"""When ticket holders are reminded of an event: a day before it starts, and on its day, by the clocks of its place.

The first is due 24 hours before the start, whatever the clocks do in between; in the night it waits for the morning,
late in the evening it leaves earlier.
The second is due at nine on the day of the start, earlier if less than two hours would be left, never before seven:
what starts earlier than that has the first alone.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from types import MappingProxyType
from typing import Final, Literal

from engine.foundation.local_time import instant, wall

Kind = Literal["reminder_day_before", "reminder_same_day"]

DAY_BEFORE: Final[Kind] = "reminder_day_before"
SAME_DAY: Final[Kind] = "reminder_same_day"
BEFORE: Final = timedelta(hours=24)
NIGHT, MORNING = time(22), time(8)  # between them nobody is written to
EVENING: Final = time(21)
AT: Final = time(9)
LEFT_MIN: Final = timedelta(hours=2)
EARLIEST: Final = time(7)
# What a person with an account chose, and the way that it opens.
WISHES: Final = MappingProxyType({"reminders_sms": "sms", "reminders_whatsapp": "whatsapp"})


def due(starts_at: datetime, timezone: str) -> dict[Kind, datetime]:
    """The instant of each reminder; one that cannot come before the start is left out."""
    found: dict[Kind, datetime] = {DAY_BEFORE: _by_day(starts_at - BEFORE, timezone)}
    shown = wall(starts_at, timezone)
    on_the_day = min(instant(datetime.combine(shown.date(), AT), timezone), starts_at - LEFT_MIN)
    if on_the_day >= instant(datetime.combine(shown.date(), EARLIEST), timezone):
        found[SAME_DAY] = on_the_day
    return found


def _by_day(moment: datetime, timezone: str) -> datetime:
    """The moment; in the night the evening before it, or the morning after midnight."""
    shown = wall(moment, timezone)
    if MORNING <= shown.time() < NIGHT:
        return moment
    return instant(datetime.combine(shown.date(), MORNING if shown.time() < MORNING else EVENING), timezone)
