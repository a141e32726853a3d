from __future__ import annotations

import asyncio

import pytest

from engine.pages import memo
from engine.pages.memo import Memo


async def test_a_crowd_asks_once() -> None:
    asked = 0

    async def make() -> int:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.01)
        return asked

    kept = Memo[int]()
    assert await asyncio.gather(*(kept.get("event", make) for _ in range(200))) == [1] * 200


async def test_a_failure_is_told_to_who_waited_and_then_forgotten() -> None:
    async def fail() -> int:
        raise LookupError

    async def work() -> int:
        return 7

    kept = Memo[int]()
    with pytest.raises(LookupError):
        await kept.get("event", fail)
    await asyncio.sleep(0)
    assert await kept.get("event", work) == 7


async def test_a_visitor_who_leaves_does_not_take_the_answer_along() -> None:
    async def make() -> int:
        await asyncio.sleep(0.02)
        return 1

    kept = Memo[int]()
    gone = asyncio.create_task(kept.get("event", make))
    await asyncio.sleep(0)
    stays = asyncio.create_task(kept.get("event", make))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == 1


async def test_a_remembered_value_grows_old() -> None:
    async def make() -> object:
        return object()

    kept = Memo[object](kept_s=0.0)
    assert await kept.get("event", make) is not await kept.get("event", make)


async def test_no_more_than_a_bound_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memo, "KEPT_MAX", 3)

    async def make() -> object:
        return object()

    kept = Memo[object](kept_s=60.0)
    first = await kept.get(0, make)
    for number in range(1, 4):
        await kept.get(number, make)
    assert await kept.get(0, make) is not first
