"""Word of changes: at once here, soon elsewhere, never in the way of those who change something."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from engine.foundation import embedded, news
from engine.foundation.connections import HotRedis
from engine.foundation.news import News

CHANNEL = b"test:changed"


@pytest.fixture
async def heard(hot: HotRedis) -> AsyncIterator[tuple[News, list[frozenset[str] | None]]]:
    """Another process, and what it heard."""
    there = News(CHANNEL, hot=hot)
    told: list[frozenset[str] | None] = []
    there.follow(told.append)
    listening = asyncio.create_task(there.listen())
    await _until(told, None)
    yield there, told
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def _until(told: list[frozenset[str] | None], wanted: object) -> None:
    async with asyncio.timeout(10):
        while wanted not in told:
            await asyncio.sleep(0.005)


async def test_others_hear_what_changed_and_who_said_it_does_not_hear_it_twice(hot, heard):
    _, told = heard
    here, own = News(CHANNEL, hot=hot), []
    here.follow(own.append)
    listening = asyncio.create_task(here.listen())
    await _until(own, None)
    await here.changed("ord_a", "ord_b")
    assert own == [None, frozenset({"ord_a", "ord_b"})]
    await _until(told, frozenset({"ord_a", "ord_b"}))
    await here.changed("ord_c")
    await _until(told, frozenset({"ord_c"}))
    assert own == [None, frozenset({"ord_a", "ord_b"}), frozenset({"ord_c"})]
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_a_crowd_of_changes_goes_out_in_few_messages(hot, heard):
    _, told = heard
    here = News(CHANNEL, hot=hot)
    ids = [f"ord_{number}" for number in range(300)]
    await asyncio.gather(*(here.changed(each) for each in ids))
    async with asyncio.timeout(10):
        while frozenset(ids) - {each for some in told[1:] for each in some or ()}:
            await asyncio.sleep(0.005)
    assert len(told) < 10


async def test_changes_that_are_too_many_are_known_here_alone(hot, heard):
    _, told = heard
    here, own = News(CHANNEL, hot=hot), []
    here.follow(own.append)
    here.changed_here(["ord_many"])
    await here.changed("ord_one")
    await _until(told, frozenset({"ord_one"}))
    assert own == [frozenset({"ord_many"}), frozenset({"ord_one"})]
    assert frozenset({"ord_many"}) not in told


async def test_redis_away_keeps_nobody_from_changing_things(monkeypatch: pytest.MonkeyPatch):
    away = HotRedis(f"redis://127.0.0.1:{embedded.free_port()}/0")
    here, own = News(CHANNEL, hot=away), []
    here.follow(own.append)
    for each in ("ord_a", "ord_b"):
        await here.changed(each)
    assert own == [frozenset({"ord_a"}), frozenset({"ord_b"})]

    async def never(*_arguments: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(away, "command", never)
    monkeypatch.setattr(news, "TOLD_WITHIN_S", 0.01)
    async with asyncio.timeout(10):
        await here.changed("ord_c")
    assert own[-1] == frozenset({"ord_c"})
