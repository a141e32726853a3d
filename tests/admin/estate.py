"""One of each thing that an address of the admin app can name, and the addresses of those things."""

from __future__ import annotations

import re

from admin.guard import Route
from engine.domain.money.box_office.sales import CounterSale, GivenPayment
from engine.domain.sale.holds import HoldItem
from engine.foundation.bearer import Person
from engine.foundation.ids import new_id
from engine.foundation.uploads import Upload
from engine.services.wiring import Services
from tests import pictures
from tests.admin.organizer import Organizer

# What belongs to an organization.
TABLES = ("organizations", "members", "invitations", "venues", "events", "ticket_types", "on_sales", "allotments",
          "promo_codes", "complaints", "devices", "orders", "refunds", "disputes", "images",
          "chart_plans", "counter_payments", "cash_drawers", "blocked_units", "policies",
          "policy_versions", "webhook_endpoints", "refund_requests")  # fmt: skip
# Fields that some form or other would take.
VALID = {
    "name": "Mine now", "slug": "mine-now", "version": "1", "email": "evil@example.test", "role": "owner",
    "timezone": "UTC", "chart": "{}", "title": "Mine", "starts_at": "2027-01-01T10:00", "ends_at": "2027-01-01T12:00",
    "publish_at": "2027-01-01T09:00",
    "currency": "CAD", "price": "1", "categories": "Floor", "opens_at": "2026-12-01T10:00", "by": "section",
    "section": "Floor", "quantity": "1", "code": "MINE", "kind": "percent", "value": "5", "status": "disabled",
    "key": "k" * 20, "what": "everything", "reason": "because", "do": "pause", "current_password": "x",
    "new_password": "another long password", "alt": "Mine", "label": "Mine",
    "url": "https://evil.example.test/in", "events": "order.paid", "hours": "24",
    "embed_origins": "https://evil.example.test", "scopes": "orders.read",
    "guests": "name\nEve", "counted_cents": "1", "text": "Mine",
}  # fmt: skip


async def _picture() -> Upload:
    return Upload(pictures.made(), {"alt": "The hall"})


async def _sold(services: Services, event_id: str) -> str:
    """The id of an order that the box office sold."""
    kind = await services.common.pool.fetchval("SELECT id FROM ticket_types WHERE event_id = $1", event_id)
    sale = CounterSale(items=(HoldItem(kind, 1),), payment=GivenPayment(kind="cash"))
    sold = await services.money.box_office.sell(Person("usr_root", is_admin=True), event_id, sale)
    return sold.order.id


async def everything(organizer: Organizer, services: Services, chart: str) -> dict[str, str]:
    """One of each thing that an address can name, by the name it has there."""
    organization_id, venue_id, event_id = await organizer.published(chart)
    at = f"/events/{event_id}"
    await organizer.post(at + "/allotments", {"name": "Guests", "by": "section", "section": "Floor", "quantity": "5"})
    await organizer.post(at + "/promos", {"code": "EARLY", "kind": "percent", "value": "10", "count": "2"})
    assert (await organizer.post(at + "/template", {"name": "Night"})).status == 200
    assert (await organizer.post(at + "/devices", {"name": "North"})).status == 201
    assert (await organizer.post(f"/o/{organization_id}/keys", {"name": "K", "scopes": "orders.read"})).status == 201
    await organizer.post(f"/o/{organization_id}/members", {"email": "invited@example.test", "role": "finance"})
    hooked = {"url": "https://hooks.example.test/in", "events": "order.paid"}
    assert (await organizer.post(f"/o/{organization_id}/webhooks", hooked)).status == 201
    pool = services.common.pool
    order_id = new_id("ord")
    await pool.execute(
        "INSERT INTO orders (id, order_number, event_id, hold_id, buyer_name, buyer_email, currency, amount_cents,"
        " price, expires_at, reconcile_at)"
        " VALUES ($1, $2, $3, $4, 'Fan', 'fan@example.test', 'CAD', 1000, $5, now(), now())",
        order_id, order_id[-10:], event_id, new_id("hld"),
        {"face_cents": 1000, "discount_cents": 0, "fees_cents": 0, "taxes": {}, "total_cents": 1000},
    )  # fmt: skip
    image = await services.catalogue.images.add(Person("usr_root", is_admin=True), event_id, _picture)
    request_id = new_id("rrq")
    await pool.execute(
        "INSERT INTO refund_requests (id, order_id, event_id, ticket_ids, worth_cents, amount_cents, reason, status)"
        " VALUES ($1, $2, $3, '{tkt_none}', 1000, 1000, 'Ill', 'requested')",
        request_id, order_id, event_id,
    )  # fmt: skip
    dispute_id = new_id("dsp")
    await pool.execute(
        "INSERT INTO disputes (id, provider_dispute_id, order_id, event_id, organization_id, amount_cents, status,"
        " standing, opened_at) VALUES ($1, $1, $2, $3, $4, 1000, 'warning_needs_response', 'inquiry', now())",
        dispute_id, order_id, event_id, organization_id,
    )  # fmt: skip
    complaint_id = new_id("cmp")
    await pool.execute(
        "INSERT INTO complaints (id, event_id, reason, message) VALUES ($1, $2, 'fraud', 'Nobody knows the hall')",
        complaint_id, event_id,
    )  # fmt: skip
    return {
        "sale": await _sold(services, event_id),
        "complaint": complaint_id,
        "organization": organization_id,
        "venue": venue_id,
        "event": event_id,
        "order": order_id,
        "invitation": await pool.fetchval("SELECT id FROM invitations WHERE organization_id = $1", organization_id),
        "dispute": dispute_id,
        "request": request_id,
        "template": await pool.fetchval("SELECT id FROM event_templates WHERE organization_id = $1", organization_id),
        "image": image.id,
        "endpoint": await pool.fetchval("SELECT id FROM webhook_endpoints WHERE organization_id = $1", organization_id),
        "name": image.urls["320"].rpartition("/")[2],
        "user": await pool.fetchval("SELECT id FROM users WHERE email = $1", organizer.email),
        "ticket_type": await pool.fetchval("SELECT id FROM ticket_types WHERE event_id = $1", event_id),
        "allotment": await pool.fetchval("SELECT id FROM allotments WHERE event_id = $1", event_id),
        "promo": await pool.fetchval("SELECT id FROM promo_codes WHERE event_id = $1", event_id),
        "key": await pool.fetchval("SELECT id FROM api_keys WHERE organization_id = $1", organization_id),
        "device": await pool.fetchval("SELECT id FROM devices WHERE event_id = $1", event_id),
    }


def fill(route: Route, things: dict[str, str]) -> str:
    """The route's address with these things in it."""
    return re.sub(r"\{(\w+)(?::(?:[^{}]|\{\d+\})*)?\}", lambda found: things[found[1]], route.path)


async def contents(services: Services) -> list[object]:
    """All that organizers keep, as the ledger has it."""
    return [await services.common.pool.fetch(f"SELECT * FROM {table} ORDER BY 1, 2") for table in TABLES]
