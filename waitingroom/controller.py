"""The controller of one room: a step every quarter of a second. Every process runs one; the fence lets one lead.

The leader's step moves the serving counter by what rate, capacity, stock and health allow; everybody's step brings the
snapshot that this process answers from. The leader also holds the draw and keeps in Postgres what must survive Redis.
"""

from __future__ import annotations

import asyncio
import contextlib
import time

from engine.foundation import leases, logs
from engine.foundation.problems import refusal_of
from waitingroom.board import Snapshot, read
from waitingroom.drawing import hold_draw
from waitingroom.ledger import NUMBER_BLOCK, Ledger
from waitingroom.room import Room
from waitingroom.store import Fenced

STEP_S = 0.25
STEP_FAR_S = 1.0  # the prequeue is not near, or the room is closed
NEAR_MS = 15_000
KEEP_SERVING_EVERY_S = 0.5
MARK_LOW = NUMBER_BLOCK // 2
_log = logs.get("waitingroom.controller")


class Controller:
    """Steps one room until cancelled. ``name`` tells this process from the others."""

    def __init__(self, room: Room, ledger: Ledger, name: bytes) -> None:
        self._room = room
        self._ledger = ledger
        self._name = name
        self._fence = b"-1"
        self._health = leases.HEALTH_FULL
        self._wake = asyncio.Event()
        self._draw: asyncio.Task[None] | None = None
        self._kept_serving, self._kept_at_s = 0, 0.0
        self._forget_from = 0
        self._failing = False
        self.leads = False

    def wake(self) -> None:
        """Something happened that is worth a step now: a lease came back, the rules changed."""
        self._wake.set()

    async def run(self) -> None:
        """Step for ever. A store that is away is met with the next step, never with an exception."""
        try:
            while True:
                self._wake.clear()
                await self._survive()
                # Not wait_for: in Python 3.11 it forgets a cancellation that meets the wake-up.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._pause_s()):
                        await self._wake.wait()
        finally:
            if self._draw is not None:
                self._draw.cancel()

    async def step(self) -> None:
        """One step. Fenced rooms are restored first."""
        room = self._room
        try:
            if room.board.snapshot is not None and room.board.snapshot.base_phase == "open":
                self._health = await room.store.health()
            self.leads, now_ms, m = await room.store.tick(self._name, self._fence, self._health)
        except Fenced:
            await room.restore()
            self.leads, now_ms, m = await room.store.tick(self._name, self._fence, self._health)
        snapshot = read(now_ms, m)
        if snapshot.moved and room.rules.draw is None:
            await room.learn()
        room.board.show(snapshot)
        room.gauges.feed(snapshot)
        await room.presence.flush(room.store, drawn=snapshot.seed is not None, seen=room.mails_links)
        if self.leads:
            self._fence = snapshot.fence
            await self._lead(snapshot)

    async def _survive(self) -> None:
        """A step that fails, whatever it fails of, must not end the room. It is told once, not four times a second."""
        try:
            await self.step()
        except Exception as error:  # noqa: BLE001 - as above
            self._room.board.admit_silence()
            if not self._failing:
                away = isinstance(error, Fenced) or refusal_of(error) is not None
                tell = _log.warning if away else _log.error
                tell("step_failed", event_id=self._room.event_id, exc_info=None if away else error, error=repr(error))
            self._failing = True
        else:
            if self._failing:
                _log.info("steps_again", event_id=self._room.event_id)
            self._failing = False

    async def _lead(self, snapshot: Snapshot) -> None:
        room = self._room
        if snapshot.past:
            await self._forget()
            return
        if snapshot.base_phase == "drawing" and self._draw is None:
            self._draw = asyncio.create_task(hold_draw(room, self._ledger, snapshot.cohort))
            self._draw.add_done_callback(self._drawn)
        if 0 < snapshot.hwm <= snapshot.tail + MARK_LOW:
            await room.raise_high_water(snapshot.epoch, snapshot.tail + MARK_LOW)
        now_s = time.monotonic()
        if snapshot.serving > self._kept_serving and now_s - self._kept_at_s >= KEEP_SERVING_EVERY_S:
            await self._ledger.keep_serving(room.event_id, snapshot.serving)
            self._kept_serving, self._kept_at_s = snapshot.serving, now_s

    async def _forget(self) -> None:
        """Delete a bounded part of what Redis holds of a room that is past. Postgres remembers when nothing is left."""
        room = self._room
        if room.rules.forgotten:
            return
        following = await room.store.forget(self._forget_from)
        if following is None:
            await self._ledger.keep_forgotten(room.event_id)
            await room.learn()
            _log.info("room_forgotten", event_id=room.event_id)
        self._forget_from = following or 0

    def _drawn(self, task: asyncio.Task[None]) -> None:
        self._draw = None
        if not task.cancelled() and task.exception() is not None:
            _log.error("draw_failed", event_id=self._room.event_id, exc_info=task.exception())
        self.wake()

    def _pause_s(self) -> float:
        snapshot = self._room.board.snapshot
        if snapshot is None or self._room.board.stale:
            return STEP_S
        far = snapshot.base_phase == "scheduled" and snapshot.prequeue_opens_at_ms - self._room.board.now_ms() > NEAR_MS
        return STEP_FAR_S if far or snapshot.phase == "closed" else STEP_S
