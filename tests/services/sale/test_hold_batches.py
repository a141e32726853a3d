"""The batches into the hold script are remembered for this many events, and never forgotten under somebody's feet."""

from __future__ import annotations

import asyncio

from engine.services.sale import hold_batches
from engine.services.sale.hold_batches import HoldBatches


class Scripts:
    """Answers every item after ``held`` is set."""

    def __init__(self) -> None:
        self.held = asyncio.Event()

    async def fenced(self, _event_id, run):
        return await run(b"epoch")

    async def place(self, _event_id, _epoch, items):
        await self.held.wait()
        return [b"S" + item for item in items]


async def _tasks_end():
    """A batch answers in its last step: its task is over one turn of the loop later."""
    for _ in range(3):
        await asyncio.sleep(0)


async def test_idle_lanes_are_forgotten_and_those_in_use_answer(monkeypatch):
    monkeypatch.setattr(hold_batches, "BATCHES_MAX", 3)
    scripts = Scripts()
    batches = HoldBatches(store=scripts, inventory=scripts)
    busy = batches.place("evt_busy", b"first")
    scripts.held.set()
    for number in range(2):
        assert await batches.place(f"evt_{number}", b"x") == b"Sx"
    assert await busy == b"Sfirst"
    await _tasks_end()
    scripts.held.clear()
    busy = batches.place("evt_busy", b"second")
    others = [batches.place(f"evt_other_{number}", b"y") for number in range(5)]
    assert set(batches._batches) == {"evt_busy", *(f"evt_other_{number}" for number in range(5))}
    scripts.held.set()
    assert await asyncio.gather(busy, *others) == [b"Ssecond"] + [b"Sy"] * 5
    await _tasks_end()
    assert await batches.place("evt_last", b"z") == b"Sz"
    assert set(batches._batches) == {"evt_last"}
    await batches.close()
