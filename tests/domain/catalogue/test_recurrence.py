"""Rules of RFC 5545, read on the clocks of a place."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from engine.domain.catalogue.programme.recurrence import occurrences
from engine.domain.catalogue.programme.series import EVENTS_MAX, NewSeries
from engine.foundation import local_time
from engine.foundation.errors import Invalid

PARIS = "Europe/Paris"
START = local_time.instant(
    datetime.fromisoformat("2027-03-20T20:00"), PARIS
)  # a Saturday, eight days before the clocks go forward


def _days(starts_at: datetime = START, timezone: str = PARIS, **given: object) -> list[str]:
    return [
        local_time.wall(moment, timezone).strftime("%m-%d %H:%M")
        for moment in occurrences(NewSeries(**given), starts_at, timezone)
    ]


def test_a_series_keeps_its_local_hour_over_a_change_of_the_clocks():
    found = occurrences(NewSeries(rrule="FREQ=WEEKLY;COUNT=3"), START, PARIS)
    assert [local_time.wall(one, PARIS).hour for one in found] == [20, 20, 20]
    assert [one.hour for one in found] == [19, 19, 18], "an hour earlier in UTC after 28 March"


def test_an_hour_that_the_clocks_leap_over_is_as_much_later_and_only_that_night():
    night = local_time.instant(datetime.fromisoformat("2027-03-27T02:30"), PARIS)
    assert _days(night, rrule="FREQ=DAILY;COUNT=3") == ["03-27 02:30", "03-28 03:30", "03-29 02:30"]


@pytest.mark.parametrize(
    ("given", "days"),
    [
        ({"rrule": "FREQ=WEEKLY;COUNT=2"}, ["03-20 20:00", "03-27 20:00"]),
        ({"rrule": "RRULE:freq=weekly;byday=SU;count=3"}, ["03-20 20:00", "03-21 20:00", "03-28 20:00"]),
        ({"rrule": "FREQ=DAILY", "until": "2027-03-22"}, ["03-20 20:00", "03-21 20:00", "03-22 20:00"]),
        ({"rrule": "FREQ=DAILY;UNTIL=20270322T180000Z"}, ["03-20 20:00", "03-21 20:00"]),
        ({"rrule": "FREQ=DAILY;UNTIL=20270323", "count": 2}, ["03-20 20:00", "03-21 20:00"]),
        ({"rrule": "FREQ=DAILY", "until": "2027-03-21T19:00:00Z"}, ["03-20 20:00", "03-21 20:00"]),
        ({"rrule": "FREQ=MONTHLY;BYDAY=-1SA;COUNT=3"}, ["03-20 20:00", "03-27 20:00", "04-24 20:00"]),
        ({"rrule": "FREQ=MONTHLY;BYMONTHDAY=31;COUNT=3"}, ["03-20 20:00", "03-31 20:00", "05-31 20:00"]),
        ({"rrule": "FREQ=YEARLY;COUNT=2"}, ["03-20 20:00", "03-20 20:00"]),
    ],
)
def test_a_rule_names_the_days_and_the_event_counts_as_the_first(given: dict[str, object], days: list[str]):
    assert _days(**given) == days


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"rrule": "FREQ=WEEKLY"}, "endless"),
        ({"rrule": "every week"}, "invalid_rrule"),
        ({"rrule": "FREQ=HOURLY;COUNT=3"}, "invalid_rrule"),
        ({"rrule": "FREQ=DAILY;BYHOUR=3;COUNT=3"}, "invalid_rrule"),
        ({"rrule": "FREQ=DAILY;INTERVAL=0;COUNT=3"}, "invalid_rrule"),
        ({"rrule": "FREQ=DAILY;FREQ=WEEKLY;COUNT=3"}, "invalid_rrule"),
        ({"rrule": "FREQ=DAILY;COUNT=3\nDTSTART:19700101T000000"}, "invalid_rrule"),
        ({"rrule": "FREQ=DAILY;COUNT=²"}, "invalid_rrule"),
        ({"rrule": f"FREQ=DAILY;COUNT={EVENTS_MAX + 1}"}, "too_many"),
        ({"rrule": "FREQ=DAILY;UNTIL=20290101"}, "too_many"),
        ({"rrule": "FREQ=MONTHLY;COUNT=100"}, "out_of_range"),
        ({"rrule": "FREQ=YEARLY;UNTIL=20400101"}, "out_of_range"),
        ({"rrule": "FREQ=DAILY;UNTIL=20260101"}, "repeats_nothing"),
        ({"rrule": "FREQ=DAILY;COUNT=1"}, "repeats_nothing"),
        ({"rrule": "FREQ=DAILY", "until": "tomorrow"}, "invalid_value"),
    ],
)
def test_a_rule_that_is_none_or_has_no_end_is_refused(given: dict[str, object], code: str):
    with pytest.raises(Invalid) as refused:
        _days(**given)
    assert [fault["code"] for fault in refused.value.errors] == [code]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
        "FREQ=MONTHLY;BYMONTHDAY=99",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYDAY=1MO;BYSETPOS=4",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=WEEKLY;INTERVAL=1000;BYMONTH=2",
    ],
)
def test_a_rule_that_no_day_fits_is_refused_soon(rule: str):
    february = datetime(2027, 2, 1, 19, 0, tzinfo=UTC)
    before_s = time.process_time()
    with pytest.raises(Invalid):
        _days(february, rrule=rule + ";COUNT=3")
    assert time.process_time() - before_s < 2.0, "the library looks for such a day for half a minute"
