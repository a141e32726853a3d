"""Everything that one organization and one buyer have, for tests that ask who may reach it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.foundation.ids import new_id
from engine.web.route import Route
from tests import factories, pictures
from tests.handing_on import start
from tests.shop import Shop
from tests.stripe_events import intent_of
from tests.web.bodies import bodies


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
        ("promo-codes", {"code": "TEN", "kind": "percent", "value": 1000, "count": 2}),
        ("devices", {"name": "D"}),
        ("template", {"name": "T"}),
    ):
        made[name] = await shop.ask("POST", f"{path}/{name}", body, Authorization=owner)
        assert made[name].status == 201, made[name].body
    image = await shop.ask("POST", f"{path}/images", pictures.form(), Authorization=owner)
    assert image.status == 201, image.body
    logo = await shop.ask("PUT", f"/v1/organizations/{shop.organization_id}/logo", pictures.form(), Authorization=owner)
    assert logo.status == 200, logo.body
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
        "template_id": made["template"]["id"],
        "series_id": await series(shop),
        "device_id": made["devices"]["device_id"],
        "invitation_id": await invitation(shop, owner),
        "session_id": "fam_none",
        "identity_id": "idn_none",
        "passkey_id": "pky_none",
        "provider": "sandbox",
        "key_id": await api_key(shop, owner),
        "endpoint_id": await webhook_endpoint(shop, owner),
        "user_id": await pool.fetchval("SELECT user_id FROM members WHERE organization_id = $1", shop.organization_id),
        "image_id": image["id"],
        "name": image["urls"]["320"].rpartition("/")[2],
        "hold_id": hold["id"],
        "item": str(hold["items"][0]["unit"]),
        "order_id": order["order_id"],
        "payment_id": order["payment_intent_id"],
        "ticket_id": ticket["id"],
        "dispute_id": (await disputed(shop))["id"],
        "transfer_id": await transfer(shop),
        "request_id": await refund_request(shop, order["order_id"]),
    }
    opened = await shop.ask("POST", f"/v1/organizations/{shop.organization_id}/connect", {}, Authorization=owner)
    assert opened.status == 200, opened.body
    device = f"Device {made['devices']['device_id']}.{made['devices']['secret']}"
    return Estate(ids, owner, device, hold["hold_token"], order["order_token"], ticket["code"])


async def refund_request(shop: Shop, order_id: str) -> str:
    """The id of a refund request that waits for an answer."""
    request_id = new_id("rrq")
    await shop.services.common.pool.execute(
        "INSERT INTO refund_requests (id, order_id, event_id, ticket_ids, worth_cents, amount_cents, reason, status)"
        " VALUES ($1, $2, $3, '{tkt_none}', 1000, 1000, 'Ill', 'requested')",
        request_id, order_id, shop.event_id,
    )  # fmt: skip
    return request_id


async def transfer(shop: Shop) -> str:
    """The id of a transfer under way, of a ticket of an order of its own."""
    order = await shop.paid()
    [ticket] = await shop.tickets(order)
    begun = await start(shop, order, ticket)
    assert begun.status == 201, begun.body
    return str(begun["transfer_id"])


async def series(shop: Shop) -> str:
    """The id of a series that the event is the only date of."""
    pool, series_id = shop.services.common.pool, new_id("ser")
    await pool.execute(
        "INSERT INTO series (id, organization_id, rrule) VALUES ($1, $2, 'FREQ=DAILY;COUNT=2')",
        series_id, shop.organization_id,
    )  # fmt: skip
    await pool.execute("UPDATE events SET series_id = $1 WHERE id = $2", series_id, shop.event_id)
    return series_id


async def disputed(shop: Shop) -> dict[str, Any]:
    """A dispute that the bank has not decided, of an order of its own."""
    order = await shop.paid()
    await shop.sandbox("disputes", {"payment_intent": intent_of(order)})
    await shop.until(order, "disputed")
    path = f"/v1/organizations/{shop.organization_id}/disputes"
    return (await shop.ask("GET", path, Authorization=await shop.organizer()))["data"][0]


async def api_key(shop: Shop, owner: str) -> str:
    """The id of a fresh key of the organization."""
    path, given = f"/v1/organizations/{shop.organization_id}/api-keys", {"name": "K", "scopes": ["orders.read"]}
    made = await shop.ask("POST", path, given, Authorization=owner)
    assert made.status == 201, made.body
    return str(made["id"])


async def webhook_endpoint(shop: Shop, owner: str, url: str = "https://hooks.example.test/in", *kinds: str) -> str:
    """The id of a fresh endpoint of the organization."""
    path = f"/v1/organizations/{shop.organization_id}/webhook-endpoints"
    made = await shop.ask("POST", path, {"url": url, "events": list(kinds or ("order.paid",))}, Authorization=owner)
    assert made.status == 201, made.body
    return str(made["id"])


async def invitation(shop: Shop, owner: str) -> str:
    """The id of a fresh invitation to the organization."""
    given = {"email": f"{new_id('usr').lower()}@x.test", "role": "finance"}
    await shop.services.common.pool.execute("UPDATE users SET email_verified_at = now()")  # who invites by the dozen
    made = await shop.ask("POST", f"/v1/organizations/{shop.organization_id}/members", given, Authorization=owner)
    assert made.status == 201, made.body
    return str(made["invitation_id"])


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
        "NewConnection": {},
        "DocumentedConnection": {"organization_id": of.ids["organization_id"]},
        "NewAskedRefund": {"reason": "mine"},
        "Approval": {"message": "mine"},
        "Declining": {"message": "mine"},
        "RefundBody": {"reason": "mine"},
        "OrderRefundBody": {"reason": "mine", "order_id": of.ids["order_id"]},
        "IntentRequest": {"order_id": of.ids["order_id"]},
        "NewDevice": {"name": "Mine"},
        "EntryRules": {"allow_reentry": True},
        "BatchRequest": {"scans": [{"code": of.code, "nonce": "n"}]},
        "ValidateRequest": {"code": of.code},
        "NewOrganization": {"name": "Mine"},
        "PersonChange": {"name": "Mine"},
        "PreferencesChange": {"name": "Mine"},
        "ConfirmRequest": {"order_id": of.ids["order_id"], "payment_intent_id": of.ids["payment_id"]},
        "TokenShown": {"token": "x" * 43},
        "ErasureAsked": {"password": "x" * 12},
        "CodeTyped": {"code": "000000"},
        "SecondFactorBegun": {"password": "x" * 12},
        "SenderCode": {"code": "000000"},
        "TransferAccepted": {"code": "000000", "name": "Mine"},
        "CodeWanted": {},
        "NewTransfer": {"to_email": "to@x.test"},
        "TicketChange": {"attendee_name": "Mine"},
        "OrderChange": {"name": "Mine", "reason": "mine"},
        "SecondFactorOff": {"password": "x" * 12, "code": "000000"},
        "NewPasskey": {"name": "Mine", "credential": {}},
        "PasskeyShown": {"credential": {}},
        "PasskeyChange": {"name": "Mine"},
        "ChallengeAnswer": {"challenge": "x" * 43, "code": "000000"},
        "PasswordChange": {"current_password": "x" * 12, "new_password": "y" * 12},
    }
    if route.takes_file:
        return pictures.form()
    if route.path.endswith("seating-chart"):
        return factories.chart(factories.general("Mine", 1))
    return known[route.takes.__name__] if route.takes is not None else None


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
