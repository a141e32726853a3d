"""A Redis Cluster: events live on different nodes; a master dies under load and its replica sells on.

Only what that node had is refused meanwhile, with 503 and Retry-After; the audit is clean afterwards.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.foundation.cluster import HotCluster, hot_redis, open_client, slot_of
from engine.foundation.connections import SlotMoved
from engine.settings import Settings
from engine.stores import keys
from tests import factories as make
from tests.faults.cluster_box import MASTERS, ClusterBox
from tests.faults.conftest import audited, until_sold_again
from tests.shop import Answer, Shop

LOAD_S = 6.0
BUYERS = 12


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[ClusterBox]:
    box = ClusterBox(tmp_path)
    try:
        yield await box.form()
    finally:
        box.stop()


@pytest.fixture
def settings(settings: Settings, cluster: ClusterBox) -> Settings:
    return settings.model_copy(update={"redis_url": cluster.url})


@pytest.fixture
async def redis_client(cluster: ClusterBox) -> AsyncIterator[object]:
    client = open_client(cluster.url)
    yield client
    await client.aclose()


@pytest.fixture
async def hot(cluster: ClusterBox) -> AsyncIterator[HotCluster]:
    connection = await hot_redis(cluster.url).open()
    assert isinstance(connection, HotCluster)
    yield connection
    await connection.close()


def test_a_key_goes_by_its_hash_tag_as_the_specification_has_it():
    assert slot_of(b"123456789") == 0x31C3
    assert slot_of(b"inv:{evt_1}:map") == slot_of("hold:{evt_1}:77") == slot_of(b"evt_1")
    assert slot_of(b"a{}b") == slot_of(b"a{}b")
    assert slot_of(b"foo{{bar}}zap") == slot_of(b"{bar")


async def _sections(shop: Shop, cluster: ClusterBox) -> dict[int, list[tuple[str, list[str]]]]:
    """Events by the node that has them, at least one on each master."""
    found: dict[int, list[tuple[str, list[str]]]] = {number: [] for number in range(MASTERS)}
    for _ in range(60):
        await shop.open_event(make.seated("Floor", 120, 50), types=[{"categories": ["Floor"]}])
        found[await cluster.master_of(keys.epoch(shop.event_id))].append((shop.event_id, shop.types))
        if all(found.values()):
            return found
    raise AssertionError("every event went to the same nodes")


@pytest.mark.slow
async def test_a_master_that_dies_under_load_costs_only_503s_and_no_seat(shop: Shop, cluster: ClusterBox):
    by_node = await _sections(shop, cluster)
    events = [one for several in by_node.values() for one in several[:2]]
    victim = 1
    seen: dict[str, Counter[int]] = {event_id: Counter() for event_id, _ in events}
    paid: list[tuple[str, Answer]] = []
    over = asyncio.Event()

    async def buyer(number: int) -> None:
        rng = random.Random(number)
        while not over.is_set():
            event_id, types = rng.choice(events)
            item = {"ticket_type_id": types[0], "quantity": rng.choice([1, 2])}
            hold = await shop.ask(
                "POST", "/v1/holds", {"event_id": event_id, "items": [item]}, Idempotency_Key=shop.key()
            )
            seen[event_id][hold.status] += 1
            if hold.status == 503:
                assert int(hold.headers["Retry-After"]) >= 1
                await asyncio.sleep(0.05)
                continue
            assert hold.status in {201, 409}, hold.body
            if hold.status == 409 or rng.random() < 0.5:
                continue
            order = await shop.order(hold)
            if order.status != 201:
                assert order.status in {503, 410, 409}, order.body
                continue
            if (await shop.pay(order))[0] == 200:
                paid.append((event_id, order))

    buyers = [asyncio.create_task(buyer(number)) for number in range(BUYERS)]
    await asyncio.sleep(LOAD_S / 3)
    before = {event_id: Counter(statuses) for event_id, statuses in seen.items()}
    cluster.kill(victim)
    await asyncio.sleep(LOAD_S)
    over.set()
    await asyncio.gather(*buyers)

    hit = {event_id for event_id, _ in by_node[victim]}
    for event_id, statuses in seen.items():
        assert before[event_id][201] > 0
        assert statuses[201] > before[event_id][201], f"{event_id} never sold again"
        if event_id not in hit:
            assert statuses[201] - before[event_id][201] > statuses[503], statuses
    for event_id, order in paid:
        shop.event_id = event_id
        assert (await shop.until(order, "paid"))["status"] == "paid"
    for event_id, types in events:
        shop.event_id, shop.types = event_id, types
        await until_sold_again(shop)
        await audited(shop)


async def test_a_failover_that_is_asked_for_costs_no_more_than_a_moment(shop: Shop, cluster: ClusterBox):
    """Nobody's connection breaks: the old master answers MOVED, and no script runs on the new one unlooked at."""
    await shop.open_event(make.general("Floor", 200))
    order = await shop.paid(3)
    master = await cluster.master_of(keys.epoch(shop.event_id))
    replica = hot_redis(cluster.nodes[master + MASTERS].url)
    await replica.open()
    await replica.command("CLUSTER", "FAILOVER")
    await replica.close()
    async with asyncio.timeout(10):
        while await cluster.master_of(keys.epoch(shop.event_id)) == master:
            await asyncio.sleep(0.05)
    hold, refused = await until_sold_again(shop, 2)
    assert len(refused) < 40
    rows = await shop.services.common.pool.fetch("SELECT unit FROM order_units WHERE order_id = $1", order["order_id"])
    assert not {row["unit"] for row in rows} & {item["unit"] for item in hold["items"]}
    assert (await audited(shop))["sold"] == 3


