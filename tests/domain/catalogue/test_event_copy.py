"""A copy's sale opens at the same local hour, wherever the clocks changed between the two dates."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from engine.domain.catalogue.event_copy import mover
from engine.domain.catalogue.events import Event
from engine.foundation import local_time
from tests.foundation.test_local_time import CHANGING, _changes

DAY = timedelta(days=1)


@pytest.mark.parametrize("zone", CHANGING)
def test_a_copy_over_every_change_of_the_clocks_keeps_the_hours_of_its_sale(zone: str) -> None:
    for change in _changes(zone):
        start = local_time.instant(datetime.combine(change.date() - 5 * DAY, time(20)), zone)
        event = cast("Event", SimpleNamespace(starts_at=start, timezone=zone))
        for days, hour in ((7, 20), (10, 14), (200, 20)):
            moved_start = local_time.instant(datetime.combine(change.date() + (days - 5) * DAY, time(hour)), zone)
            move = mover(event, moved_start)
            opens = local_time.instant(datetime.combine(change.date() - 30 * DAY, time(10)), zone)
            assert local_time.wall(move(opens), zone) == local_time.wall(opens, zone) + days * DAY
            ends = start - timedelta(minutes=30)
            assert local_time.wall(move(ends), zone) == local_time.wall(moved_start, zone) - timedelta(minutes=30)
