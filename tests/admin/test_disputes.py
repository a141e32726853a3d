"""What an organizer sees of disputes, and does: why a ticket is blocked, until when to answer, places on sale again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from engine.domain.money.disputes import ProviderDispute
from engine.foundation.clock import now
from engine.services.wiring import Services
from engine.stores.money.disputes import DisputeStore
from tests.admin.organizer import Organizer

PAID = "UPDATE orders SET amount_cents = 5000, payment_intent_id = 'pi_x' WHERE id = $1"
LINES = "UPDATE order_units SET face_cents = 2500, total_cents = 2500 WHERE order_id = $1"


def said(status: str, cents: int = 2500) -> ProviderDispute:
    return ProviderDispute(
        id="dp_1", amount_cents=cents, reason="product_not_received", status=status, due_at=now() + timedelta(days=7),
        evidence_url="https://provider.test/disputes/dp_1", opened_at=now(),
    )  # fmt: skip


async def test_a_dispute_is_told_on_its_order_and_a_lost_ones_places_are_sold_again_by_a_click(
    organizer: Organizer, services: Services, chart: str, free_order: Callable[..., Any]
) -> None:
    organization_id, _, event_id = await organizer.published(chart)
    order_id = await free_order(services, event_id, 2)
    pool, store = services.common.pool, DisputeStore(services.common.pool)
    await pool.execute(PAID, order_id)
    await pool.execute(LINES, order_id)
    assert "No disputes" in (await organizer.get(f"/o/{organization_id}/disputes")).words
    await store.apply(order_id, [said("needs_response")], seen=await store.seen(order_id))
    for path in (f"/events/{event_id}/orders/{order_id}", f"/o/{organization_id}/disputes"):
        page = await organizer.get(path)
        assert page.status == 200
        for words in ("Open", "CA$25.00", "Product not received", "Evidence until", "1 blocked"):
            assert words in page.words, (path, words)
        assert 'href="https://provider.test/disputes/dp_1"' in page.text
        assert "Sell its places again" not in page.words
    assert "Disputed" in (await organizer.get(f"/events/{event_id}")).words
    applied = await store.apply(order_id, [said("lost")], seen=await store.seen(order_id))
    assert applied is not None
    _, errands = applied
    await services.common.outbox.at_once(errands)
    page = await organizer.get(f"/o/{organization_id}/disputes")
    assert "Lost" in page.words
    dispute_id = await pool.fetchval("SELECT id FROM disputes")
    page = await organizer.post(f"/o/{organization_id}/disputes/{dispute_id}/release", {})
    assert "The places are on sale again." in page.words
    assert await pool.fetchval("SELECT count(*) FROM order_units WHERE order_id = $1 AND live", order_id) == 1
    history = (await organizer.get(f"/events/{event_id}/history")).words
    for deed in ("Payment disputed by the buyer's bank", "Dispute lost", "Places of a lost dispute put on sale again"):
        assert deed in history


async def test_free_tickets_are_taken_back_with_words_to_the_buyer(
    organizer: Organizer, services: Services, chart: str, free_order: Callable[..., Any]
) -> None:
    _, _, event_id = await organizer.published(chart)
    order_id = await free_order(services, event_id, 2)
    at = f"/events/{event_id}/orders/{order_id}"
    page = await organizer.get(at)
    assert "Take tickets back" in page.words
    key = page.text.split('name="key" value="')[1].partition('"')[0]
    fields = {"key": key, "what": "everything", "reason": "Moved away", "message": "We are sorry."}
    page = await organizer.post(at + "/refunds", fields)
    assert "Refunded" in page.words
    assert "Told the buyer: We are sorry." in page.words
    row = await services.common.pool.fetchrow("SELECT amount_cents, reason, message, status FROM refunds")
    assert row is not None
    assert tuple(row) == (0, "Moved away", "We are sorry.", "succeeded")
    assert await services.common.pool.fetchval("SELECT status FROM orders WHERE id = $1", order_id) == "refunded"
    assert "Take tickets back" not in (await organizer.get(at)).words