async def test_a_plain_command_follows_and_a_script_says_so_first(cluster: ClusterBox, hot: HotCluster):
    key = b"wr:{evt_x}:probe"
    master = await cluster.master_of(key)
    hot._slots[slot_of(key)] = next(
        address for address in hot._nodes if not address.endswith(f":{cluster.port(master)}")
    )
    wrong = list(hot._slots)
    assert await hot.command(b"SET", key, b"1") == b"OK"
    hot._slots = wrong
    generation = hot.generation
    with pytest.raises(SlotMoved):
        await hot.command(b"EVALSHA", b"0" * 40, 1, key)
    async with asyncio.timeout(5):
        while hot.generation == generation:
            await asyncio.sleep(0.01)
    assert await hot.command(b"GET", key) == b"1"
    assert await hot.run_id(key)


async def test_whoever_listens_on_one_node_hears_every_node(cluster: ClusterBox, hot: HotCluster):
    client = open_client(cluster.url)
    heard: list[bytes] = []
    heard_hot: list[bytes] = []

    async def listen(channel) -> None:
        while True:
            message = await channel.get_message(timeout=1)
            if message is not None:
                heard.append(message["data"])

    every, began = keys.DELTA_CHANNEL_PREFIX + b"*", asyncio.Event()
    hearing = asyncio.create_task(hot.hear([every], lambda _, data: heard_hot.append(data), began=began.set))
    async with client.pubsub(ignore_subscribe_messages=True) as channel:
        await channel.psubscribe(every)
        listening = asyncio.create_task(listen(channel))
        await began.wait()
        await asyncio.sleep(0.1)
        for number, node in enumerate(list(hot._nodes.values())):
            await node.command(b"PUBLISH", b"inv:{evt_%d}" % number, b"%d" % number)
        async with asyncio.timeout(5):
            while len(heard) < MASTERS or len(heard_hot) < MASTERS:
                await asyncio.sleep(0.02)
        for task in (listening, hearing):
            task.cancel()
        await asyncio.gather(listening, hearing, return_exceptions=True)
    await client.aclose()
    assert sorted(heard_hot) == [b"0", b"1", b"2"]
    assert sorted(heard) == [b"0", b"1", b"2"]
