"""The queue of refund requests: what buyers want to give back, and one click for each answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.services.wiring import Services
from engine.stores.catalogue import events
from engine.stores.money.aftersale.asked_refunds import AskedRefundStore
from tests.admin.organizer import Organizer

POLICY = 'UPDATE events SET refund_policy = \'{"mode": "approval"}\' WHERE id = $1'


async def asked(services: Services, order_id: str, reason: str) -> str:
    found, _ = await AskedRefundStore(services.common.pool).ask(order_id, None, reason, None)
    return found.id


async def test_an_organizer_answers_what_buyers_ask(
    organizer: Organizer, services: Services, chart: str, free_order: Callable[..., Any]
) -> None:
    organization_id, _, event_id = await organizer.published(chart)
    at = f"/o/{organization_id}/refund-requests"
    assert "Nobody waits for an answer" in (await organizer.get(at)).words
    await services.common.pool.execute(POLICY, event_id)
    first = await asked(services, await free_order(services, event_id, 2), "My <b>child</b> is ill")
    page = await organizer.get(at)
    assert "My <b>child</b> is ill" in page.words
    assert "2 tickets" in page.words
    refused = await organizer.post(f"{at}/{first}/decline", {"message": ""})
    assert "Not answered." in refused.words
    assert "Declined." in (await organizer.post(f"{at}/{first}/decline", {"message": "Sold out anyway"})).words
    assert "You wrote: Sold out anyway" in (await organizer.get(at + "?state=declined")).words
    second = await asked(services, await free_order(services, event_id, 1), "")
    assert "Given back." in (await organizer.post(f"{at}/{second}/approve", {"message": ""})).words
    assert "Not answered." in (await organizer.post(f"{at}/{second}/approve", {"message": ""})).words
    statuses = "SELECT array_agg(status ORDER BY created_at) FROM refund_requests"
    assert await services.common.pool.fetchval(statuses) == ["declined", "refunded"]
    history = (await organizer.get(f"/events/{event_id}/history")).words
    for deed in ("Refund asked for by the buyer", "Refund request declined"):
        assert deed in history


async def test_the_policy_is_typed_into_the_events_form_and_stays(
    organizer: Organizer, services: Services, chart: str
) -> None:
    organization_id = await organizer.organization()
    typed = {"refund_mode": "automatic", "refund_keep_rate": "12.5", "refund_keep_fixed": "1.50", "refund_fees": "true"}
    event_id = await organizer.event(organization_id, await organizer.venue(organization_id, chart), **typed)
    async with services.common.pool.acquire() as connection:
        event = await events.get(connection, event_id)
    assert event is not None
    policy = event.refund_policy
    shown = (policy.mode, policy.keep_bp, policy.keep_fixed_cents, policy.fees_returned)
    assert shown == ("automatic", 1250, 150, True)
    page = await organizer.get(f"/events/{event_id}/settings")
    for field in ('value="12.5"', 'value="1.50"', 'value="automatic" selected'):
        assert field in page.text
    refused = await organizer.post(
        f"/o/{organization_id}/events", {"title": "T", "currency": "CAD", "refund_keep_rate": "101"}
    )
    assert "You keep" in refused.words
