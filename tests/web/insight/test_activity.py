"""The activity log of an event and of its organization, over HTTP."""

from __future__ import annotations

import asyncio

from engine.domain.insight.activity import DEEDS
from tests.shop import WAIT_MAX_S, Shop

# What staff of one event can do to it and to its organization over the API, and the line that it leaves.
STEPS = (
    ("POST", "/v1/events/{event}/allotments", {"name": "A", "section": "Floor", "quantity": 2}, "allotment.created"),
    ("POST", "/v1/events/{event}/promo-codes", {"code": "EARLY", "kind": "percent", "value": 1000}, "promo.created"),
    ("POST", "/v1/events/{event}/devices", {"name": "North"}, "device.created"),
    ("PUT", "/v1/events/{event}/entry-rules", {"allow_reentry": True}, "entry_rules.set"),
    ("PATCH", "/v1/events/{event}", {"summary": "Late"}, "event.changed"),
    ("POST", "/v1/organizations/{organization}/members", {"email": "x@y.test", "role": "finance"}, "member.invited"),
    ("PATCH", "/v1/organizations/{organization}", {"legal_name": "Hall Ltd."}, "organization.changed"),
)  # fmt: skip


async def lines(shop: Shop, path: str, who: str) -> list[dict]:
    answer = await shop.ask("GET", path, Authorization=who)
    assert answer.status == 200, answer.body
    return list(answer["data"])


async def test_everything_that_staff_do_is_in_the_log_of_event_and_organization(shop: Shop):
    await shop.open_event()
    owner = await shop.organizer()
    order = await shop.paid(2)
    places = {"event": shop.event_id, "organization": shop.organization_id}
    done = []
    for method, path, body, deed in STEPS:
        more = {"If_Match": "*"} if method == "PATCH" else {}
        asked = await shop.ask(method, path.format(**places), body, Authorization=owner, **more)
        assert asked.status < 300, (path, asked.body)
        done.append(deed)
    refund = await shop.ask(
        "POST", f"/v1/orders/{order['order_id']}/refunds", {"reason": "asked", "amount_cents": 500},
        Authorization=owner, Idempotency_Key=shop.key(),
    )  # fmt: skip
    assert refund.status == 201, refund.body
    await shop.work("refund_push")
    of_event = await lines(shop, f"/v1/events/{shop.event_id}/activity", owner)
    actions = [line["action"] for line in of_event]
    for deed in (*done, "refund.requested", "refund.succeeded"):
        assert (deed in actions) == (not deed.startswith(("member.", "organization."))), deed
    assert "order.paid" not in actions, "what buyers do is in the list of orders"
    requested = next(line for line in of_event if line["action"] == "refund.requested")
    assert (requested["target"], requested["event_id"]) == (order["order_id"], shop.event_id)
    assert (requested["facts"]["amount_cents"], requested["currency"]) == (500, "CAD")
    assert (requested["actor_name"], requested["summary"]) == ("Organizer", DEEDS["refund.requested"])
    of_organization = await lines(shop, f"/v1/organizations/{shop.organization_id}/activity", owner)
    assert {*done, "refund.requested"} <= {line["action"] for line in of_organization}


async def test_a_dispute_is_in_the_log_of_its_event(shop: Shop):
    await shop.open_event()
    owner = await shop.organizer()
    order = await shop.paid(1)
    await shop.sandbox("disputes", {"payment_intent": order["client_secret"].partition("_secret_")[0]})
    path, actions = f"/v1/events/{shop.event_id}/activity", []
    async with asyncio.timeout(WAIT_MAX_S):
        while "dispute.opened" not in actions:
            actions = [line["action"] for line in await lines(shop, path, owner)]
    assert actions == ["dispute.opened"]


async def test_the_log_is_read_page_by_page_by_those_who_may_change_things(shop: Shop):
    await shop.open_event()
    owner, clerk = await shop.organizer(), await shop.organizer("finance")
    event = f"/v1/events/{shop.event_id}"
    for n in range(3):
        await shop.ask("PATCH", event, {"summary": f"{n}"}, Authorization=owner, If_Match="*")
    first = await shop.ask("GET", f"{event}/activity?limit=2", Authorization=owner)
    rest = await shop.ask("GET", f"{event}/activity?limit=2&cursor={first['next_cursor']}", Authorization=owner)
    ids = [line["id"] for line in (*first["data"], *rest["data"])]
    assert (len(ids), ids) == (3, sorted(ids, reverse=True))
    assert (first["has_more"], rest["has_more"], rest["next_cursor"]) == (True, False, None)
    for path in (event, f"/v1/organizations/{shop.organization_id}"):
        assert (await shop.ask("GET", f"{path}/activity", Authorization=clerk)).status == 403
        assert (await shop.ask("GET", f"{path}/activity")).status == 401
        assert (await shop.ask("GET", f"{path}/activity?cursor=bm9uZQ", Authorization=owner)).status == 400
    stranger_event, shop.event_id = shop.event_id, ""
    await shop.open_event()
    stranger = await shop.organizer()
    refused = await shop.ask("GET", f"/v1/events/{stranger_event}/activity", Authorization=stranger)
    assert (refused.status, refused["code"]) == (404, "event_unknown")
