"""Everything the sandbox remembers: tables of Stripe objects in order of creation, written behind to a journal.

An object is the dict Stripe would answer; keys that begin with an underscore are ours and never leave the process.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from itertools import islice
from typing import Protocol

from loadtest.sandbox import limits
from loadtest.sandbox.errors import ApiError, InvalidRequest, Obj, ResourceMissing

TABLES = (
    "payment_intents", "charges", "refunds", "customers", "payment_methods", "checkout_sessions", "accounts",
    "transfers", "application_fees", "disputes", "balance_transactions", "payouts", "events", "idempotency",
)  # fmt: skip
_FORGETFUL = {"events": limits.EVENTS_KEPT_MAX, "idempotency": limits.IDEMPOTENCY_RECORDS_MAX}


class Journal(Protocol):
    def mark(self, table: str, identifier: str) -> None:
        """Remember to write this object at the next flush."""


class Table:
    """Objects by id and by age. A forgetful table drops its oldest tenth when full; any other refuses to grow."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.by_id: dict[str, Obj] = {}
        self._ids: list[str] = []
        self._position: dict[str, int] = {}
        self._capacity = _FORGETFUL.get(name, limits.OBJECTS_PER_TABLE_MAX)

    def __len__(self) -> int:
        return len(self.by_id)

    def put(self, found: Obj) -> None:
        identifier = found["id"]
        if identifier not in self.by_id:
            if len(self.by_id) >= self._capacity:
                self._make_room()
            self._position[identifier] = len(self._ids)
            self._ids.append(identifier)
        self.by_id[identifier] = found

    def newest_first(self, starting_after: str | None = None, ending_before: str | None = None) -> Iterator[Obj]:
        """Older than `starting_after`, or newer than `ending_before` (then oldest of them first, as cursors need)."""
        if ending_before is not None:
            return (self.by_id[found] for found in islice(self._ids, self._at(ending_before) + 1, None))
        end = len(self._ids) if starting_after is None else self._at(starting_after)
        return (self.by_id[self._ids[index]] for index in range(end - 1, -1, -1))

    def only(self, identifiers: list[str]) -> Table:
        """A small table of these objects alone, for a cursor to walk."""
        few = Table(self.name)
        for identifier in identifiers:
            few.put(self.by_id[identifier])
        return few

    def _at(self, identifier: str) -> int:
        position = self._position.get(identifier)
        if position is None:
            raise InvalidRequest(
                f"No such {self.name}: '{identifier}'", code="resource_missing", param="starting_after"
            )
        return position

    def _make_room(self) -> None:
        if self.name not in _FORGETFUL:
            raise ApiError(f"The sandbox holds at most {self._capacity} {self.name}.")
        for old in self._ids[: self._capacity // 10]:
            del self.by_id[old]
        self._ids = self._ids[self._capacity // 10 :]
        self._position = {identifier: index for index, identifier in enumerate(self._ids)}


class Store:
    """The tables and the clock. `clock_offset_s` lets a rehearsal look at tomorrow."""

    def __init__(self) -> None:
        self.tables = {name: Table(name) for name in TABLES}
        self.clock_offset_s = 0.0
        self.journal: Journal | None = None

    def time_s(self) -> float:
        return time.time() + self.clock_offset_s

    def now_s(self) -> int:
        return int(self.time_s())

    def save(self, table: str, found: Obj) -> Obj:
        self.tables[table].put(found)
        if self.journal is not None:
            self.journal.mark(table, found["id"])
        return found

    def get(self, table: str, identifier: str | None) -> Obj | None:
        return self.tables[table].by_id.get(identifier) if identifier else None

    def find(self, table: str, identifier: str, *, account: str | None = None, param: str = "id") -> Obj:
        """The object, seen from `account` (None is the platform). Refused with resource_missing otherwise."""
        found = self.tables[table].by_id.get(identifier)
        if found is None or found.get("_account") != account:
            raise ResourceMissing(table.removesuffix("s"), identifier, param=param)
        return found


def new_id(prefix: str) -> str:
    return prefix + secrets.token_hex(12)
