"""Who may call what: every row of the contract that is not public, asked by everybody who must not.

Nobody; somebody signed in who owns another organization; a scanner of another event; the buyer of another order. None
gets further than 401, 403 or 404, and none leaves a trace in the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest

from engine.foundation.ids import new_id
from engine.web.route import Route
from engine.web.routes import ROUTES
from tests import factories
from tests.shop import Shop
from tests.stripe_events import intent_of
from tests.web.bodies import bodies

OPEN_TO_ALL = {"public", "operations", "provider"}
GUARDED = [route for route in ROUTES if route.who not in OPEN_TO_ALL]
# What every signed-in person, and every scanner, may ask about itself.
OWN_AFFAIRS = {("person", route.path) for route in ROUTES if route.who == "person"} | {
    ("device", "/v1/devices/me"),
    ("device", "/v1/tickets/validate"),  # tried below: another event's code is rejected there
    ("device", "/v1/tickets/{ticket_id}/validate"),
    *(("holder", route.path) for route in ROUTES if route.path.startswith("/v1/cart")),  # one's own hold
}


@dataclass
class Estate:
    """Everything one organization and one buyer have: ids by the names in paths, and the credentials to them."""

    ids: dict[str, str] = field(default_factory=dict)
    owner: str = ""
    device: str = ""
    hold_token: str = ""
    order_token: str = ""
    code: str = ""


async def estate(shop: Shop) -> Estate:
    """A published event that sells, with a hold, a paid order, a scanner, an allotment and a promo code."""
    await shop.open_event(factories.general("Floor", 40), factories.general("Balcony", 40), types=[
        {"categories": ["Floor"]}, {"categories": ["Balcony"]}])  # fmt: skip
    owner = await shop.organizer()
    path = f"/v1/events/{shop.event_id}"
    made = {}
    for name, body in (
        ("allotments", {"name": "A", "section": "Balcony", "quantity": 1}),
        ("promo-codes", {"code": "TEN", "kind": "percent", "value": 1000}),
        ("devices", {"name": "D"}),
    ):
        made[name] = await shop.ask("POST", f"{path}/{name}", body, Authorization=owner)
        assert made[name].status == 201, made[name].body
    order = await shop.paid()
    (ticket,) = await shop.tickets(order)
    hold = await shop.hold()
    pool = shop.services.common.pool
    ids = {
        "organization_id": shop.organization_id,
        "venue_id": await pool.fetchval("SELECT venue_id FROM events WHERE id = $1", shop.event_id),
        "event_id": shop.event_id,
        "ticket_type_id": shop.types[0],
        "allotment_id": made["allotments"]["id"],
        "promo_id": made["promo-codes"]["id"],
        "device_id": made["devices"]["device_id"],
        "invitation_id": (
            await shop.ask(
                "POST",
                f"/v1/organizations/{shop.organization_id}/members",
                {"email": "in@x.test", "role": "finance"},
                Authorization=owner,
            )
        )["invitation_id"],
        "user_id": await pool.fetchval("SELECT user_id FROM members WHERE organization_id = $1", shop.organization_id),
        "hold_id": hold["id"],
        "item": str(hold["items"][0]["unit"]),
        "order_id": order["order_id"],
        "payment_id": order["payment_intent_id"],
        "ticket_id": ticket["id"],
        "dispute_id": (await disputed(shop))["id"],
    }
    device = f"Device {made['devices']['device_id']}.{made['devices']['secret']}"
    return Estate(ids, owner, device, hold["hold_token"], order["order_token"], ticket["code"])


async def disputed(shop: Shop) -> dict[str, Any]:
    """A dispute that the bank has not decided, of an order of its own."""
    order = await shop.paid()
    await shop.sandbox("disputes", {"payment_intent": intent_of(order)})
    await shop.until(order, "disputed")
    path = f"/v1/organizations/{shop.organization_id}/disputes"
    return (await shop.ask("GET", path, Authorization=await shop.organizer()))["data"][0]


def body_of(route: Route, of: Estate) -> Any:
    """A body that the route would take from the right person."""
    item = {"ticket_type_id": of.ids["ticket_type_id"], "quantity": 1}
    known = bodies(of.ids) | {
        "HoldRequest": {"event_id": of.ids["event_id"], "items": [item]},
        "SwapRequest": {"seats": ["Floor/1/1"]},
        "GrowRequest": {"items": [item]},
        "OrderRequest": {"hold_id": of.ids["hold_id"], "user_info": {"name": "A", "email": "a@b.test"}},
        "BookingRequest": {
            "items": [{"ticketTypeId": of.ids["ticket_type_id"], "quantity": 1}],
            "userInfo": {"name": "A", "email": "a@b.test"},
        },
        "RefundBody": {"reason": "mine"},
        "OrderRefundBody": {"reason": "mine", "order_id": of.ids["order_id"]},
        "IntentRequest": {"order_id": of.ids["order_id"]},
        "NewDevice": {"name": "Mine"},
        "EntryRules": {"allow_reentry": True},
        "BatchRequest": {"scans": [{"code": of.code, "nonce": "n"}]},
        "ValidateRequest": {"code": of.code},
        "NewOrganization": {"name": "Mine"},
        "PersonChange": {"name": "Mine"},
        "TokenShown": {"token": "x" * 43},
        "PasswordChange": {"current_password": "x" * 12, "new_password": "y" * 12},
    }
    if route.path.endswith("seating-chart"):
        return factories.chart(factories.general("Mine", 1))
    return known[route.takes.__name__] if route.takes is not None else None


async def ledger(pool: asyncpg.Pool) -> dict[str, Any]:
    """How many rows every table has, and what stands in those that name an owner or a price."""
    tables = await pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    counts = {name: await pool.fetchval(f'SELECT count(*) FROM "{name}"') for (name,) in tables}
    kept = ("organizations", "members", "events", "ticket_types", "on_sales", "orders", "order_units", "tickets")
    return counts | {f"{name}.": sorted(map(repr, await pool.fetch(f"SELECT * FROM {name}"))) for name in kept}


async def close_the_door(shop: Shop, event_id: str) -> None:
    """Put a waiting room before the event: from here on a hold needs an admission."""
    await shop.services.common.pool.execute(
        "UPDATE on_sales SET room_enabled = true, room = $2 WHERE event_id = $1", event_id, {"capacity": 1}
    )
    await shop.services.sale.inventory.changed(event_id)
    for _ in range(200):
        body = {"event_id": event_id, "items": [{"ticket_type_id": "tt_none", "quantity": 1}]}
        answer = await shop.ask("POST", "/v1/holds", body, Idempotency_Key=shop.key())
        if answer.status == 403:
            return
    raise AssertionError("the room never came to be known")


async def test_every_guarded_row_refuses_everybody_but_its_own_people(shop: Shop):
    theirs = await estate(shop)
    mine = await estate(shop)
    await close_the_door(shop, mine.ids["event_id"])
    await shop.settled_errands()
    before = await ledger(shop.services.common.pool)
    strangers = {
        "nobody": {},
        "person": {"Authorization": theirs.owner},
        "device": {"Authorization": theirs.device},
        "buyer": {"X_Order_Token": theirs.order_token},
        "holder": {"X_Order_Token": theirs.hold_token},
        "forger": {"X_Order_Token": mine.order_token[:-2] + "AA", "Authorization": "Bearer " + "e30." * 3},
        "other kind": {"X_Order_Token": mine.code, "Authorization": f"Admission {mine.hold_token}"},
    }
    for route in GUARDED:
        path = route.path.format(**mine.ids)
        if route.query is not None and "organization_id" in route.query.__struct_fields__:
            path += f"?organization_id={mine.ids['organization_id']}"
        if route.query is not None and path.endswith("/attendees"):
            path += "?q=ada"
        for who, credential in strangers.items():
            if (who, route.path) in OWN_AFFAIRS:
                continue
            answer = await shop.ask(
                route.method, path, body_of(route, mine), Idempotency_Key=shop.key(), If_Match="*", **credential
            )
            assert answer.status in {401, 403, 404}, (who, route.method, route.path, answer.status, answer.body)
            assert answer.headers["Content-Type"] == "application/problem+json"
    assert await ledger(shop.services.common.pool) == before


async def test_the_same_rows_open_to_whom_they_belong(shop: Shop):
    """Otherwise the test above would pass with a locked door."""
    mine = await estate(shop)
    credentials = {
        "organizer": {"Authorization": mine.owner},
        "person": {"Authorization": mine.owner},
        "device": {"Authorization": mine.device},
    }
    for route in GUARDED:
        if route.method != "GET":
            continue
        held = "{hold_id}" in route.path or route.path.startswith("/v1/cart")
        token = mine.hold_token if held else mine.order_token
        path = route.path.format(**mine.ids)
        if route.query is not None and "organization_id" in route.query.__struct_fields__:
            path += f"?organization_id={mine.ids['organization_id']}"
        if path.endswith("/attendees"):
            path += "?q=ada"
        answer = await shop.ask("GET", path, **credentials.get(route.who, {"X_Order_Token": token}))
        assert answer.status == 200, (route.path, answer.status, answer.body)


async def test_a_code_of_another_event_is_rejected_at_the_gate(shop: Shop):
    theirs, mine = await estate(shop), await estate(shop)
    answer = await shop.ask("POST", "/v1/tickets/validate", {"code": mine.code}, Authorization=theirs.device)
    assert (answer.status, answer["result"], answer["reason"]) == (200, "reject", "wrong_event")
    assert await shop.services.common.pool.fetchval("SELECT count(*) FROM tickets WHERE checked_in_at IS NOT NULL") == 0


@pytest.mark.parametrize("kind", ["hold_token", "order_token", "code"])
async def test_a_capability_opens_only_what_it_is_for(shop: Shop, kind: str):
    mine = await estate(shop)
    text = getattr(mine, kind)
    opens = {"hold_token": "/v1/holds/{hold_id}", "order_token": "/v1/orders/{order_id}"}
    for name, path in opens.items():
        answer = await shop.ask("GET", path.format(**mine.ids), X_Order_Token=text)
        assert answer.status == (200 if name == kind else 403), (name, answer.status)
    for other in (text + "A", text + "=", text[:-1], text.swapcase(), f" {text}", text[: len(text) // 2] * 2):
        for path in opens.values():
            answer = await shop.ask("GET", path.format(**mine.ids), X_Order_Token=other)
            assert answer.status in {200, 401, 403, 404}
            assert answer.status != 200 or other.strip() == text, other
    nothing = await shop.ask("GET", f"/v1/orders/{new_id('ord')}", X_Order_Token=text)
    assert nothing.status in {403, 404}
