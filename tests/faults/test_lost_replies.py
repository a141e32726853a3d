"""Replies that never come: what was done is done once, what was not done is refused with 503 and Retry-After."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest
from yarl import URL

from engine.domain.sale.holds import HoldItem, HoldRequest
from tests import factories as make
from tests.faults.conftest import audited, until_sold_again
from tests.faults.proxy import Proxy
from tests.shop import Shop
from tests.takers import taker

REPEATS = 100
TRIES_MAX = 20


async def _until_placed(shop: Shop, key: str, url: str, weather: Proxy) -> tuple[str, int]:
    """(the hold, tries) as a client that repeats itself with one key."""
    body = {"event_id": shop.event_id, "items": [{"ticket_type_id": shop.types[0], "quantity": 2}]}
    for attempt in range(1, TRIES_MAX + 1):
        try:
            async with shop.http.post(url + "/v1/holds", json=body, headers={"Idempotency-Key": key}) as answer:
                if answer.status == 201:
                    return (await answer.json())["id"], attempt
                assert answer.status == 503, await answer.text()
                assert int(answer.headers["Retry-After"]) >= 1
        except aiohttp.ClientError:
            assert weather.target == shop.url, "the engine itself broke the connection"
        await asyncio.sleep(0.02)
    raise AssertionError("no hold")


@pytest.mark.parametrize("lost", [1, 3])
async def test_a_reply_lost_between_engine_and_redis_never_makes_a_second_hold(shop: Shop, proxy: Proxy, lost: int):
    await shop.open_event(make.seated("Floor", 20, 50), types=[{"categories": ["Floor"]}])
    proxy.loses = b"EVAL"
    seen, tries = set(), 0
    for number in range(REPEATS):
        proxy.lose_replies = lost
        hold_id, needed = await _until_placed(shop, f"key-{number}", shop.url, proxy)
        proxy.lose_replies = 0
        again, _ = await _until_placed(shop, f"key-{number}", shop.url, proxy)
        assert again == hold_id
        seen.add(hold_id)
        tries += needed
    assert len(seen) == REPEATS
    assert (await shop.pulse())["held"] == 2 * REPEATS
    report = await audited(shop)
    assert report["on_hold"] == 2 * REPEATS
    assert (
        tries > REPEATS if lost > 2 else tries == REPEATS
    )  # one lost reply is asked for again behind the buyer's back


async def test_a_reply_lost_between_client_and_engine_never_makes_a_second_hold(shop: Shop):
    await shop.open_event(make.seated("Floor", 20, 50), types=[{"categories": ["Floor"]}])
    seen, tries = set(), 0
    shop.http.cookie_jar.update_cookies({"onsale_caller": "v" * 24}, URL(shop.url))  # of an answer that came
    async with Proxy(shop.url) as proxy:
        for number in range(REPEATS):
            proxy.lose_replies = 1
            hold_id, needed = await _until_placed(shop, f"key-{number}", proxy.url, proxy)
            seen.add(hold_id)
            tries += needed
    assert len(seen) == REPEATS
    assert tries == 2 * REPEATS
    assert (await audited(shop))["on_hold"] == 2 * REPEATS


async def test_holds_in_flight_when_the_cable_is_pulled_are_each_placed_once(shop: Shop, proxy: Proxy):
    await shop.open_event(make.general("Floor", 500))

    async def buyer(number: int) -> str:
        return (await _until_placed(shop, f"buyer-{number}", shop.url, proxy))[0]

    buyers = [asyncio.create_task(buyer(number)) for number in range(100)]
    for _ in range(5):
        await asyncio.sleep(0.03)
        proxy.reset()
    holds = await asyncio.gather(*buyers)
    assert len(set(holds)) == 100
    assert (await audited(shop))["on_hold"] == 200


async def test_a_silent_redis_is_answered_with_503_and_recovers(shop: Shop, proxy: Proxy):
    await shop.open_event(make.general("Floor", 100))
    await until_sold_again(shop)
    proxy.silent = True
    answers = await asyncio.gather(*(shop.hold() for _ in range(20)))
    assert {answer.status for answer in answers} == {503}
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers)
    proxy.silent = False
    await until_sold_again(shop)
    report = await audited(shop)
    assert 2 <= report["on_hold"] <= 22  # what was sent into the silence may have been done: it expires unsold


async def test_a_slow_redis_sells_what_it_can_and_sheds_the_rest(shop: Shop, proxy: Proxy):
    await shop.open_event(make.general("Floor", 2000))
    await until_sold_again(shop)
    proxy.delay_s = 0.2

    async def arrive(number: int):
        await asyncio.sleep(number * 0.005)
        return await shop.hold()

    answers = await asyncio.gather(*(arrive(number) for number in range(200)))
    proxy.delay_s = 0.0
    placed = sum(answer.status == 201 for answer in answers)
    assert {answer.status for answer in answers} == {201, 503}
    assert all("Retry-After" in answer.headers for answer in answers if answer.status == 503)
    await until_sold_again(shop)
    assert (await audited(shop))["on_hold"] == placed + 2


async def test_an_item_that_nobody_understands_fails_alone(shop: Shop):
    await shop.open_event(make.general("Floor", 100))
    holds = shop.services.sale.holds

    def place(key: str):
        request = HoldRequest(shop.event_id, (HoldItem(shop.types[0], 2),))
        return holds.place(request, admission=None, principal="p", key=key, body=b"", taker=taker())

    await place("first")
    batches = holds._batches
    poison = (batches.place(shop.event_id, b"poison" * number) for number in range(4))
    answers = await asyncio.gather(place("a"), *poison, place("b"), place("c"))
    assert answers[1:5] == [b"E"] * 4
    assert all(answer.hold.lines for answer in (answers[0], *answers[5:]))
    assert (await audited(shop))["on_hold"] == 8


async def test_a_caller_who_leaves_gives_the_units_back_and_may_come_again(shop: Shop):
    await shop.open_event(make.general("Floor", 100))
    holds = shop.services.sale.holds
    item = {"ticket_type_id": shop.types[0], "quantity": 3}
    body = json.dumps({"event_id": shop.event_id, "items": [item]}).encode()
    request = HoldRequest(shop.event_id, (HoldItem(shop.types[0], 3),))
    await holds.place(request, admission=None, principal="p", key="stays", body=body, taker=taker())
    for number in range(20):
        asking = asyncio.create_task(
            holds.usual.place(body, admission=None, principal="p", key=f"k{number}", taker=taker())
        )
        while not holds._batches._batch(shop.event_id)._flights:
            await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    async with asyncio.timeout(5):
        while (await shop.pulse())["held"] != 3 or holds._batches._undoing:
            await asyncio.sleep(0.02)
    placed = await holds.usual.place(body, admission=None, principal="p", key="k3", taker=taker())
    assert placed is not None
    document, replayed = placed
    assert not replayed
    assert b'"status":"held"' in document
    assert (await audited(shop))["on_hold"] == 6
