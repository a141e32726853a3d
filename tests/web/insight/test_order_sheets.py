"""An event's orders as a table: for its organization alone, whole, and nothing that a spreadsheet runs."""

from __future__ import annotations

import csv
import io

import pytest

from engine.services.insight import order_sheets
from tests.shop import Shop


@pytest.mark.parametrize("path", ["/api/tickets/events/{}/export.csv", "/v1/events/{}/export.csv"])
async def test_an_organizer_takes_every_order_away_as_a_table(shop: Shop, path: str, monkeypatch: pytest.MonkeyPatch):
    await shop.open_event(types=[{"categories": ["Floor"], "price_cents": 0}])
    path = path.format(shop.event_id)
    head = await shop.organizer("finance")
    empty = await shop.ask("GET", path, Authorization=head)
    assert empty.body.decode("utf-8-sig").splitlines() == [",".join(order_sheets.COLUMNS)]
    numbers = [(await shop.ordered(1))["order_number"] for _ in range(5)]
    await shop.services.common.pool.execute("UPDATE orders SET buyer_name = '=1+1' WHERE order_number = $1", numbers[0])
    monkeypatch.setattr(order_sheets, "PAGE", 2)
    answer = await shop.ask("GET", path, Authorization=head)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert answer.headers["Cache-Control"] == "private, no-store"
    table = list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"))))
    assert [row["order_number"] for row in table] == numbers[::-1]
    assert [row["buyer_name"] for row in table] == ["Ada"] * 4 + ["'=1+1"]


async def test_nobody_else_gets_an_events_orders(shop: Shop):
    await shop.open_event()
    path, mine = f"/v1/events/{shop.event_id}/export.csv", await shop.organizer()
    await shop.open_event()
    stranger = await shop.organizer()
    for head, at, status in ((None, path, 401), (stranger, path, 404), (mine, "/v1/events/evt_0/export.csv", 404)):
        answer = await shop.ask("GET", at, **({"Authorization": head} if head else {}))
        assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json"), answer.body
    assert (await shop.ask("GET", path + "?limt=5", Authorization=mine)).status == 400
