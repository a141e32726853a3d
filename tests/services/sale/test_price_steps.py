"""Price steps over real Valkey and Postgres: exactly as many as there are at the old price, by their order."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from engine.domain.errors import SoldOut
from engine.domain.sale.holds import HoldItem, HoldRequest
from tests import factories as make
from tests.takers import taker

EARLY = {"name": "Early", "price_cents": 500, "until": None, "until_sold": 25, "number": 1}


async def stepped(core, pool, *, places: int = 400, steps: tuple = (EARLY,), **kind: object) -> tuple[str, str]:
    """(event, ticket type) of a floor whose type costs 1000 after its steps."""
    kind = {"max_per_order": 50, **kind}
    terms = {"categories": ["Floor"], "price_steps": list(steps), "step_numbers": [s["number"] for s in steps], **kind}
    event_id, (kind_id,) = await make.event(pool, make.chart(make.general("Floor", places)), [terms])
    await core.inventory.load(event_id)
    return event_id, kind_id


async def place(core, event_id: str, kind: str, quantity: int, key: str):
    request = HoldRequest(event_id, (HoldItem(kind, quantity),))
    return await core.holds.place(request, admission=None, principal="t", key=key, body=b"{}", taker=taker())


def prices(placed) -> list[int]:
    return [line.price_cents for line in placed.hold.lines]


async def test_two_hundred_at_once_get_exactly_so_many_at_the_old_price(core, pool):
    event_id, kind = await stepped(core, pool)
    placed = await asyncio.gather(*(place(core, event_id, kind, 1 + i % 2, f"k{i}") for i in range(200)))
    assert Counter(price for each in placed for price in prices(each)) == {500: 25, 1000: 275}
    for each in placed:
        assert each.hold.price.face_cents == sum(prices(each))
        assert each.hold.held_cents == each.hold.price.total_cents


async def test_what_is_given_back_is_sold_at_its_old_price_again(core, pool):
    event_id, kind = await stepped(core, pool)
    first = await place(core, event_id, kind, 10, "a")
    second = await place(core, event_id, kind, 20, "b")
    assert prices(second) == [500] * 15 + [1000] * 5
    await core.holds.release(first.hold.id, first.token)
    assert prices(await place(core, event_id, kind, 12, "c")) == [500] * 5 + [1000] * 7
    await core.holds.release(second.hold.id, second.token)
    # 12 are held, 5 of them at the old price: by the count, 13 more are cheap.
    assert prices(await place(core, event_id, kind, 14, "d")) == [500] * 13 + [1000]


async def test_a_repeated_hold_keeps_its_step_when_nothing_is_left(core, pool):
    event_id, kind = await stepped(core, pool, capacity=25)
    first = await place(core, event_id, kind, 25, "a")
    with pytest.raises(SoldOut) as refused:
        await place(core, event_id, kind, 1, "b")
    assert refused.value.facts["free"] == 0
    again = await place(core, event_id, kind, 25, "a")
    assert again.replayed
    assert again.hold == first.hold


async def test_steps_end_by_the_clock_and_a_hold_keeps_the_one_it_was_placed_at(core, pool):
    soon = datetime.now(UTC) + timedelta(seconds=1)
    steps = ({**EARLY, "until": soon.isoformat(), "until_sold": None},)
    event_id, kind = await stepped(core, pool, steps=steps)
    held = await place(core, event_id, kind, 1, "a")
    while datetime.now(UTC) <= soon:
        await asyncio.sleep(0.05)
    assert prices(await place(core, event_id, kind, 1, "b")) == [1000]
    hold = await core.holds.of_token(held.hold.id, held.token)
    assert (hold.lines[0].price_step, hold.price.total_cents, hold.held_cents) == ("Early", 500, 500)


async def test_a_hold_that_grows_and_shrinks_has_each_ticket_at_its_own_step(core, pool):
    event_id, kind = await stepped(core, pool)
    held = await place(core, event_id, kind, 24, "a")
    grown = await core.holds.grow(held.hold.id, held.token, (HoldItem(kind, 3),), taker=taker())
    assert [line.price_cents for line in grown.lines] == [500] * 25 + [1000] * 2
    shrunk = await core.holds.shrink(held.hold.id, held.token, str(grown.lines[-1].unit))
    assert shrunk.price.face_cents == 25 * 500 + 1000


async def test_seats_are_swapped_at_the_price_they_were_held_at(core, pool):
    terms = {"categories": ["S"], "price_steps": [{**EARLY, "until_sold": 1}], "step_numbers": [1]}
    event_id, (kind,) = await make.event(pool, make.chart(make.seated("S", 2, 10)), [terms])
    await core.inventory.load(event_id)
    request = HoldRequest(event_id, (HoldItem(kind, 2, seats=("S/1/1", "S/1/2")),))
    held = await core.holds.place(request, admission=None, principal="t", key="a", body=b"{}", taker=taker())
    assert prices(held) == [500, 1000]
    swapped = await core.holds.swap(held.hold.id, held.token, ["S/2/1", "S/2/2"], None, taker=taker())
    assert swapped.price.face_cents == 1500


async def test_the_count_survives_a_rebuild_and_a_step_that_was_taken_away(core, pool):
    event_id, kind = await stepped(core, pool)
    await place(core, event_id, kind, 20, "a")
    await core.inventory.rebuild(event_id)
    assert prices(await place(core, event_id, kind, 10, "b")) == [500] * 5 + [1000] * 5
    await pool.execute("UPDATE ticket_types SET price_steps = '[]', capacity = 31 WHERE id = $1", kind)
    await core.inventory.changed(event_id)
    assert prices(await place(core, event_id, kind, 1, "c")) == [1000]
    with pytest.raises(SoldOut):
        await place(core, event_id, kind, 1, "d")


async def test_availability_and_quotes_show_the_step_that_stands_and_what_comes_next(core, pool):
    event_id, kind = await stepped(core, pool)
    await place(core, event_id, kind, 23, "a")
    quoted = await core.holds.quote(HoldRequest(event_id, (HoldItem(kind, 3),)))
    assert [line.price_step for line in quoted.lines] == ["Early", "Early", None]
    row = await core.availability.of_type(event_id, kind, exact=False)
    step = row.price_step
    assert (step.name, step.all_in_cents, step.left, step.next.name, step.next.all_in_cents) == (
        "Early", 500, 2, None, 1000,
    )  # fmt: skip
