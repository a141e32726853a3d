"""What is sold out is noted by the worker, for lists that ask the ledger."""

from __future__ import annotations

import asyncpg

from engine.jobs import sold_out
from engine.jobs.sold_out import SoldOut
from engine.services.catalogue.programme.publication import Publication
from tests import factories
from tests.services.conftest import Core


async def test_an_event_is_noted_as_sold_out_while_nothing_of_it_is_left(core: Core, pool: asyncpg.Pool, monkeypatch):
    seating = factories.chart(factories.seated("Floor", 1, 2))
    event_id, (kind,) = await factories.event(pool, seating, [{"categories": ["Floor"]}])
    await factories.taken(pool, event_id, kind, ["Floor/1/1"])
    await core.inventory.load(event_id)
    publication = Publication(pool=pool, events=None, platform=None, engine_url="")
    job = SoldOut(core.inventory, core.availability, publication)

    async def noted() -> bool:
        assert await job.step() == 0
        return bool(await pool.fetchval("SELECT sold_out FROM events WHERE id = $1", event_id))

    assert not await noted()
    await factories.taken(pool, event_id, kind, ["Floor/1/2"])
    await core.inventory.rebuild(event_id)
    assert await noted()
    await pool.execute("UPDATE events SET sold_out = false")
    assert not await noted(), "no unit moved: it is not looked at again"
    monkeypatch.setattr(sold_out, "LOOK_AGAIN_S", 0.0)
    assert await noted()
    await pool.execute("UPDATE order_units SET live = false")
    await core.inventory.rebuild(event_id)
    assert not await noted()
