"""An event as its gates see it, remembered for a second by every worker; its entry rules, changed by its organizer."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Final

from engine.domain.catalogue import entry_rules
from engine.domain.catalogue.entry_rules import EntryRules
from engine.domain.gates.gate_events import GateEvent
from engine.foundation.bearer import Person
from engine.foundation.connections import HotRedis
from engine.foundation.errors import NotFound
from engine.services.accounts.access import Access
from engine.services.catalogue.entry_rules import check_names
from engine.stores import activity
from engine.stores.catalogue import events
from engine.stores.database import Pool
from engine.stores.gates import gate_events as store
from engine.stores.gates import scan_map

REMEMBERED_S: Final = 1.0  # how long a changed rule or a cancelled event may take to reach a gate
REMEMBERED_MAX: Final = 1_000


class GateEvents:
    """Reads events as gates see them."""

    def __init__(self, *, pool: Pool, hot: HotRedis, access: Access) -> None:
        self._pool = pool
        self._hot = hot
        self._access = access
        self._known: OrderedDict[str, tuple[float, GateEvent]] = OrderedDict()

    async def get(self, event_id: str) -> GateEvent:
        """The event, at most REMEMBERED_S old. NotFound."""
        known = self._known.get(event_id)
        if known is not None and time.monotonic() - known[0] < REMEMBERED_S:
            return known[1]
        event = await store.read(self._pool, event_id)
        if event is None:
            raise NotFound
        self._known[event_id] = (time.monotonic(), event)
        self._known.move_to_end(event_id)
        if len(self._known) > REMEMBERED_MAX:
            self._known.popitem(last=False)
        return event

    async def rules(self, person: Person, event_id: str) -> EntryRules:
        """The rules, for anybody who may see the event's devices."""
        event = await self.get(event_id)
        await self._access.require(person, event.organization_id, "devices.read", hidden=NotFound)
        return event.entry.rules

    async def set_rules(self, person: Person, event_id: str, rules: EntryRules) -> EntryRules:
        """Replace the rules. Invalid with pointers, also to sections and ticket types that the event does not have.

        What a bit of the check-in map means may change with them, so the map is loaded again.
        """
        event = await self.get(event_id)
        await self._access.require(person, event.organization_id, "events.write", hidden=NotFound)
        entry_rules.check(rules)
        async with self._pool.acquire() as connection, connection.transaction():
            if await events.lock(connection, event_id) is None:
                raise NotFound
            await check_names(connection, event_id, rules)
            await store.write_rules(connection, event_id, rules)
            await activity.record(connection, person, "entry_rules.set", event_id, allow_reentry=rules.allow_reentry)
        self._known.pop(event_id, None)
        await scan_map.forget(self._hot, event_id)
        return rules
