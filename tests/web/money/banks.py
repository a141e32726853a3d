"""What a buyer's bank does, and what the books say then."""

from __future__ import annotations

from engine.foundation.bearer import Person
from tests.shop import Answer, Shop
from tests.stripe_events import intent_of

ADMIN = Person("usr_x", is_admin=True)


async def dispute(shop: Shop, order: Answer, **more) -> dict:
    return await shop.sandbox("disputes", {"payment_intent": intent_of(order), **more})


async def close(shop: Shop, opened: dict, status: str) -> None:
    await shop.sandbox(f"disputes/{opened['id']}/close", {"status": status})


async def statuses(shop: Shop, order: Answer) -> list[str]:
    return sorted(ticket["status"] for ticket in await shop.tickets(order))


async def listed(shop: Shop, head: str | None = None) -> list[dict]:
    head = head or await shop.organizer("finance")
    answer = await shop.ask("GET", f"/v1/organizations/{shop.organization_id}/disputes", Authorization=head)
    assert answer.status == 200, answer.body
    return answer["data"]


async def refund(shop: Shop, order: Answer, **body) -> Answer:
    path = f"/v1/orders/{order['order_id']}/refunds"
    return await shop.ask(
        "POST", path, {"reason": "r", **body}, Authorization=await shop.organizer(), Idempotency_Key=shop.key()
    )


async def audited(shop: Shop) -> dict:
    await shop.work("outbox_relay")
    (report,) = await shop.services.insight.audit.check(shop.event_id, provider=True)
    assert report["problems"] == []
    assert report["sold"] + report["held"] + report["free"] == report["capacity"]
    return report


async def kept_cents(shop: Shop) -> int:
    event = await shop.services.catalogue.events.get(ADMIN, shop.event_id)
    return (await shop.services.insight.reports.sales(ADMIN, event)).kept_cents
