"""Every rule by local time, in ten zones and four years, at each change of the clocks, against a clock that ticks."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from engine.foundation import local_time

CHANGING = (
    "America/Halifax", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Beirut", "America/Santiago",
    "Pacific/Chatham", "America/Nuuk", "America/Havana", "Australia/Sydney",
)  # fmt: skip
STEADY = ("UTC", "America/Vancouver", "Asia/Kathmandu", "Pacific/Kiritimati")
CLOCKS = tuple(time(hour, minute) for hour in (0, 1, 2, 3, 4, 23) for minute in (0, 30, 45))
FIRST, LAST = datetime(2027, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@cache
def _changes(zone: str) -> list[datetime]:
    """The first minute after each change of a zone's clocks."""
    where, found = ZoneInfo(zone), []
    hours = [FIRST + hour * timedelta(hours=1) for hour in range(int((LAST - FIRST) / timedelta(hours=1)))]
    for before, after in pairwise(hours):
        if before.astimezone(where).utcoffset() != after.astimezone(where).utcoffset():
            minutes = [before + minute * MINUTE for minute in range(61)]
            old = before.astimezone(where).utcoffset()
            found.append(next(at for at in minutes if at.astimezone(where).utcoffset() != old))
    return found


@cache
def _ticking(zone: str, change: datetime) -> dict[datetime, datetime]:
    """What a clock on the wall shows in the days around a change: wall time -> the first instant it is shown, and for
    what it leaps over as much later as it leaps."""
    shown: dict[datetime, datetime] = {}
    at = change - 3 * DAY
    last = None
    while at < change + 3 * DAY:
        wall = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        if last is not None and wall > last + MINUTE:
            skipped, passed = last + MINUTE, 0
            while skipped < wall:
                shown.setdefault(skipped, at + passed * MINUTE)
                skipped, passed = skipped + MINUTE, passed + 1
        shown.setdefault(wall, at)
        last = wall
        at += MINUTE
    return shown


def test_the_clocks_change_in_these_zones_and_years():
    assert all(7 <= len(_changes(zone)) <= 8 for zone in CHANGING), {zone: len(_changes(zone)) for zone in CHANGING}
    assert not any(_changes(zone) for zone in STEADY)


@pytest.mark.parametrize("zone", CHANGING)
def test_a_daily_rule_holds_once_a_day_at_every_change_of_the_clocks(zone: str) -> None:
    for change in _changes(zone):
        shown = _ticking(zone, change)
        for clock in CLOCKS:
            held = sorted({shown[wall] for wall in shown if wall.time() == clock})
            asked = [change + quarter * local_time.QUARTER for quarter in range(-150, 150)]
            assert {local_time.latest(clock, at, zone) for at in asked} <= set(held)
            for at in asked:
                assert local_time.latest(clock, at, zone) == max(one for one in held if one <= at), (clock, at)
            assert all(
                timedelta(hours=22) <= later - earlier <= timedelta(hours=26) for earlier, later in pairwise(held)
            )


@pytest.mark.parametrize("zone", CHANGING)
def test_a_wall_time_that_comes_twice_is_the_first_and_one_leapt_over_is_as_much_later(zone: str) -> None:
    for change in _changes(zone):
        for wall, at in _ticking(zone, change).items():
            assert local_time.instant(wall, zone) == at, wall
            assert local_time.exists(wall, zone) is (at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall)


@pytest.mark.parametrize("zone", CHANGING + STEADY)
def test_a_day_begins_once_and_ends_where_the_next_begins(zone: str) -> None:
    for change in _changes(zone) or [FIRST + 5 * DAY]:
        starts = list(local_time.day_starts(change - 2 * DAY, change + 2 * DAY, zone))
        assert len(starts) >= 4
        for start, following in pairwise(starts):
            day = local_time.local_day(start, zone)
            assert local_time.local_day(start - MINUTE, zone) == day - DAY
            assert local_time.local_day(following - MINUTE, zone) == day
            assert local_time.day_start(day, zone) == start


@pytest.mark.parametrize("zone", CHANGING + STEADY)
def test_hours_are_counted_as_the_clocks_show_them(zone: str) -> None:
    for change in _changes(zone) or [FIRST + 5 * DAY]:
        first, last = change - timedelta(hours=5, minutes=7), change + timedelta(hours=5)
        starts = list(local_time.hour_starts(first, last, zone))
        assert starts[0] <= first < starts[1]
        assert starts == sorted(set(starts))
        assert all(local_time.QUARTER <= later - earlier <= timedelta(hours=1) for earlier, later in pairwise(starts))
        at = first
        while at < last:  # each minute falls into the column of the hour that the clock shows
            column = max(start for start in starts if start <= at)
            assert local_time.wall(column, zone).hour == local_time.wall(at, zone).hour
            at += MINUTE


@pytest.mark.parametrize("zone", CHANGING + STEADY)
def test_a_sale_of_a_copy_opens_at_the_same_hour_and_ends_as_long_before_the_show(zone: str) -> None:
    for change in _changes(zone) or [FIRST + 60 * DAY]:
        start = local_time.instant(datetime.combine(change.date() - 40 * DAY, time(20)), zone)
        opens = local_time.instant(datetime.combine(change.date() - 61 * DAY, time(10)), zone)
        for days, hour in ((60, 20), (7, 14), (41, 20), (-30, 19)):
            moved = local_time.instant(datetime.combine(change.date() + (days - 40) * DAY, time(hour)), zone)
            opening = local_time.moved_days(opens, start, moved, zone)
            assert local_time.wall(opening, zone) == local_time.wall(opens, zone) + days * DAY
            ends = local_time.moved_along(start - timedelta(hours=1), start, moved, zone)
            assert local_time.wall(ends, zone) == local_time.wall(moved, zone) - timedelta(hours=1)


def test_a_whole_day_that_was_leapt_over_is_the_next_day():
    assert local_time.instant(datetime.fromisoformat("2011-12-30T04:00"), "Pacific/Apia") == datetime(
        2011, 12, 30, 14, tzinfo=UTC
    )
    assert local_time.wall(datetime(2011, 12, 30, 14, tzinfo=UTC), "Pacific/Apia") == datetime.fromisoformat(
        "2011-12-31T04:00"
    )
    noon = datetime(2011, 12, 31, tzinfo=UTC)
    assert local_time.latest(time(4), noon, "Pacific/Apia") == datetime(2011, 12, 30, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "wall", "instant"),
    [
        ("America/New_York", datetime.fromisoformat("2027-03-14T02:30"), "2027-03-14T07:30:00+00:00"),  # shown as 03:30
        (
            "America/New_York",
            datetime.fromisoformat("2027-11-07T01:30"),
            "2027-11-07T05:30:00+00:00",
        ),  # the first of two
        ("Europe/Berlin", datetime.fromisoformat("2027-03-28T02:30"), "2027-03-28T01:30:00+00:00"),
        ("Europe/Berlin", datetime.fromisoformat("2027-10-31T02:30"), "2027-10-31T00:30:00+00:00"),
        ("Australia/Lord_Howe", datetime.fromisoformat("2027-10-03T02:15"), "2027-10-02T15:45:00+00:00"),
        ("Australia/Lord_Howe", datetime.fromisoformat("2027-04-04T01:45"), "2027-04-03T14:45:00+00:00"),
    ],
)
def test_a_few_famous_nights_are_as_written_down(zone: str, wall: datetime, instant: str) -> None:
    assert local_time.instant(wall, zone) == datetime.fromisoformat(instant)
