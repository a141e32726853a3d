"""Who said they are there, and who said goodbye, since the last flush: a worker's own memory, sent on every step.

A mark that is lost with its worker costs nothing: the next beat repeats it.
"""

from __future__ import annotations

from waitingroom.store import MARKS_MAX, RoomStore

KEPT_MAX = 200_000


class Presence:
    """Marks of one room. Marks made before the draw are by registration index and die with it."""

    def __init__(self) -> None:
        self._there: set[int] = set()
        self._gone: set[int] = set()
        self._drawn = False

    def mark(self, number: int, *, drawn: bool) -> None:
        """This number is there."""
        self._turn(drawn)
        if len(self._there) < KEPT_MAX:
            self._there.add(number)
            self._gone.discard(number)

    def leave(self, number: int, *, drawn: bool) -> None:
        """This number has left; its place is kept, but it is not waited for."""
        self._turn(drawn)
        if len(self._gone) < KEPT_MAX:
            self._gone.add(number)
            self._there.discard(number)

    def _turn(self, drawn: bool) -> None:
        if drawn != self._drawn:
            self._there.clear()
            self._gone.clear()
            self._drawn = drawn

    async def flush(self, store: RoomStore, *, drawn: bool, seen: bool) -> None:
        """Send what has gathered; what could not be sent is kept for the next time. ``seen``: see RoomStore.mark."""
        self._turn(drawn)
        while self._there or self._gone:
            there = [self._there.pop() for _ in range(min(len(self._there), MARKS_MAX))]
            gone = [self._gone.pop() for _ in range(min(len(self._gone), MARKS_MAX - len(there)))]
            try:
                await store.mark(there, gone, seen=seen)
            except BaseException:
                self._there.update(there)
                self._gone.update(gone)
                raise
