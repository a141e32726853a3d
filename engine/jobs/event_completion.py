"""Closes the books of what is over: events a day after their end, and sessions nobody can refresh any more."""

from __future__ import annotations

from engine.services.accounts.people import People
from engine.services.catalogue.events import Events


class EventCompletion:
    """One bounded step every five minutes."""

    name = "event_completion"
    interval_s = 300.0

    def __init__(self, *, events: Events, people: People) -> None:
        self._events = events
        self._people = people

    async def step(self) -> int:
        """How many events were completed; more may be waiting."""
        await self._people.sweep()
        return await self._events.complete_past()
