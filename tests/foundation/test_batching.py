"""Group commit: alone at once, together when busy, shed when the store is slow and never because the loop was."""

from __future__ import annotations

import asyncio
import time

import pytest

from engine.foundation.batching import BATCH_MAX, CROWD_MAX, WORTH_IT, GroupCommit, Overloaded


class Store:
    """Commits batches of numbers; each takes ``seconds``. Numbers below zero are refused one by one."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.batches: list[list[int]] = []
        self.at_once = self.at_once_max = 0

    async def commit(self, items: list[int]) -> list[int | BaseException]:
        self.batches.append(items)
        self.at_once += 1
        self.at_once_max = max(self.at_once, self.at_once_max)
        await asyncio.sleep(self.seconds)
        self.at_once -= 1
        return [item * 2 if item >= 0 else ValueError(item) for item in items]


async def test_a_lone_request_goes_out_at_once_and_alone():
    store = Store()
    commit = GroupCommit("lone", store.commit)
    assert await commit.submit(21) == 42
    assert store.batches == [[21]]


async def test_requests_of_one_tick_go_out_together_and_are_answered_in_order():
    store = Store()
    commit = GroupCommit("tick", store.commit)
    assert await asyncio.gather(*(commit.submit(i) for i in range(10))) == [i * 2 for i in range(10)]
    assert store.batches == [list(range(10))]


async def test_what_arrives_during_a_round_trip_leaves_with_the_next_in_bounded_batches():
    store = Store(seconds=0.005)
    commit = GroupCommit("busy", store.commit)
    answers = await asyncio.gather(*(commit.submit(i) for i in range(1000)))
    assert answers == [i * 2 for i in range(1000)]
    assert max(len(batch) for batch in store.batches) == BATCH_MAX
    assert store.at_once_max == 2


async def test_one_bad_item_fails_alone():
    commit = GroupCommit("bad", Store().commit)
    answers = await asyncio.gather(*(commit.submit(i) for i in (1, -1, 2)), return_exceptions=True)
    assert answers[0] == 2
    assert answers[2] == 4
    assert isinstance(answers[1], ValueError)


async def test_a_broken_store_is_heard_by_every_caller_and_the_next_batch_still_goes():
    broken = [True]

    async def commit_or_not(items: list[int]) -> list[int | BaseException]:
        if broken:
            broken.clear()
            raise ConnectionError("away")
        return list(items)

    commit = GroupCommit("broken", commit_or_not)
    answers = await asyncio.gather(*(commit.submit(i) for i in range(5)), return_exceptions=True)
    assert all(isinstance(answer, ConnectionError) for answer in answers)
    assert await commit.submit(7) == 7


async def test_a_slow_store_sheds_newcomers_with_a_time_to_come_back():
    store = Store(seconds=3.0)  # far longer than a busy machine sleeps over the 0.2 s below
    commit = GroupCommit("slow", store.commit, batch_max=1, flights_max=1, age_max_ms=50)
    first, second = commit.submit(1), commit.submit(2)
    await asyncio.sleep(0.2)
    with pytest.raises(Overloaded) as refused:
        commit.submit(3)
    assert (refused.value.status, refused.value.retry_after_s) == (503, 1)
    assert [await first, await second] == [2, 4]


async def test_a_herd_that_is_being_answered_is_never_shed_however_old_its_first_is():
    store = Store(seconds=0.02)
    commit = GroupCommit("herd", store.commit, batch_max=8, flights_max=1, age_max_ms=50)
    waiting = [commit.submit(i) for i in range(200)]
    while len(store.batches) < 10:  # 200 ms and more: the first in the queue is older than its limit
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        waiting = [future for future in waiting if not future.done()]
    waiting += [commit.submit(i) for i in range(200, CROWD_MAX - 200)]
    await asyncio.gather(*waiting)
    assert sum(map(len, store.batches)) == CROWD_MAX - 200


async def test_more_than_a_herd_is_shed_where_its_first_has_waited_too_long():
    store = Store(seconds=0.02)
    commit = GroupCommit("crowd", store.commit, batch_max=8, flights_max=1, age_max_ms=50)
    waiting = [commit.submit(i) for i in range(2 * CROWD_MAX)]
    while len(store.batches) < 10:
        await waiting[8 * len(store.batches)]
    with pytest.raises(Overloaded):
        commit.submit(0)
    for future in waiting:
        future.cancel()
    await commit.close()


async def test_a_stalled_loop_is_not_taken_for_a_slow_store():
    commit = GroupCommit("stalled", Store().commit, age_max_ms=50)
    futures = [commit.submit(1)]
    time.sleep(0.2)
    futures += [commit.submit(i) for i in range(2, 500)]
    assert await asyncio.gather(*futures) == [i * 2 for i in range(1, 500)]


async def test_a_full_queue_sheds_before_it_grows():
    commit = GroupCommit("full", Store(seconds=0.05).commit, batch_max=1, flights_max=1, queue_max=3)
    waiting = [commit.submit(i) for i in range(3)]
    with pytest.raises(Overloaded):
        commit.submit(4)
    assert await asyncio.gather(*waiting) == [0, 2, 4]


async def test_what_was_committed_for_a_caller_who_left_is_undone():
    undone: list[tuple[int, int]] = []
    store = Store(seconds=0.05)
    commit = GroupCommit("left", store.commit, undo=lambda item, answer: undone.append((item, answer)))
    left, stayed = commit.submit(1), commit.submit(2)
    await asyncio.sleep(0.01)
    left.cancel()
    assert await stayed == 4
    assert undone == [(1, 2)]


async def test_who_leaves_before_the_batch_goes_is_never_committed():
    store = Store(seconds=0.02)
    commit = GroupCommit("early", store.commit, batch_max=1, flights_max=1)
    first, second = commit.submit(1), commit.submit(2)
    await asyncio.sleep(0.005)
    second.cancel()
    assert await first == 2
    await commit.close()
    assert store.batches == [[1]]


async def test_closing_finishes_what_waits_and_refuses_newcomers():
    store = Store(seconds=0.02)
    commit = GroupCommit("closing", store.commit, batch_max=2, flights_max=1)
    waiting = [commit.submit(i) for i in range(5)]
    closing = asyncio.create_task(commit.close())
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        commit.submit(9)
    await closing
    assert [future.result() for future in waiting] == [0, 2, 4, 6, 8]


async def test_batches_begin_no_sooner_than_their_pace_and_the_first_at_once():
    store = Store()
    commit = GroupCommit("paced", store.commit, pace_s=0.05)
    began_s = time.monotonic()
    assert await commit.submit(1) == 2
    assert time.monotonic() - began_s < 0.04
    second = commit.submit(2)
    await asyncio.sleep(0.01)
    third = commit.submit(3)
    await asyncio.sleep(0.01)
    assert store.batches == [[1]]
    assert await asyncio.gather(second, third) == [4, 6]
    assert store.batches == [[1], [2, 3]]
    assert time.monotonic() - began_s > 0.045
    await asyncio.sleep(0.06)
    began_s = time.monotonic()
    assert await commit.submit(4) == 8
    assert time.monotonic() - began_s < 0.04


async def test_a_batch_that_is_worth_it_does_not_wait_for_its_time():
    store = Store()
    commit = GroupCommit("worth it", store.commit, pace_s=30)
    await commit.submit(0)
    async with asyncio.timeout(5):
        await asyncio.gather(*(commit.submit(i) for i in range(WORTH_IT)))
    assert store.batches == [[0], list(range(WORTH_IT))]


async def test_what_comes_during_a_flight_keeps_the_pace_too():
    store = Store(seconds=0.02)
    commit = GroupCommit("flight", store.commit, flights_max=1, pace_s=0.05)
    first = commit.submit(1)
    await asyncio.sleep(0.005)
    more = [commit.submit(2)]
    await asyncio.sleep(0.03)
    more.append(commit.submit(3))
    await asyncio.gather(first, *more)
    assert store.batches == [[1], [2, 3]]


async def test_closing_waits_for_what_is_paced():
    store = Store()
    commit = GroupCommit("closing", store.commit, pace_s=0.05)
    await commit.submit(1)
    last = commit.submit(4)
    await commit.close()
    assert await last == 8
