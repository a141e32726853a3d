"""Who may read the metrics: anybody who brings the token, and where there is none, this machine."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
from aiohttp.test_utils import make_mocked_request

from engine.foundation import metrics, operations
from engine.foundation.errors import Forbidden
from engine.foundation.health import Health
from engine.jobs import steps

TOKEN = "t" * 32
HEALTH = Health({}, required=frozenset())


def _asked(peer, **headers):
    transport = Mock()
    transport.get_extra_info = lambda name, default=None: peer if name == "peername" else default
    return make_mocked_request("GET", "/metrics", headers=headers, transport=transport)


@pytest.mark.parametrize("peer", [("127.0.0.1", 1), ("::1", 1)])
async def test_without_a_token_this_machine_reads_the_metrics(peer):
    assert (await operations.scrape(_asked(peer), "", HEALTH)).status == 200


@pytest.mark.parametrize(
    "peer", [("192.0.2.1", 1), ("::ffff:192.0.2.1", 1), "", None], ids=["v4", "v6", "unix", "none"]
)
async def test_without_a_token_nobody_else_reads_them(peer):
    with pytest.raises(Forbidden):
        await operations.scrape(_asked(peer), "", HEALTH)


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
@pytest.mark.parametrize("said", ["127.0.0.1", "::1", "192.0.2.1", "for=127.0.0.1", "", "1.1 here"])
async def test_who_came_through_a_proxy_is_not_on_this_machine(header, said):
    asked = _asked(("127.0.0.1", 1), **{header: said})
    with pytest.raises(Forbidden):
        await operations.scrape(asked, "", HEALTH)


async def test_with_a_token_it_alone_opens():
    right = _asked(("192.0.2.1", 1), Authorization=f"Bearer {TOKEN}")
    assert (await operations.scrape(right, TOKEN, HEALTH)).status == 200
    for wrong in (_asked(("127.0.0.1", 1)), _asked(("127.0.0.1", 1), Authorization="Bearer " + "u" * 32)):
        with pytest.raises(Forbidden):
            await operations.scrape(wrong, TOKEN, HEALTH)


async def test_a_scrape_tells_what_is_up_now():
    away = [False]

    async def store():
        if away[0]:
            raise ConnectionError

    health = Health({"a_store": store}, required=frozenset({"a_store"}))
    for away[0], told in ((False, "1.0"), (True, "0.0")):
        answer = await operations.scrape(_asked(("127.0.0.1", 1)), "", health)
        assert f'onsale_subsystem_up{{subsystem="a_store"}} {told}' in answer.text


async def test_a_worker_looks_by_itself_for_nobody_asks_it():
    async def away():
        raise TimeoutError

    metrics.UP.labels("a_worker_store").set(1)
    assert await steps.watch(Health({"a_worker_store": away}, required=frozenset())) == 0
    assert b'onsale_subsystem_up{subsystem="a_worker_store"} 0.0' in metrics.exposition()[0]
