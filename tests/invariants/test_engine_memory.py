"""What the processes of a shop remember of orders has limits: nothing grows with the orders that were."""

from __future__ import annotations

import pytest

from engine.services.money import order_reads
from engine.services.tickets import press, tickets
from tests.invariants.growth import grown, sizes
from tests.shop import Shop

ORDERS, ORDERS_BEFORE = 40, 20
FEW, FEW_BYTES = 4, 100_000
# What is remembered of orders, and the limit that keeps it from growing with them.
REMEMBERED = {
    "engine.services.money.order_reads.OrderReads._known": (order_reads, "ORDERS_MAX", FEW),
    "engine.services.tickets.tickets.Tickets._images": (tickets, "IMAGES_REMEMBERED_MAX", FEW),
    "engine.services.tickets.press.Printer._kept": (press, "KEPT_BYTES_MAX", FEW_BYTES),
}


@pytest.fixture
def low_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, few in REMEMBERED.values():
        assert few < getattr(module, name)
        monkeypatch.setattr(module, name, few)


@pytest.mark.slow
async def test_nothing_of_a_shop_grows_with_its_orders(low_limits: None, shop: Shop):
    await shop.open_event(max_tickets_per_buyer=200)
    of_others = sizes()  # what earlier tests of this process left behind
    await _orders(shop, ORDERS_BEFORE)
    before = sizes()
    await _orders(shop, ORDERS)
    after = sizes()
    longer = grown(before, after, least=ORDERS // 2)
    assert not longer, longer
    for name in REMEMBERED:
        assert 0 < after[name] - of_others[name] < ORDERS_BEFORE, f"{name} is not what the limit is for"


async def _orders(shop: Shop, count: int) -> None:
    """Paid, looked at in every way, waited for, asked for twice, and mailed."""
    for _ in range(count):
        hold = await shop.hold()
        assert hold.status == 201, hold.body
        key = shop.key()
        order = await shop.order(hold, key=key)
        assert (await shop.pay(order))[0] == 200
        own = {"X_Order_Token": order["order_token"]}
        at = f"/v1/orders/{order['order_id']}"
        assert (await shop.ask("GET", f"{at}/status?wait_s=5", **own)).status == 200
        await shop.until(order, "paid")
        assert (await shop.ask("GET", at, **own)).status == 200
        (ticket,) = await shop.tickets(order)
        for part in ("qr.png", "pdf"):
            assert (await shop.ask("GET", f"/v1/tickets/{ticket['id']}/{part}", **own)).status == 200
        assert (await shop.order(hold, key=key))["order_id"] == order["order_id"]
    await shop.work("outbox_relay")
    assert await shop.settled_errands() == 0
