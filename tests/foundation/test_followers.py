"""Tasks that are ended: also those that do not hear it the first time."""

from __future__ import annotations

import asyncio

from engine.foundation import followers


async def test_who_forgets_a_cancellation_is_told_again_and_what_others_raised_is_nobodys():
    told = 0

    async def forgetful() -> None:
        nonlocal told
        while told < 3:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                told += 1

    async def failing() -> None:
        raise OSError("gone")

    tasks = [asyncio.create_task(forgetful()), asyncio.create_task(failing()), asyncio.create_task(asyncio.sleep(3600))]
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await followers.end(*tasks)
    assert all(task.done() for task in tasks)
    assert told == 3
