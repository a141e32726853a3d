"""The two ways into the script: the batch of an event, and the planned batch for what no tape can pick.

Of planned batches one is under way at a time: Rust plans all of it on a fresh map, the script takes exactly that,
and what somebody else took meanwhile is planned again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import hotpath_rs
from engine.domain.sale.selling import SellingEvent
from engine.foundation import logs
from engine.foundation.batching import GroupCommit, Promise
from engine.foundation.errors import Unavailable
from engine.services.sale.hold_asks import Ask
from engine.services.sale.inventory import Inventory
from engine.stores.sale.hold_answers import Held, NotFound, Placing, Releasing, SoldOut, Taken, read_placed
from engine.stores.sale.hold_records import REF_BYTES, Run, allocation_byte
from engine.stores.sale.holds import HoldStore, Item, pick_exact

PLAN_TRIES_MAX = 64
PLAN_AGE_MAX_MS = 1000
BATCHES_MAX = 1_024  # events whose batches are remembered; beyond, those that nobody uses are made again when asked for

_log = logs.get("holds")


@dataclass(frozen=True, slots=True)
class _Planned:
    item: Item
    ask: Ask
    event: SellingEvent


class HoldBatches:
    """Batches by event. Anybody who is cancelled after their hold was placed gives it back."""

    def __init__(self, *, store: HoldStore, inventory: Inventory) -> None:
        self._store = store
        self._inventory = inventory
        self._batches: dict[str, GroupCommit[bytes, bytes]] = {}
        self._plans: dict[str, GroupCommit[_Planned, Placing]] = {}
        self._undoing: set[asyncio.Task[Releasing]] = set()

    def place(self, event_id: str, item: bytes) -> asyncio.Future[bytes]:
        """The script's answer for a packed item, as it wrote it."""
        return self._batch(event_id).submit(item)

    def place_to(self, event_id: str, item: bytes, promise: Promise[bytes]) -> None:
        """As ``place``, with a place of the caller's own for the answer."""
        self._batch(event_id).submit_to(item, promise)

    def plan(self, event: SellingEvent, item: Item, ask: Ask) -> asyncio.Future[Placing]:
        """The script's answer for what the planner finds; SoldOut or NotFound if it finds nothing."""
        return self._plan_batch(event.id).submit(_Planned(item, ask, event))

    async def close(self) -> None:
        """Finish what is queued."""
        for batch in self._batches.values():
            await batch.close()
        for planned in self._plans.values():
            await planned.close()

    def _batch(self, event_id: str) -> GroupCommit[bytes, bytes]:
        batch = self._batches.get(event_id)
        if batch is None:

            async def commit(items: list[bytes]) -> list[bytes]:
                return await self._inventory.fenced(event_id, lambda epoch: self._store.place(event_id, epoch, items))

            _forget_idle(self._batches)
            batch = self._batches[event_id] = GroupCommit(
                "holds", commit, undo=lambda item, raw: self._undo(event_id, item[:REF_BYTES], read_placed(raw))
            )
        return batch

    def _plan_batch(self, event_id: str) -> GroupCommit[_Planned, Placing]:
        batch = self._plans.get(event_id)
        if batch is None:

            async def commit(items: list[_Planned]) -> list[Placing | BaseException]:
                return await self._plan(event_id, items)

            _forget_idle(self._plans)
            batch = self._plans[event_id] = GroupCommit(
                "planned_holds", commit, flights_max=1, age_max_ms=PLAN_AGE_MAX_MS,
                undo=lambda planned, a: self._undo(event_id, planned.item.ref, a),
            )  # fmt: skip
        return batch

    async def _plan(self, event_id: str, items: list[_Planned]) -> list[Placing | BaseException]:
        """Plan all on one map, take exactly that, plan again what others took meanwhile."""
        answers: list[Placing | BaseException | None] = [None] * len(items)
        left = list(range(len(items)))
        for _ in range(PLAN_TRIES_MAX):
            current = await self._inventory.unit_map(event_id)
            event = items[left[0]].event
            if current is None or len(current) != event.units:
                raise Unavailable("The inventory is being rebuilt", retry_after_s=1)
            plans = event.seat_map.plan_many(current, [items[i].ask.planner for i in left])
            packed, chosen = [], []
            for i, plan in zip(left, plans, strict=True):
                if isinstance(plan, hotpath_rs.AllocationRefused):
                    answers[i] = _refused(plan)
                    continue
                chosen.append(i)
                packed.append(items[i].item.with_picks((_planned(items[i].ask, plan),)).pack())
            if chosen:
                replies = await self._inventory.fenced(
                    event_id,
                    lambda epoch, packed=packed: self._store.place(event_id, epoch, packed),  # type: ignore[misc]  # a default's type is lost
                )
                for i, reply in zip(chosen, replies, strict=True):
                    answers[i] = read_placed(reply)
            left = [i for i in chosen if isinstance(answers[i], Taken)]
            if not left:
                break
        for i in left:
            answers[i] = Unavailable("Too many buyers want the same seats: try again", retry_after_s=1)
        return [answer for answer in answers if answer is not None]

    def _undo(self, event_id: str, ref: bytes, answer: Placing) -> None:
        """The caller is gone but the hold was placed: nobody will use it, so give it back."""
        if not isinstance(answer, Held):
            return
        task = asyncio.get_running_loop().create_task(
            self._inventory.fenced(event_id, lambda epoch: self._store.release(event_id, epoch, ref, forget=True))
        )
        self._undoing.add(task)
        task.add_done_callback(self._undone)

    def _undone(self, task: asyncio.Task[Releasing]) -> None:
        self._undoing.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.info("abandoned_hold_left_to_expiry", error=repr(task.exception()))


def _forget_idle(batches: dict[str, GroupCommit[Any, Any]]) -> None:
    if len(batches) >= BATCHES_MAX:
        for event_id in [event_id for event_id, batch in batches.items() if batch.idle]:
            del batches[event_id]


def exact_pick(ask: Ask) -> bytes:
    """The seats an ask names."""
    kinds = [kind.number for kind, count in ask.parts for _ in range(count)]
    runs = merged([Run(kind, unit, 1) for kind, unit in zip(kinds, ask.seats, strict=True)])
    return pick_exact(runs, allocation_byte(1, adjacent=is_block(ask.seats), orphans=0))


def _planned(ask: Ask, plan: hotpath_rs.Plan) -> bytes:
    kinds = [kind.number for kind, count in ask.parts for _ in range(count)]
    runs = merged([Run(kind, unit, 1) for kind, unit in zip(kinds, plan.units, strict=True)])
    return pick_exact(runs, allocation_byte(plan.step, adjacent=plan.adjacent, orphans=plan.orphans_created))


def merged(runs: Sequence[Run]) -> list[Run]:
    """Neighbouring units of one type as one run."""
    whole: list[Run] = []
    for run in runs:
        last = whole[-1] if whole else None
        if last is not None and last.kind == run.kind and last.unit + last.length == run.unit:
            whole[-1] = Run(last.kind, last.unit, last.length + 1)
        else:
            whole.append(run)
    return whole


def is_block(units: Sequence[int]) -> bool:
    """Whether the units are neighbours in the numbering."""
    ordered = sorted(units)
    return ordered[-1] - ordered[0] == len(ordered) - 1


def _refused(refusal: hotpath_rs.AllocationRefused) -> SoldOut | NotFound:
    return SoldOut(refusal.free) if refusal.code == "sold_out" else NotFound(refusal.free)
