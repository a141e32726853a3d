"""Sales over time: every bin counted once, by the clock on the hall's wall."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from engine.domain.catalogue.events import Event
from engine.foundation import local_time
from engine.services.insight import reports
from engine.services.insight.reports import BIN_MIN, COLUMNS_MAX, Step


@pytest.mark.parametrize("zone", ["UTC", "America/Vancouver", "Asia/Kolkata", "Asia/Kathmandu", "Europe/Berlin"])
@pytest.mark.parametrize("step", ["minute", "hour", "day"])
def test_every_bin_is_counted_once_wherever_the_hall_stands(
    zone: str, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = datetime(2027, 3, 30, 17, 23, 45, tzinfo=UTC)  # two days after Berlin's clocks leapt
    monkeypatch.setattr(reports, "now", lambda: moment)
    width = timedelta(minutes=BIN_MIN[step])
    since = moment - reports._WIDTHS[step] * (COLUMNS_MAX - 2)
    first = datetime.fromtimestamp(since.timestamp() // width.total_seconds() * width.total_seconds(), UTC)
    bins = [(first + width * index, 1) for index in range((moment - first) // width + 1)]
    series = reports._series(bins, step, since, zone)
    assert sum(count for _, count in series) == len(bins)
    assert len(series) <= COLUMNS_MAX + 1
    assert timedelta(0) <= moment - series[-1][0] < reports._WIDTHS[step]


def test_what_was_sold_before_the_planned_opening_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = datetime(2027, 3, 1, 18, tzinfo=UTC)
    monkeypatch.setattr(reports, "now", lambda: moment)
    on_sale = SimpleNamespace(opens_at=moment + timedelta(minutes=1))
    event = cast("Event", SimpleNamespace(on_sale=on_sale))
    assert reports._window(event, moment - timedelta(minutes=2)) == ("minute", moment - timedelta(minutes=2))
    assert reports._window(event, None) == ("minute", moment + timedelta(minutes=1))


@pytest.mark.parametrize(
    ("planned_h", "first_sold_h", "shown"),
    [
        (24 * 200, 1, ("minute", 1)),  # planned for long ago, selling since an hour
        (24 * 30, 10, ("hour", 10)),
        (1.2, 0.1, ("minute", 1.2)),  # it opened, and nobody came for an hour: that is shown
        (50, 2, ("hour", 50)),
        (24 * 200, 24 * 20, ("day", 24 * 20)),
        (24 * 200, 24 * 100, ("day", 24 * 90)),
        (24 * 200, None, ("day", 24 * 90)),
        (1, None, ("minute", 1)),
    ],
)
def test_sales_are_shown_since_the_first_or_since_an_opening_near_it(
    planned_h: float, first_sold_h: float | None, shown: tuple[Step, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = datetime(2027, 3, 1, 18, tzinfo=UTC)
    monkeypatch.setattr(reports, "now", lambda: moment)
    on_sale = SimpleNamespace(opens_at=moment - timedelta(hours=planned_h))
    event = cast("Event", SimpleNamespace(on_sale=on_sale))
    first = None if first_sold_h is None else moment - timedelta(hours=first_sold_h)
    step, since = reports._window(event, first)
    assert (step, moment - since) == (shown[0], timedelta(hours=shown[1]))


def test_a_day_begins_at_the_halls_midnight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "now", lambda: datetime(2027, 3, 2, 20, tzinfo=UTC))
    bins = [(datetime(2027, 3, 1, 18, 15, tzinfo=UTC), 3), (datetime(2027, 3, 1, 18, 30, tzinfo=UTC), 5)]
    series = reports._series(bins, "day", datetime(2027, 3, 1, 12, tzinfo=UTC), "Asia/Kolkata")
    assert [count for _, count in series] == [3, 5, 0]


@pytest.mark.parametrize(
    ("zone", "moment", "hours"),
    [
        ("America/New_York", "2027-11-07T08:00Z", ["00", "01", "01", "02", "03"]),  # 01:00 comes twice
        ("America/New_York", "2027-03-14T08:00Z", ["00", "01", "03", "04"]),  # 02:00 never
        ("Australia/Lord_Howe", "2027-04-03T16:30Z", ["00", "01", "01", "02", "03"]),
        ("Australia/Lord_Howe", "2027-10-02T16:30Z", ["00", "01", "02", "03"]),
    ],
)
def test_an_hour_that_comes_twice_has_two_columns_and_one_leapt_over_none(
    zone: str, moment: str, hours: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    end = datetime.fromisoformat(moment)
    monkeypatch.setattr(reports, "now", lambda: end)
    since = local_time.day_start(local_time.local_day(end, zone), zone)
    bins = [(since + quarter * local_time.QUARTER, 1) for quarter in range((end - since) // local_time.QUARTER + 1)]
    series = reports._series(bins, "hour", since, zone)
    assert [start.strftime("%H") for start, _ in series] == hours
    assert sum(count for _, count in series) == len(bins)
    assert all(0 < count <= 4 for _, count in series)
