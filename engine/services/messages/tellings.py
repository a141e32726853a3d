"""Amounts and moments as a mail tells them; the same few again and again, so they are kept as they were written.

Everything is told in the language that is spoken, by the clocks of the event's place.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from engine.domain.catalogue.event_news import TimeAndPlace
from engine.foundation.speech import figures
from engine.foundation.speech.tongue import say, spoken

KEPT_MAX: Final = 4_096


def money(cents: int, currency: str) -> str:
    """``CA$33.94`` as the buyer reads it; never used to calculate."""
    return _money(cents, currency, spoken().tag)


def moment(at: datetime, timezone: str) -> str:
    """``Fri 20 November 2026, 20:00, Vancouver time``."""
    return _moment(at, timezone, spoken().tag)


def span(when: TimeAndPlace) -> str:
    """``Fri 20 November 2026, 20:00 to 23:00, Vancouver time``; both in full if it ends on another day."""
    zone = figures.zone(when.timezone)
    starts, ends = when.starts_at.astimezone(zone), when.ends_at.astimezone(zone)
    if starts.date() != ends.date():
        return say(
            "%(start)s to %(end)s",
            start=figures.at_its_clocks(when.starts_at, when.timezone),
            end=moment(when.ends_at, when.timezone),
        )
    hours = figures.at_its_clocks(when.ends_at, when.timezone, figures.CLOCK)
    both = say("%(start)s to %(end)s", start=figures.at_its_clocks(when.starts_at, when.timezone), end=hours)
    return figures.with_place(both, when.timezone)


# The language is a part of the key: what was written in one is never told in another.
@lru_cache(KEPT_MAX)
def _money(cents: int, currency: str, _language: str) -> str:
    return figures.money(cents, currency)


@lru_cache(KEPT_MAX)
def _moment(at: datetime, timezone: str, _language: str) -> str:
    return figures.told(at, timezone)


FILTERS: Final[dict[str, Callable[..., Any]]] = {"money": money, "moment": moment, "span": span}
