"""The outbox runs errands: those it cannot read or that nobody handles wait, are repeated and die at last."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from engine.domain.errands import EventCancelled, MailTickets
from engine.services.outbox import Outbox
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
