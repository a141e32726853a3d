"""Dead letters: provider events and errands that failed for good, for an operator to see and to requeue."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from engine.foundation.errors import NotFound
from engine.services.money.webhooks import Webhooks
from engine.services.outbox import Outbox
from engine.stores.money.webhook_events import DeadEvent

LISTED_MAX = 1_000  # of each kind, oldest first
PAGES_MAX = 1_000
ERRAND_DIGITS_MAX = 18  # what fits a bigint; everything else is the id of an event

Letter = dict[str, Any]


class DeadLetters:
    """Both kinds in one shape: kind, id, what, attempts, error, since (when it came to be)."""

    def __init__(self, *, webhooks: Webhooks, outbox: Outbox) -> None:
        self._webhooks = webhooks
        self._outbox = outbox

    async def page(self) -> tuple[list[Letter], bool]:
        """The oldest LISTED_MAX of each kind, and whether there are more."""
        events = await self._webhooks.dead(LISTED_MAX + 1)
        errands = await self._outbox.dead(LISTED_MAX + 1)
        letters = [*map(_event, events[:LISTED_MAX]), *map(_errand, errands[:LISTED_MAX])]
        return letters, max(len(events), len(errands)) > LISTED_MAX

    async def replay(self, letter_id: str) -> Letter:
        """Have it tried again, with all its attempts; as it was. NotFound if there is no such dead letter."""
        letter = None
        if letter_id.isascii() and letter_id.isdecimal() and len(letter_id) <= ERRAND_DIGITS_MAX:
            letter = await self._errand_again(int(letter_id))
        elif letter_id.isprintable():
            letter = await self._event_again(letter_id)
        if letter is None:
            raise NotFound(f"There is no dead letter {letter_id!a}")
        return letter

    async def replay_all(self) -> list[Letter]:
        """Have all of them tried again, at most PAGES_MAX pages; as they were."""
        replayed: list[Letter] = []
        for _ in range(PAGES_MAX):
            letters, more = await self.page()
            for letter in letters:
                again = self._event_again if letter["kind"] == "webhook" else self._errand_again
                replayed += filter(None, [await again(letter["id"])])
            if not more:
                break
        return replayed

    async def _event_again(self, event_id: str) -> Letter | None:
        row = await self._webhooks.replay(event_id)
        return None if row is None else _event(row)

    async def _errand_again(self, errand_id: int) -> Letter | None:
        row = await self._outbox.replay(errand_id)
        return None if row is None else _errand(row)


def _event(event: DeadEvent) -> Letter:
    what = " ".join(filter(None, (event.kind, event.object_id)))
    return _letter("webhook", asdict(event), what, event.received_at)


def _errand(row: Letter) -> Letter:
    return _letter("errand", row, f"{row['topic']} {row['key']}", row["created_at"])


def _letter(kind: str, row: Letter, what: str, since: Any) -> Letter:
    return {
        "kind": kind,
        "id": row["id"],
        "what": what,
        "attempts": row["attempts"],
        "error": row["error"],
        "since": since,
    }
