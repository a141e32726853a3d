"""Messages are derived from what the ledger writes anyway: a job reads its logs and tells those who have endpoints.

An order pays nothing for it: no statement of its own, no errand, no trigger. Without an endpoint on the platform the
job asks one question a second. What it reads twice makes one message, so a worker that dies is no loss.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from engine.domain.messages.webhook_kinds import OF_CHANGES, OF_DEEDS
from engine.domain.messages.webhooks import MESSAGES_KEPT_DAYS
from engine.foundation.ids import new_id
from engine.services.messages.webhooks.documents import Documents, Happened, Shapes, body_of
from engine.stores.database import Connection, Pool
from engine.stores.messages.webhooks import feed as store
from engine.stores.messages.webhooks.feed import FEEDS, Line, NewMessage

FORGOTTEN_PER_STEP: Final = 1_000


class WebhookFeed:
    """Reads, and writes messages."""

    def __init__(self, *, pool: Pool, documents: Documents) -> None:
        self._pool = pool
        self._documents = documents

    async def step(self, shapes: Shapes) -> int:
        """Read the next lines of each log. 0 if all of them are read and told nothing about those who listen."""
        subscribed = await store.subscribed(self._pool)
        if not subscribed:
            return 0
        async with self._pool.acquire() as db, db.transaction():
            places = await store.lock(db)
            lines: list[Line] = []
            at_end = True
            for feed in FEEDS:
                if feed not in places:
                    break
                more, at_end = await store.read(db, places[feed], list(subscribed))
                lines += more
                if not at_end:
                    break  # what follows may tell of things that this log has not told of yet
            happened = [
                one for one in await self._told(lines, subscribed) if one.kind in subscribed[one.organization_id]
            ]
            await self._write(db, happened, shapes)
        return len(lines) + (not at_end)

    async def forget(self) -> int:
        """Let messages of MESSAGES_KEPT_DAYS ago go."""
        return await store.forget(self._pool, MESSAGES_KEPT_DAYS, FORGOTTEN_PER_STEP)

    async def _told(self, lines: Sequence[Line], subscribed: Mapping[str, frozenset[str]]) -> list[Happened]:
        """What these lines tell; a paid order's is followed by that of each of its tickets."""
        paid = [
            line.object_id
            for line in lines
            if line.word == "order.paid" and "ticket.issued" in subscribed[line.organization_id]
        ]
        issued = await self._documents.tickets_of(paid)
        told: list[Happened] = []
        for line in lines:
            happened = _happened(line)
            told.append(happened)
            if happened.kind == "order.paid":
                told += [
                    dataclasses.replace(
                        happened, kind="ticket.issued", object_id=ticket_id, cause=f"{happened.cause}:{ticket_id}"
                    )
                    for ticket_id in issued.get(line.object_id, ())
                ]
        return told

    async def _write(self, db: Connection, happened: Sequence[Happened], shapes: Shapes) -> None:
        """A message for each cause that led to none yet, with the next number of its object."""
        known = await store.known(db, [one.cause for one in happened]) if happened else frozenset()
        fresh = list({one.cause: one for one in happened if one.cause not in known}.values())
        found = zip(fresh, await self._documents.of(fresh, shapes), strict=True)
        ready = [(one, data) for one, data in found if data is not None]
        if not ready:
            return
        counts = Counter((one.organization_id, one.object_id) for one, _ in ready)
        last = await store.count(db, counts)
        given = {key: last[key] - taken for key, taken in counts.items()}
        messages: list[NewMessage] = []
        for one, data in ready:
            key = one.organization_id, one.object_id
            given[key] += 1
            message_id = new_id("msg")
            messages.append(
                NewMessage(
                    id=message_id,
                    organization_id=one.organization_id,
                    kind=one.kind,
                    object_id=one.object_id,
                    subject=one.subject,
                    sequence=given[key],
                    cause=one.cause,
                    body=body_of(one, message_id, given[key], data).decode(),
                    happened_at=one.happened_at,
                )
            )
        await store.add(db, messages)


def _happened(line: Line) -> Happened:
    """A line's own message. A dispute's first line is the one that tells of it, whatever it says."""
    kind = "checkin.created"
    if line.feed != "scans":
        kind = OF_DEEDS[line.word] if line.feed == "deeds" else OF_CHANGES[line.word]
    cause = f"dispute:{line.subject}" if kind == "dispute.created" else f"{line.feed}:{line.number}"
    return Happened(kind, line.organization_id, line.object_id, line.subject, cause, line.happened_at)
