"""Reminders are due by the clocks of the place: a day before, on the day, never in the night."""

from __future__ import annotations

from datetime import datetime

import pytest

from engine.domain.messages.reminders import due
from engine.foundation.local_time import instant, wall


def _due(starts: str, timezone: str) -> dict[str, str]:
    found = due(instant(datetime.fromisoformat(starts), timezone), timezone)
    return {kind: wall(at, timezone).strftime("%a %H:%M") for kind, at in found.items()}


@pytest.mark.parametrize(
    ("starts", "timezone", "day_before", "same_day"),
    [
        ("2026-11-20T20:00", "America/Vancouver", "Thu 20:00", "Fri 09:00"),
        ("2026-11-20T10:30", "Europe/Paris", "Thu 10:30", "Fri 08:30"),
        ("2026-11-20T09:00", "Europe/Paris", "Thu 09:00", "Fri 07:00"),
        ("2026-11-20T08:59", "Europe/Paris", "Thu 08:59", None),  # seven is too late for it, earlier is the night
        ("2026-11-20T02:00", "Asia/Tokyo", "Thu 08:00", None),
        ("2026-11-20T23:30", "Asia/Tokyo", "Thu 21:00", "Fri 09:00"),
        ("2026-11-20T22:00", "Asia/Kolkata", "Thu 21:00", "Fri 09:00"),
        # The clocks go back in the night before: 24 hours are 25 on the wall, and nine stays nine.
        ("2026-10-25T20:00", "Europe/Berlin", "Sat 21:00", "Sun 09:00"),
        # They go forward, half an hour even.
        ("2026-03-29T20:00", "Europe/Berlin", "Sat 19:00", "Sun 09:00"),
        ("2026-10-04T20:00", "Australia/Lord_Howe", "Sat 19:30", "Sun 09:00"),
    ],
)
def test_each_is_due_by_the_clocks_of_the_place(starts: str, timezone: str, day_before: str, same_day: str | None):
    expected = {"reminder_day_before": day_before} | ({"reminder_same_day": same_day} if same_day else {})
    assert _due(starts, timezone) == expected


def test_both_come_before_the_start_wherever_and_whenever_it_is():
    for timezone in ("America/St_Johns", "Pacific/Apia", "Europe/London"):
        for hour in range(24):
            starts_at = instant(datetime.fromisoformat(f"2026-10-25T{hour:02}:15"), timezone)
            found = due(starts_at, timezone)
            assert all(at < starts_at for at in found.values())
            assert all(7 <= wall(at, timezone).hour <= 21 for at in found.values()), (timezone, hour)
