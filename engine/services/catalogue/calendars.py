"""Events as entries of a calendar (iCalendar, RFC 5545): what calendars subscribe to, and what comes with tickets.

An entry has one name wherever it comes from, so a calendar that meets it again changes the one it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Final
from urllib.parse import urlsplit

import icalendar

from engine.domain.catalogue.event_cards import EventCard
from engine.domain.catalogue.events import Event

ICS: Final = "text/calendar; charset=utf-8"


def ics(title: str, base: str, events: Sequence[EventCard] | Sequence[Event]) -> bytes:
    """A calendar. Times are instants in UTC: every calendar shows them in its reader's own zone."""
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//onsale//events//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", title)
    for event in events:
        url = f"{base}/e/{event.slug}"
        entry = icalendar.Event()
        entry.add("uid", f"{event.id}@{urlsplit(base).hostname}")
        entry.add("dtstamp", (event.published_at or event.starts_at).astimezone(UTC))  # the same bytes each time
        entry.add("sequence", event.version)
        entry.add("dtstart", event.starts_at.astimezone(UTC))
        entry.add("dtend", event.ends_at.astimezone(UTC))
        entry.add("summary", event.title)
        entry.add("description", f"{event.summary}\n{url}" if event.summary else url)
        entry.add("location", where(event))
        entry.add("url", url)
        entry.add("status", "CANCELLED" if event.status == "cancelled" else "CONFIRMED")
        if event.venue.lat is not None and event.venue.lng is not None:
            entry.add("geo", (event.venue.lat, event.venue.lng))
        calendar.add_component(entry)
    written: bytes = calendar.to_ical()
    return written


def where(event: EventCard | Event) -> str:
    """``Orpheum, 601 Smithe Street, Vancouver``."""
    return ", ".join(filter(None, [event.venue.name, event.venue.address, event.venue.city]))
