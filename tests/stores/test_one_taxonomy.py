"""Events of before the taxonomy find their category when the ledger is migrated."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest

from tests import factories

UP = next(Path("engine/stores/migrations").glob("*_one_taxonomy.sql")).read_text().split("-- migrate:down")[0]


@pytest.mark.parametrize(
    ("typed", "name", "tags"),
    [
        ("sport", "sports", []), ("Sports ", "sports", []), ("Th\u00e9\u00e2tre", "theatre", []),
        ("concert", "concert", []),
        ("Stand Up", "comedy", []), ("Zumba", "other", ["Zumba"]), ("OTHER", "other", []),
    ],
)  # fmt: skip
async def test_what_was_typed_becomes_its_category_and_is_still_found(pool: asyncpg.Pool, typed, name, tags):
    types = [{"categories": ["Floor"]}]
    event_id, _ = await factories.event(pool, factories.chart(factories.general("Floor", 5)), types, category=typed)
    await pool.execute(UP)
    row = await pool.fetchrow("SELECT category, tags FROM events WHERE id = $1", event_id)
    assert (row["category"], row["tags"]) == (name, tags)
