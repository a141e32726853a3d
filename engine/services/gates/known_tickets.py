"""Tickets that this process read for an upload: a guess that spares the ledger reading them again.

Whether the guess is true the ledger is asked in the transaction that answers (``store.still``): each row's place and
writer, and where the table is kept. So nobody has to tell this process of what others write.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

import hotpath_rs

EVENTS_MAX: Final = 2  # a process; some 30 MB each at most
KNOWN_FOR_S: Final = 3_600.0  # the numbers of writers come round again after four thousand million of them


@dataclass(frozen=True, slots=True)
class Known:
    """An event's tickets. ``home`` names the files in which their rows have their places."""

    home: str
    tickets: hotpath_rs.KnownTickets = field(default_factory=hotpath_rs.KnownTickets)
    since_s: float = field(default_factory=time.monotonic)


class KnownTickets:
    """The events whose tickets were read last."""

    def __init__(self) -> None:
        self._events: OrderedDict[str, Known] = OrderedDict()

    def of(self, event_id: str) -> Known:
        """An event's tickets, none of them if they were read long ago."""
        known = self._events.get(event_id)
        if known is None or time.monotonic() - known.since_s > KNOWN_FOR_S:
            return self._put(event_id, Known(home=""))
        self._events.move_to_end(event_id)
        return known

    def at(self, event_id: str, home: str) -> Known:
        """As ``of``, to put in what was read there."""
        known = self.of(event_id)
        return known if known.home == home else self._put(event_id, Known(home=home))

    def _put(self, event_id: str, known: Known) -> Known:
        self._events[event_id] = known
        self._events.move_to_end(event_id)
        if len(self._events) > EVENTS_MAX:
            self._events.popitem(last=False)
        return known
