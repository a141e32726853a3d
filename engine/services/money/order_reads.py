"""Orders as this process read them a moment ago, with the answers that were made of them.

An order stands in memory until it changes: who changes it here says so (``News``), other processes are heard. News
may be lost, so nothing is given away that was not read within FRESH_S; then its head is read again, and what was made
of it stands on if its mark is the same. An order that is still being paid for is read each time: who heard elsewhere
that it is paid must not be told here that it is not.

Who may read an order is not remembered: every request shows its credential again (``Orders``).
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from engine.domain.money.order_status import OrderHead, OrderStatus, status_of
from engine.domain.money.orders import Order
from engine.domain.order_states import OPEN
from engine.domain.tickets.tickets import TicketPage
from engine.foundation.batching import LEDGER_PACE_S, GroupCommit, Promise
from engine.foundation.own_answers import OwnAnswer
from engine.stores.money.order_reads import MarkedHead, MarkedOrder, MarkedTickets, OrderReadStore

FRESH_S: Final = 0.8  # after this an order is looked at again, whatever was heard of it
ORDERS_MAX: Final = 8_192
BYTES_MAX: Final = 64 * 1024 * 1024
ORDER_BYTES: Final = 3_000  # what an order takes apart from its answers
BATCH_MAX: Final = 64
AGE_MAX_MS: Final = 2_000


class KnownOrder:
    """An order as it was read. ``answers`` by name: what was made of it, added by ``OrderReads.remember``."""

    __slots__ = ("answers", "head", "mark", "read_s", "status", "tickets")

    def __init__(self, found: MarkedHead, read_s: float) -> None:
        self.head: OrderHead = found.head
        self.tickets = found.tickets
        self.mark = found.mark
        self.status: OrderStatus = status_of(found.head, found.tickets)
        self.read_s = read_s
        self.answers: dict[str, OwnAnswer] = {}

    @property
    def size(self) -> int:
        return ORDER_BYTES + sum(answer.size for answer in self.answers.values())


@dataclass(frozen=True, slots=True)
class KnownTickets:
    """``of_this``: what is made of them may be remembered as that order's."""

    tickets: Sequence[TicketPage]
    of_this: bool


class _Look:
    """A reading under way. What changes meanwhile is not kept of it."""

    __slots__ = ("overtaken", "overtaken_all")

    def __init__(self) -> None:
        self.overtaken: set[str] = set()
        self.overtaken_all = False


