"""A clerk at the counter, over HTTP."""

from __future__ import annotations

from typing import Any

from tests.shop import Answer, Shop


async def sell(shop: Shop, clerk: str, quantity: int = 1, *, key: str | None = None, **more: Any) -> Answer:
    """Sell over the counter, for exact cash unless ``more`` says otherwise."""
    item = {"ticket_type_id": more.pop("type", shop.types[0]), "quantity": quantity, **more.pop("item", {})}
    body = {"items": [item], "payment": {"kind": "cash"}, **more}
    path = f"/v1/events/{shop.event_id}/box-office/orders"
    return await shop.ask("POST", path, body, Authorization=clerk, Idempotency_Key=key or shop.key())


async def written(shop: Shop) -> tuple[int, int, int]:
    """(orders, payments at the counter, tickets)."""
    pool = shop.services.common.pool
    tables = ("orders", "counter_payments", "tickets")
    orders, payments, tickets = [await pool.fetchval(f"SELECT count(*) FROM {table}") for table in tables]
    return orders, payments, tickets


async def audited(shop: Shop) -> None:
    """The audit has nothing to say, with the provider's books as well."""
    (report,) = await shop.services.insight.audit.check(shop.event_id, provider=True)
    assert report["ok"], report["problems"]
