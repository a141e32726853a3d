"""The outbox runs errands: those it cannot read or that nobody handles wait, are repeated and die at last."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest

from engine.domain.errands import EventCancelled, LeaseEnded, MailTickets, UnitsFreed, UnitsOrdered, UnitsSold
from engine.services.outbox import SEVERAL_MAX, Doing, Outbox
from engine.stores import outbox as store
from engine.stores.outbox import ATTEMPTS_MAX, OutboxStore


class Heard:
    def __init__(self) -> None:
        self.errands: list[tuple[object, bool]] = []

    async def __call__(self, errand: object, repeated: bool) -> None:
        self.errands.append((errand, repeated))


@pytest.fixture
async def outbox(pool: asyncpg.Pool) -> AsyncIterator[Outbox]:
    rows = OutboxStore(pool)
    yield Outbox(store=rows)
    await rows.close()


async def test_an_errand_is_handled_as_it_was_written_at_once_or_by_the_relay(pool, outbox):
    heard = Heard()
    outbox.on(EventCancelled, heard)
    await outbox.at_once([await store.add(pool, "evt_1", EventCancelled("evt_1"), delay_s=60)])
    await store.add(pool, "evt_2", EventCancelled("evt_2"))
    assert await outbox.step() == 1
    assert heard.errands == [(EventCancelled("evt_1"), False), (EventCancelled("evt_2"), True)]


async def test_mail_is_left_to_the_relay_by_the_process_that_wrote_it(pool, outbox):
    heard = Heard()
    outbox.on(MailTickets, heard)
    await outbox.at_once([await store.add(pool, "ord_1", MailTickets("ord_1"))])
    assert heard.errands == []
    await outbox.step()
    assert heard.errands == [(MailTickets("ord_1"), True)]


class Slow(Heard):
    """Writes down when an errand is begun and when it is done."""

    def __init__(self, told: list[str], name: str) -> None:
        super().__init__()
        self.told = told
        self.name = name

    async def __call__(self, errand: object, repeated: bool) -> None:
        self.told.append(f"{self.name} begins")
        await asyncio.sleep(0.02)
        self.told.append(f"{self.name} ends")


async def test_what_an_order_left_to_do_soon_is_done_before_what_comes_after_it(pool, outbox):
    told: list[str] = []
    outbox.on(UnitsOrdered, Slow(told, "ordered"))
    outbox.on(UnitsFreed, Slow(told, "freed"))
    ordered = await store.add(pool, "ord_1", UnitsOrdered("evt_1", "ord_1", "hld_1", (1,)))
    freed = await store.add(pool, "ord_1", UnitsFreed("evt_1", (1,), ("tt_1",), "ord_1"))
    await outbox.soon("ord_1", [ordered])
    assert told == []
    await outbox.at_once([freed])
    assert told == ["ordered begins", "ordered ends", "freed begins", "freed ends"]
    await outbox.soon("ord_1", [ordered])
    await outbox.done_for("ord_1")
    assert told[4:] == ["ordered begins", "ordered ends"]


async def test_errands_that_linger_for_company_linger_at_the_same_time(pool, outbox):
    told: list[str] = []
    outbox.on(EventCancelled, Slow(told, "cancelled"))
    outbox.on(UnitsSold, Slow(told, "sold"))
    outbox.on(LeaseEnded, Slow(told, "lease"))
    errands = EventCancelled("evt_1"), UnitsSold("evt_1", "ord_1", "hld_1", (1,)), LeaseEnded("evt_1", "00")
    await outbox.at_once([await store.add(pool, "ord_1", errand) for errand in errands])
    assert told[:2] == ["sold begins", "lease begins"]
    assert told[4:] == ["cancelled begins", "cancelled ends"]


async def test_beyond_the_limit_what_is_to_be_done_soon_is_waited_for(pool, outbox, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("engine.services.outbox.SOON_MAX", 0)
    told: list[str] = []
    outbox.on(UnitsOrdered, Slow(told, "ordered"))
    await outbox.soon("ord_1", [await store.add(pool, "ord_1", UnitsOrdered("evt_1", "ord_1", "hld_1", (1,)))])
    assert told == ["ordered begins", "ordered ends"]


@pytest.mark.parametrize(
    ("topic", "error"), [("event.moved", "no handler for event.moved"), ("event.cancelled", "`event_id`")]
)
async def test_an_errand_that_cannot_be_read_is_put_off_and_dies_at_last(pool, outbox, topic, error):
    outbox.on(EventCancelled, Heard())
    await pool.execute("INSERT INTO outbox (topic, key, payload) VALUES ($1, 'x', $2)", topic, {"event": "evt_1"})
    await outbox.step()
    (attempts, said) = await pool.fetchrow("SELECT attempts, error FROM outbox WHERE dead_at IS NULL")
    assert attempts == 1
    assert error in said
    await pool.execute("UPDATE outbox SET attempts = $1, available_at = now()", ATTEMPTS_MAX - 1)
    await outbox.step()
    (dead,) = await outbox.dead(10)
    assert (dead["topic"], dead["attempts"]) == (topic, ATTEMPTS_MAX)


async def test_one_errand_has_one_handler(outbox):
    outbox.on(EventCancelled, Heard())
    with pytest.raises(AssertionError, match=r"event\.cancelled"):
        outbox.on(EventCancelled, Heard())


class Together:
    """Does errands that were read for at once, but for some."""

    def __init__(self, *, fails: frozenset[str] = frozenset(), unread: bool = False) -> None:
        self.groups: list[int] = []
        self.done: list[str] = []
        self.fails = fails
        self.unread = unread

    async def of_several(self, errands: Sequence[MailTickets]) -> list[Doing]:
        self.groups.append(len(errands))
        if self.unread:
            raise LookupError("one of them is not there")
        return [functools.partial(self.do, errand, False) for errand in errands]

    async def do(self, errand: MailTickets, _repeated: bool) -> None:
        if errand.order_id in self.fails:
            raise OSError("no mail server")
        self.done.append(errand.order_id)


async def written(pool: asyncpg.Pool, count: int) -> list[str]:
    ids = [f"ord_{number:03}" for number in range(count)]
    for order_id in ids:
        await store.add(pool, order_id, MailTickets(order_id))
    return ids


async def left(pool: asyncpg.Pool) -> list[str]:
    return [row["key"] for row in await pool.fetch("SELECT key FROM outbox ORDER BY key")]


async def test_errands_of_a_kind_are_read_for_in_groups_and_each_is_done_once(pool, outbox):
    together = Together()
    outbox.on(MailTickets, together.do, of_several=together.of_several)
    ids = await written(pool, SEVERAL_MAX + 3)
    assert await outbox.step() == len(ids)
    assert together.groups == [SEVERAL_MAX, 3]
    assert sorted(together.done) == ids
    await outbox._store.close()
    assert await left(pool) == []


async def test_an_errand_of_a_group_that_fails_takes_no_neighbour_along(pool, outbox):
    together = Together(fails=frozenset({"ord_003", "ord_004"}))
    outbox.on(MailTickets, together.do, of_several=together.of_several)
    ids = await written(pool, 9)
    await outbox.step()
    assert sorted([*together.done, "ord_003", "ord_004"]) == ids
    await outbox._store.close()
    assert await left(pool) == ["ord_003", "ord_004"]
    assert {row["attempts"] for row in await pool.fetch("SELECT attempts FROM outbox")} == {1}


async def test_a_group_that_cannot_be_read_for_is_done_one_by_one(pool, outbox):
    together = Together(unread=True, fails=frozenset({"ord_001"}))
    outbox.on(MailTickets, together.do, of_several=together.of_several)
    await written(pool, 3)
    await pool.execute("INSERT INTO outbox (topic, key, payload) VALUES ('mail.tickets', 'odd', '{\"order\": 1}')")
    await outbox.step()
    assert sorted(together.done) == ["ord_000", "ord_002"]
    await outbox._store.close()
    assert await left(pool) == ["odd", "ord_001"]
