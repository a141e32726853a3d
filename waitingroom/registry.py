"""The rooms of this process: found in Postgres, kept up to date by messages and, if those are lost, by polling."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import secrets
import time
from collections.abc import AsyncIterator

import redis.exceptions

import hotpath_rs
from engine.foundation import followers, leases, logs
from engine.foundation.cluster import open_client
from engine.foundation.connections import HotRedis
from engine.foundation.errors import Refusal
from engine.foundation.ids import is_id
from engine.foundation.store_faults import LEDGER_FAULTS
from waitingroom.board import Board, Snapshot
from waitingroom.controller import Controller
from waitingroom.errors import NoRoom
from waitingroom.ledger import Ledger
from waitingroom.room import Room
from waitingroom.rules import Rules
from waitingroom.store import Fenced

REFRESH_S = 1.5
LISTEN_AGAIN_S = 0.5
UNKNOWN_KEPT_S = 1.0
UNKNOWN_MAX = 10_000
HANDED_BACK_AT_ONCE = 8
HAND_BACK_WITHIN_S = 2.0  # a stop is not kept waiting for a store that is away
_log = logs.get("waitingroom.rooms")


class Rooms:
    """Every room that this process answers for."""

    def __init__(self, *, redis: HotRedis, redis_url: str, ledger: Ledger, keyring: hotpath_rs.Keyring) -> None:
        self._redis = redis
        self._redis_url = redis_url
        self._ledger = ledger
        self._keyring = keyring
        self._rooms: dict[str, Room] = {}
        self.boards: dict[str, Board] = {}  # of the rooms whose status is known
        self._controllers: dict[str, tuple[Controller, asyncio.Task[None]]] = {}
        self._unknown: dict[str, float] = {}
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}".encode()
        self._opening = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Rooms]:
        """Find the rooms, step them, listen; stop everything at the end."""
        with contextlib.suppress(*LEDGER_FAULTS):
            await self._refresh()
        tasks = [asyncio.create_task(self._poll()), asyncio.create_task(self._listen())]
        try:
            yield self
        finally:
            tasks += [task for _, task in self._controllers.values()]
            await followers.end(*tasks)
            await asyncio.gather(*(room.close() for room in self._rooms.values()))
            await self._hand_back()

    def get(self, event_id: str) -> Room | None:
        """A room that is already known here."""
        return self._rooms.get(event_id)

    def all(self) -> list[Room]:
        return list(self._rooms.values())

    def leads(self, event_id: str) -> bool:
        """Whether this process's controller leads the room."""
        entry = self._controllers.get(event_id)
        return entry is not None and entry[0].leads

    async def find(self, event_id: str) -> Room:
        """The event's room, looked up in Postgres if it is new here. NoRoom."""
        room = self._rooms.get(event_id)
        if room is not None:
            return room
        if not is_id("evt", event_id):
            raise NoRoom
        if time.monotonic() - self._unknown.get(event_id, -UNKNOWN_KEPT_S) < UNKNOWN_KEPT_S:
            raise NoRoom
        async with self._opening:
            await self.reload(event_id)
        room = self._rooms.get(event_id)
        if room is None:
            if len(self._unknown) >= UNKNOWN_MAX:
                self._unknown.clear()
            self._unknown[event_id] = time.monotonic()
            raise NoRoom
        return room

    async def step(self, event_id: str) -> None:
        """Step one room now instead of within a quarter of a second."""
        entry = self._controllers.get(event_id)
        if entry is not None:
            await entry[0].step()

    async def reload(self, event_id: str) -> None:
        """Read one room again."""
        rules = await self._ledger.room(event_id)
        if rules is None:
            await self._drop(event_id)
        else:
            await self._take(rules)

    async def _refresh(self) -> None:
        found = await self._ledger.rooms()
        for rules in found:
            await self._take(rules)
        for event_id in self._rooms.keys() - {rules.event_id for rules in found}:
            await self._drop(event_id)

    async def _take(self, rules: Rules) -> None:
        room = self._rooms.get(rules.event_id)
        if room is None:
            room = Room(
                rules=rules,
                keys=self._keyring.event(rules.event_id),
                redis=self._redis,
                ledger=self._ledger,
            )
            controller = Controller(room, self._ledger, self._name)
            with contextlib.suppress(Refusal, *LEDGER_FAULTS):
                await controller.step()
                if room.board.snapshot is not None and _edition(room.board.snapshot) != _edition(rules):
                    await room.apply(rules)  # they changed while nobody was there to be told
            await room.learn_moves(rules.moves)
            if rules.event_id in self._rooms:
                return
            self._rooms[rules.event_id] = room
            if room.board.document:
                self.boards[rules.event_id] = room.board
            self._unknown.pop(rules.event_id, None)
            self._controllers[rules.event_id] = controller, asyncio.create_task(controller.run())
            return
        await room.learn_moves(rules.moves)
        room.rules = dataclasses.replace(room.rules, embed_origins=rules.embed_origins)
        if (rules.live, *_edition(rules)) != (room.rules.live, *_edition(room.rules)):
            await room.apply(rules)
            self._controllers[rules.event_id][0].wake()

    async def _drop(self, event_id: str) -> None:
        self.boards.pop(event_id, None)
        room = self._rooms.pop(event_id, None)
        if room is not None:
            _, task = self._controllers.pop(event_id)
            task.cancel()
            await room.close()

    async def _hand_back(self) -> None:
        """What cannot be handed back in time, or because a store is gone already, is a gap and no harm."""
        slots = asyncio.Semaphore(HANDED_BACK_AT_ONCE)

        async def hand_back(room: Room) -> None:
            async with slots:
                await room.hand_back()

        try:
            async with asyncio.timeout(HAND_BACK_WITHIN_S):
                results = await asyncio.gather(*map(hand_back, self._rooms.values()), return_exceptions=True)
        except TimeoutError:
            _log.warning("numbers_not_handed_back", error=f"not done within {HAND_BACK_WITHIN_S} s")
            return
        failed = [result for result in results if isinstance(result, Exception) and not isinstance(result, Fenced)]
        if failed:
            _log.warning("numbers_not_handed_back", rooms=len(failed), error=repr(failed[0]))

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_S)
            try:
                await self._refresh()
            except (Refusal, *LEDGER_FAULTS) as error:
                _log.warning("refresh_failed", error=repr(error))

    async def _listen(self) -> None:
        while True:
            client = open_client(self._redis_url)
            try:
                async with client.pubsub(ignore_subscribe_messages=True) as messages:
                    await messages.subscribe(leases.RELEASED_CHANNEL, leases.CHANGED_CHANNEL)
                    while True:
                        message = await messages.get_message(timeout=REFRESH_S)
                        if message is not None:
                            await self._hear(message["channel"], message["data"].decode())
            except (redis.exceptions.RedisError, Refusal, *LEDGER_FAULTS) as error:
                _log.info("listening_again", error=repr(error))
                await asyncio.sleep(LISTEN_AGAIN_S)
            finally:
                await client.aclose()

    async def _hear(self, channel: bytes, event_id: str) -> None:
        if channel == leases.CHANGED_CHANNEL:
            self._unknown.pop(event_id, None)
            await self.reload(event_id)
        elif event_id in self._controllers:
            self._controllers[event_id][0].wake()


def _edition(of: Rules | Snapshot) -> tuple[int, int, int]:
    """What tells rules from others of the same room."""
    return of.on_sale_version, of.controls_version, of.forget_at_ms
