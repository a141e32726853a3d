"""What the page says, without a page: waits that keep their word, moments with their zone's own name."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast
from zoneinfo import ZoneInfo

from waitingroom.board import Snapshot
from waitingroom.faces import expected, moment
from waitingroom.languages import WORDS

EN = WORDS["en"]


def snapshot(phase: str = "open", serving: int = 0) -> Snapshot:
    return cast("Snapshot", SimpleNamespace(phase=phase, serving=serving, honest_pace=60.0))


def test_a_paused_queue_promises_no_wait_and_forgets_no_promise():
    before = expected(snapshot(), 179, "", EN)
    assert (before.position, before.text) == (180, "about 3 min")
    paused = expected(snapshot("paused", 90), 179, before.shown, EN)
    assert (paused.position, paused.text, paused.progress) == (90, "not known yet", 51)
    assert expected(snapshot(serving=10), 179, paused.shown, EN).text == "about 3 min"


def test_what_a_visitor_made_up_is_not_remembered():
    for made_up in ("178.1.1.1", "179.1.1", "179.a.1.1", "x" * 40):
        assert expected(snapshot("paused"), 179, made_up, EN).shown == ""


def test_a_moment_is_named_by_the_city_of_its_zone():
    when = datetime(2026, 12, 20, 4, tzinfo=UTC)
    local = when.astimezone(ZoneInfo("America/Vancouver"))
    assert moment(when, "America/Vancouver", EN) == f"19 December, {local:%H:%M}, Vancouver time"
    assert moment(when, "UTC", EN) == "20 December, 04:00 UTC"
