"""What the page says: which face it wears, the wait in words, the moments in the event's own time. No I/O."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_date

from engine.foundation.clock import from_ms
from engine.foundation.speech.figures import city_in
from engine.foundation.world.languages import DEFAULT
from waitingroom import queue
from waitingroom.board import Snapshot

REFRESH_MIN_S, REFRESH_MAX_S = 5, 120
HOUR_MIN = 60
SHOWN_PARTS = 4
_PHASES_THAT_HALT = frozenset({"paused", "sold_out"})
_FACES_THAT_WAIT = frozenset({"scheduled", "registered", "waiting", "called"})


def face_of(snapshot: Snapshot, *, joined: bool, number: int | None) -> str:
    """scheduled, join, registered, waiting, called or closed; over and admitted are answers to a claim."""
    if snapshot.phase in {"closed", "scheduled"}:
        return snapshot.phase
    if not joined:
        return "join"
    if number is None:
        return "registered"
    called = number < snapshot.serving and snapshot.phase == "open"
    return "called" if called else "waiting"


@dataclass(frozen=True, slots=True)
class Expected:
    """The wait as shown. ``shown`` remembers it for the next rendering: what was promised never gets worse.

    ``eta_s`` is the wait as computed just now, which is when to look again; minutes are too coarse near the front.
    """

    position: int | None
    eta_s: int | None
    text: str
    progress: int
    shown: str

    def context(self) -> dict[str, Any]:
        return {
            "position": self.position,
            "ahead": self.position - 1 if self.position else 0,
            "wait_text": self.text,
            "progress": self.progress,
        }


def expected(snapshot: Snapshot, number: int | None, shown: str, words: dict[str, str]) -> Expected:
    """Position and wait; ``shown`` is what the last rendering said, as ``number.first.position.minutes``."""
    if number is None:
        return Expected(None, None, words["wait_unknown"], 0, "")
    wait = queue.wait(number, snapshot.serving, snapshot.honest_pace)
    minutes = math.ceil(wait.eta_s / 60) if wait.eta_s is not None else None
    first, position = wait.position, wait.position
    parts = shown.split(".")
    known = (
        len(parts) == SHOWN_PARTS
        and all(part.isascii() and part.isdecimal() for part in parts)
        and int(parts[0]) == number
    )
    if known:
        first, position = max(1, int(parts[1])), min(position, max(1, int(parts[2])))
        minutes = min(minutes, int(parts[3])) if minutes is not None else None
    progress = round(100 * (1 - (position - 1) / first)) if first > 1 else 100
    if snapshot.phase in _PHASES_THAT_HALT:  # nobody knows how long: no promise, and none that is forgotten
        return Expected(position, wait.eta_s, words["wait_unknown"], max(0, min(100, progress)), shown if known else "")
    remembered = f"{number}.{first}.{position}.{minutes}" if minutes is not None else ""
    return Expected(position, wait.eta_s, in_words(minutes, words), max(0, min(100, progress)), remembered)


def in_words(minutes: int | None, words: dict[str, str]) -> str:
    """A wait of this many minutes, rounded up already."""
    if minutes is None:
        return words["wait_unknown"]
    if minutes <= 1:
        return words["wait_less"]
    if minutes < HOUR_MIN:
        return words["wait_minutes"].format(n=minutes)
    return words["wait_hours"].format(h=minutes // HOUR_MIN, m=minutes % HOUR_MIN)


def refresh_after_s(face: str, wait: Expected, snapshot: Snapshot, now_ms: int) -> int:
    """When a page without scripts loads again; 0: it does not."""
    if face not in _FACES_THAT_WAIT:
        return 0
    if face in {"scheduled", "registered"}:
        due_ms = snapshot.prequeue_opens_at_ms if face == "scheduled" else snapshot.opens_at_ms
        left_s = max(0, due_ms - now_ms) // 1000
        return min(REFRESH_MAX_S, max(REFRESH_MIN_S, left_s + 1))
    return min(REFRESH_MAX_S // 2, max(REFRESH_MIN_S, queue.poll_after_s(wait.eta_s)))


def moments(snapshot: Snapshot, card: dict[str, Any], words: dict[str, str]) -> dict[str, str]:
    """When things happen, in the event's own time zone and the reader's language."""
    zone_name = str(card.get("timezone") or "UTC")
    return {
        "prequeue_on": moment(from_ms(snapshot.prequeue_opens_at_ms), zone_name, words),
        "opens_on": moment(from_ms(snapshot.opens_at_ms), zone_name, words),
        "starts_on": _day(card.get("starts_at"), zone_name, words["lang"]),
    }


def moment(when: datetime, zone_name: str, words: dict[str, str]) -> str:
    """``1 December, 05:38, Vancouver time``; a zone without a city by its own name."""
    locale, at = words["lang"], when.astimezone(_zone(zone_name))
    day = "d MMMM" if locale == DEFAULT else Locale.parse(locale).datetime_skeletons["MMMMd"].pattern
    place = city_in(zone_name, locale)
    clock = words["clock_in"].format(clock=f"{at:%H:%M}", city=place) if place else f"{at:%H:%M} {at.tzname()}"
    return f"{format_date(at, day, locale=locale)}, {clock}"


def _day(text: Any, zone_name: str, locale: str) -> str:
    try:
        when = datetime.fromisoformat(str(text))
    except ValueError:
        return ""
    return str(format_date(when.astimezone(_zone(zone_name)), "long", locale=locale))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
