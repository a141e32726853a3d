"""Everybody asks for what is gone while others buy: each is refused, each of the others is served."""

from __future__ import annotations

import itertools

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.bench import stage
from tests.bench.open_loop import latencies, request
from tests.bench.storm import weathered

REFUSED_PER_S, ORDERS_PER_S, SECONDS = 500, 5, 3.0
STEPS = ("POST /v1/holds", "POST /v1/orders", "GET /v1/orders/{order_id}/tickets")


@pytest.mark.slow
async def test_a_sold_out_storm_is_refused_to_the_last_and_costs_nobody_an_order_of_another_event():
    async with stage.opened(fsync="none") as opened:
        found = await weathered(opened, refused_per_s=REFUSED_PER_S, orders_per_s=ORDERS_PER_S, seconds=SECONDS)
    assert found.storm.sent >= REFUSED_PER_S * SECONDS
    assert (found.storm.refused, found.storm.unlike, found.storm.unanswered) == (found.storm.sent, 0, 0)
    assert found.storm.shed < found.storm.sent  # a machine that does much else may ask some to come again
    assert found.buyers.paid == ORDERS_PER_S * SECONDS
    assert found.ledger["sold"] == 2 * (found.buyers.paid + 1)
    assert found.ledger["sold"] + found.ledger["held"] + found.ledger["free"] == found.ledger["capacity"]
    assert all(found.buyers.p95_ms(step) > 0 for step in STEPS)


async def test_a_storm_counts_what_it_hears_that_is_not_what_it_should_hear():
    said = itertools.cycle([("slow_down", 201), ("unavailable", 503), ("sold_out", 409), ("sold_out", 409)])

    async def answer(_request: web.Request) -> web.Response:
        code, status = next(said)
        return web.json_response({"code": code}, status=status)

    app = web.Application()
    app.router.add_post("/", answer)
    async with TestServer(app) as server:
        asked = itertools.repeat(request("/", "127.0.0.1", "{}", {}, "key"))
        heard = await latencies(
            str(server.make_url("")), asked, per_s=200, seconds=0.2, connections=4, expected=b"sold_out"
        )
    assert (heard.sent, heard.unlike, heard.shed, heard.refused, heard.unanswered) == (40, 10, 10, 30, 0)
    assert "slow_down" in heard.example