class OrderReads:
    """Orders by id. ``now_s`` is a monotonic clock."""

    def __init__(self, *, store: OrderReadStore, now_s: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._now_s = now_s
        self._known: OrderedDict[str, KnownOrder] = OrderedDict()
        self._bytes = 0
        self._looks: set[_Look] = set()
        self._heads: GroupCommit[str, KnownOrder | None] = GroupCommit(
            "order_looks", self.look, batch_max=BATCH_MAX, age_max_ms=AGE_MAX_MS, pace_s=LEDGER_PACE_S
        )
        self._whole: GroupCommit[str, MarkedOrder | None] = GroupCommit(
            "order_wholes", self._read_whole, batch_max=BATCH_MAX, age_max_ms=AGE_MAX_MS, pace_s=LEDGER_PACE_S
        )
        self._tickets: GroupCommit[KnownOrder, KnownTickets] = GroupCommit(
            "order_tickets", self._read_tickets, batch_max=BATCH_MAX, age_max_ms=AGE_MAX_MS, pace_s=LEDGER_PACE_S
        )

    async def close(self) -> None:
        await asyncio.gather(self._heads.close(), self._whole.close(), self._tickets.close())

    def __len__(self) -> int:
        return len(self._known)

    @property
    def bytes(self) -> int:
        """What is remembered, in bytes."""
        return self._bytes

    def ready(self, order_id: str) -> KnownOrder | None:
        """The order if nobody needs to look at it again."""
        known = self._known.get(order_id)
        if known is None or known.head.status in OPEN or self._now_s() - known.read_s >= FRESH_S:
            return None
        return known

    def holds(self, known: KnownOrder) -> bool:
        """Whether no change of it was heard of since it was read."""
        return self._known.get(known.head.id) is known

    async def read(self, order_id: str) -> KnownOrder | None:
        """The order; None if there is none."""
        return self.ready(order_id) or await self._heads.submit(order_id)

    async def read_again(self, order_id: str) -> KnownOrder | None:
        """As it is now, for somebody who has seen another answer than the one remembered."""
        return await self._heads.submit(order_id)

    def look_for(self, order_id: str, promise: Promise[KnownOrder | None]) -> None:
        """As ``read_again``, with a place of the caller's own for the order. Overloaded."""
        self._heads.submit_to(order_id, promise)

    async def order(self, known: KnownOrder) -> tuple[Order, bool]:
        """The whole order, and whether what is made of it may be remembered as this one's."""
        found = await self._whole.submit(known.head.id)
        assert found is not None, "an order that was there"
        return found.order, found.mark == known.mark

    async def tickets_of(self, known: KnownOrder) -> KnownTickets:
        """Its tickets line by line."""
        if not known.tickets:
            return KnownTickets((), of_this=True)
        return await self._tickets.submit(known)

    def tickets_for(self, known: KnownOrder, promise: Promise[KnownTickets]) -> None:
        """The same for an order that has some, with a place of the caller's own for them. Overloaded."""
        self._tickets.submit_to(known, promise)

    def remember(self, known: KnownOrder, name: str, answer: OwnAnswer) -> None:
        """Keep an answer that was made of the order, as long as the order stands."""
        if not self.holds(known):
            return
        self._bytes -= known.size
        known.answers[name] = answer
        self._bytes += known.size
        self._stay_within()

    def forget(self, order_ids: frozenset[str] | None) -> None:
        """These changed; None: any of them may have."""
        for look in self._looks:
            if order_ids is None:
                look.overtaken_all = True
            else:
                look.overtaken |= order_ids
        for order_id in list(self._known) if order_ids is None else order_ids:
            self._drop(order_id)

    def forget_event(self, event_id: str) -> None:
        """An event changed, and with it what its tickets say; "": any of them may have."""
        of_it = frozenset(each for each, known in self._known.items() if known.head.event_id == event_id)
        for look in self._looks:
            look.overtaken_all = True
        self.forget(of_it if event_id else None)

    async def look(self, order_ids: Sequence[str]) -> list[KnownOrder | None]:
        """Read these orders now, all in one statement, and remember them."""
        look, began_s = _Look(), self._now_s()
        self._looks.add(look)
        try:
            found = await self._store.heads(list(dict.fromkeys(order_ids)))
        finally:
            self._looks.discard(look)
        seen = {order_id: self._seen(order_id, found, look, began_s) for order_id in dict.fromkeys(order_ids)}
        return [seen[order_id] for order_id in order_ids]

    async def moved(self, marks: Mapping[str, str]) -> list[str]:
        """Which of these orders have another mark by now."""
        return await self._store.moved(marks)

    def _seen(self, order_id: str, found: Mapping[str, MarkedHead], look: _Look, began_s: float) -> KnownOrder | None:
        known, marked = self._known.get(order_id), found.get(order_id)
        if known is not None and known.read_s > began_s:
            return known  # another look, begun later, was faster
        if marked is None:
            self._drop(order_id)
            return None
        overtaken = look.overtaken_all or order_id in look.overtaken
        if known is not None and known.mark == marked.mark and not overtaken:
            known.read_s = began_s
            self._known.move_to_end(order_id)
            return known
        fresh = KnownOrder(marked, began_s)
        if not overtaken:
            self._drop(order_id)
            self._known[order_id] = fresh
            self._bytes += fresh.size
            self._stay_within()
        return fresh

    def _stay_within(self) -> None:
        while len(self._known) > ORDERS_MAX or self._bytes > BYTES_MAX:
            self._drop(next(iter(self._known)))

    def _drop(self, order_id: str) -> None:
        known = self._known.pop(order_id, None)
        if known is not None:
            self._bytes -= known.size

    async def _read_whole(self, order_ids: list[str]) -> Sequence[MarkedOrder | None]:
        found = await self._store.whole(_each_once(order_ids))
        return [found.get(order_id) for order_id in order_ids]

    async def _read_tickets(self, orders: list[KnownOrder]) -> Sequence[KnownTickets]:
        found = await self._store.tickets(_each_once(known.head.id for known in orders))
        return [_tickets_of(found.get(known.head.id), known) for known in orders]


def _tickets_of(found: MarkedTickets | None, known: KnownOrder) -> KnownTickets:
    return KnownTickets(found.tickets if found else (), of_this=found is not None and found.mark == known.mark)


def _each_once(order_ids: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(order_ids))
