"""The job that forgets what was kept long enough, a bounded step at a time, and logs how much went."""

from __future__ import annotations

from typing import Final

import msgspec

from engine.domain.insight.retention import GUESTS_PER_STEP, ROWS_PER_STEP, Keeping, Visited
from engine.foundation import logs
from engine.foundation.ids import new_id
from engine.foundation.news import News
from engine.stores.database import Connection, Pool
from engine.stores.insight import personal_data
from engine.stores.insight import retention as store
from engine.stores.insight.retention import GuestMark

_log = logs.get("retention")
_mark: Final = msgspec.json.Decoder(GuestMark)


class Retention:
    """Several workers may run it: each rule is one worker's at a time."""

    def __init__(self, *, pool: Pool, order_news: News, keeping: Keeping) -> None:
        self._pool = pool
        self._order_news = order_news
        self._keeping = keeping

    async def step(self) -> int:
        """A step of each rule; how many rows were visited, 0 once all of them wait for time to pass."""
        async with self._pool.acquire() as db:
            async with db.transaction():
                network = await store.forget_network(db, self._keeping.network_d, ROWS_PER_STEP)
            async with db.transaction():
                places = await store.forget_scan_places(db, self._keeping.scan_place_d, ROWS_PER_STEP)
            async with db.transaction():
                guests, order_ids = await self._forget_guests(db)
        if order_ids:
            await self._order_news.changed(*order_ids)
        for rule, did in (("network", network), ("scan_place", places), ("guest", guests)):
            if did.removed:
                _log.info("retention_forgot", rule=rule, removed=did.removed)
        return network.visited + places.visited + guests.visited

    async def _forget_guests(self, db: Connection) -> tuple[Visited, list[str]]:
        """(what one step came to, orders that changed)."""
        days, kept = self._keeping.guest_d, await store.mark(db, "guest")
        at = _mark.decode(kept) if kept else GuestMark()
        rows = await store.guests(db, at, days, GUESTS_PER_STEP) if at.event_id else []
        if not rows:
            following = await store.next_event(db, at, days)
            if following is None:
                return Visited(visited=0, removed=0), []
            await store.move(db, "guest", msgspec.json.encode(following).decode())
            return Visited(visited=1, removed=0), []
        order_ids, removed = list[str](), 0
        for address in sorted({row["address"] for row in rows if not row["comes_again"]}):
            gone = await personal_data.forget_orders(db, new_id("era"), address)
            order_ids += gone
            removed += 1
        at = msgspec.structs.replace(at, order_id=rows[-1]["id"])
        await store.move(db, "guest", msgspec.json.encode(at).decode())
        return Visited(visited=len(rows), removed=removed), order_ids
