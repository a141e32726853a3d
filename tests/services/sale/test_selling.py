"""The selling snapshot: read again after any write to what it is made of, and kept as it is otherwise."""

from __future__ import annotations

import pytest

from engine.foundation.errors import NotFound
from engine.foundation.ids import new_id
from tests import factories as make

WRITES = {
    "the event": "UPDATE events SET title = 'Another night' WHERE id = $1",
    "its on-sale": "UPDATE on_sales SET room_enabled = true WHERE event_id = $1",
    "a ticket type": "UPDATE ticket_types SET price_cents = 1 WHERE event_id = $1 AND number = 0",
    "a type fewer": "DELETE FROM ticket_types WHERE event_id = $1 AND number = 1",
    "an allotment": "INSERT INTO allotments (id, event_id, number, name, units) VALUES ('alt_9', $1, 9, 'New', '{7}')",
    "an allotment fewer": "DELETE FROM allotments WHERE event_id = $1",
    "a promo code": "UPDATE promo_codes SET max_uses = 3 WHERE event_id = $1",
}


@pytest.fixture
async def event_id(pool) -> str:
    event_id, _ = await make.event(pool, make.chart(make.general("F", 50)), [{"categories": ["F"]}] * 2)
    await pool.execute(
        "INSERT INTO allotments (id, event_id, number, name, units) VALUES ('alt_1', $1, 1, 'Friends', '{1,2}')",
        event_id,
    )
    await pool.execute(
        "INSERT INTO promo_codes (id, event_id, code, kind, value) VALUES ($1, $2, 'TEN', 'percent', 1000)",
        new_id("prm"),
        event_id,
    )
    return event_id


async def test_a_snapshot_is_kept_with_its_prices_if_nothing_was_written(core, event_id: str):
    first = await core.selling.get(event_id)
    core.selling.forget(event_id)
    assert await core.selling.get(event_id) is first


@pytest.mark.parametrize("what", WRITES)
async def test_a_snapshot_is_made_again_after_any_write_to_its_rows(core, pool, event_id: str, what: str):
    first = await core.selling.get(event_id)
    assert await pool.execute(WRITES[what], event_id) != "UPDATE 0"
    core.selling.forget(event_id)
    assert await core.selling.get(event_id) is not first


async def test_an_event_that_is_gone_is_not_found_though_it_was_known(core, pool, event_id: str):
    await core.selling.get(event_id)
    await pool.execute("DELETE FROM events WHERE id = $1", event_id)
    core.selling.forget(event_id)
    with pytest.raises(NotFound):
        await core.selling.get(event_id)
