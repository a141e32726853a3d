"""The state file: one line per saved object, appended in short intervals, rewritten without history at each start.

A line is `["table", object]`; the last line about an id wins and a torn last line is ignored, so a kill at any
moment loses at most `JOURNAL_FLUSH_EVERY_S` of writes.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import orjson

from loadtest.sandbox import limits
from loadtest.sandbox.store import Store


class FileJournal:
    """Collects the ids that changed and writes each of them once per flush."""

    def __init__(self, path: Path, store: Store) -> None:
        self._path, self._store = path, store
        self._changed: dict[tuple[str, str], None] = {}

    def mark(self, table: str, identifier: str) -> None:
        self._changed[table, identifier] = None

    def load(self) -> int:
        """Read what an earlier sandbox left, then replace the file by its compact form. Answers how many objects."""
        loaded = 0
        if self._path.exists():
            with self._path.open("rb") as lines:
                for line in lines:
                    loaded += self._read(line)
        self._compact()
        return loaded

    def flush(self) -> None:
        changed, self._changed = self._changed, {}
        lines = []
        for table, identifier in changed:
            found = self._store.get(table, identifier)
            if found is not None:
                lines.append(orjson.dumps([table, found]) + b"\n")
        if lines:
            with self._path.open("ab") as journal:
                journal.writelines(lines)

    async def run(self) -> None:
        try:
            while True:
                await asyncio.sleep(limits.JOURNAL_FLUSH_EVERY_S)
                self.flush()
        finally:
            self.flush()

    def _read(self, line: bytes) -> int:
        try:
            table, found = orjson.loads(line)
            self._store.tables[table].put(found)
        except (orjson.JSONDecodeError, ValueError, KeyError, TypeError):
            return 0  # torn by a kill
        return 1

    def _compact(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_name(self._path.name + ".fresh")
        with fresh.open("wb") as journal:
            for name, table in self._store.tables.items():
                journal.writelines(orjson.dumps([name, found]) + b"\n" for found in table.by_id.values())
            journal.flush()
            os.fsync(journal.fileno())
        fresh.replace(self._path)
