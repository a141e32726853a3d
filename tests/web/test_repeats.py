"""A POST that comes twice under one Idempotency-Key acts once and is answered twice alike, whatever it makes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from engine.foundation.ids import new_id
from engine.web.routes import ROUTES
from tests import factories
from tests.shop import Answer, Shop
from tests.web.organizer import at

# What each creating POST takes, and how many of it the ledger has.
MAKES = {
    "/v1/organizations": ({"name": "Quay"}, "SELECT count(*) FROM organizations WHERE name = 'Quay'"),
    "/v1/venues": (
        {"organization_id": "{organization_id}", "name": "Pier", "timezone": "UTC"},
        "SELECT count(*) FROM venues WHERE name = 'Pier'",
    ),
    "/v1/events": (
        {"organization_id": "{organization_id}", "venue_id": "{venue_id}", "title": "Tide", "currency": "CAD",
         "starts_at": at(20), "ends_at": at(21)},
        "SELECT count(*) FROM events WHERE title = 'Tide'",
    ),
    "/v1/events/{event_id}/copy": ({"starts_at": at(40)}, "SELECT count(*) - 1 FROM events"),
    "/v1/events/{event_id}/template": ({"name": "Mine"}, "SELECT count(*) FROM event_templates WHERE name = 'Mine'"),
    "/v1/templates/{template_id}/events": ({"starts_at": at(40)}, "SELECT count(*) - 1 FROM events"),
    "/v1/events/{event_id}/series": ({"rrule": "FREQ=WEEKLY;COUNT=2"}, "SELECT count(*) - 1 FROM events"),
    "/v1/events/{event_id}/ticket-types": (
        {"name": "Late", "price_cents": 500, "categories": ["Floor"]},
        "SELECT count(*) FROM ticket_types WHERE name = 'Late'",
    ),
    "/v1/events/{event_id}/allotments": (
        {"name": "Guests", "section": "Floor", "quantity": 2}, "SELECT count(*) FROM allotments",
    ),
    "/v1/events/{event_id}/promo-codes": (
        {"code": "TEN", "kind": "percent", "value": 1000}, "SELECT count(*) FROM promo_codes",
    ),
    "/v1/events/{event_id}/devices": ({"name": "North"}, "SELECT count(*) FROM devices"),
    "/v1/organizations/{organization_id}/members": (
        {"email": "{email}", "role": "finance"}, "SELECT count(*) FROM invitations WHERE role = 'finance'",
    ),
    "/v1/orders/{order_id}/refunds": ({"reason": "r", "amount_cents": 100}, "SELECT count(*) FROM refunds"),
    "/v1/orders/{order_id}/refund-requests": ({"reason": "r"}, "SELECT count(*) FROM refund_requests"),
    "/v1/payments/refund": (
        {"order_id": "{order_id}", "reason": "r", "amount_cents": 100}, "SELECT count(*) FROM refunds",
    ),
    "/v1/payments/create-intent": (
        {"order_id": "{open_id}"}, "SELECT count(payment_intent_id) - 1 FROM orders",
    ),
    "/v1/tickets/{ticket_id}/transfer": ({"to_email": "{email}"}, "SELECT count(*) FROM ticket_transfers"),
    "/v1/tickets/{ticket_id}/reissue": ({}, "SELECT max(version) - 1 FROM tickets"),
    "/v1/promo-codes": (
        {"event_id": "{event_id}", "code": "TEN", "kind": "percent", "value": 1000},
        "SELECT count(*) FROM promo_codes",
    ),
    "/v1/events/{event_id}/box-office/orders": (
        {"items": [{"ticket_type_id": "{ticket_type_id}", "quantity": 1}], "payment": {"kind": "cash"}},
        "SELECT count(*) FROM counter_payments",
    ),
    "/v1/events/{event_id}/cash-drawer/open": ({"float_cents": 100}, "SELECT count(*) FROM cash_drawers"),
    "/v1/organizers/{organization_id}/events": (
        {"venue_id": "{venue_id}", "title": "Tide", "currency": "CAD", "starts_at": at(20), "ends_at": at(21)},
        "SELECT count(*) FROM events WHERE title = 'Tide'",
    ),
}  # fmt: skip
PATHS = sorted(MAKES)


@dataclass
class House:
    """An organization with something of everything; ``ids`` stand in paths and bodies."""

    head: str
    ids: dict[str, str]
    order_token: str
    paid_token: str

    def path(self, path: str) -> str:
        return path.format(**self.ids)

    def credential(self, path: str) -> dict[str, str]:
        """The buyer's for what a buyer makes, else the owner's."""
        for what, token in (("create-intent", self.order_token), ("refund-requests", self.paid_token)):
            if what in path:
                return {"X_Order_Token": token}
        return {"Authorization": self.head}

    def body(self, path: str) -> dict[str, Any]:
        told: dict[str, Any] = self._filled(MAKES[path][0])
        return told

    def _filled(self, said: Any) -> Any:
        """The same with ids in it, wherever a text names one."""
        if isinstance(said, dict):
            return {name: self._filled(value) for name, value in said.items()}
        if isinstance(said, list):
            return [self._filled(value) for value in said]
        return said.format(**self.ids) if isinstance(said, str) else said


async def house(shop: Shop) -> House:
    await shop.open_event(types=[{"categories": ["Floor"], "number": 9}], chart_categories=["Floor"])
    head = await shop.organizer()
    order, opened, pool = await shop.paid(), await shop.ordered(), shop.services.common.pool
    email = f"{new_id('usr').lower()}@x.test"
    await pool.execute('UPDATE events SET refund_policy = \'{"mode": "approval"}\'')
    await pool.execute(
        "INSERT INTO users (id, email, name, password_hash) VALUES ($1, $2, 'Ada', 'x')", new_id("usr"), email
    )
    await shop.organizer("manager")
    path = f"/v1/events/{shop.event_id}/template"
    template = await shop.ask("POST", path, {"name": "Night"}, Authorization=head)
    return House(head, {
        "organization_id": shop.organization_id,
        "venue_id": await pool.fetchval("SELECT venue_id FROM events WHERE id = $1", shop.event_id),
        "event_id": shop.event_id,
        "ticket_type_id": shop.types[0],
        "order_id": order["order_id"],
        "open_id": opened["order_id"],
        "ticket_id": (await shop.tickets(order))[0]["id"],
        "email": email,
        "template_id": template["id"],
    }, opened["order_token"], order["order_token"])  # fmt: skip


def without_moment(answer: Answer) -> dict[str, Any]:
    return {name: value for name, value in answer.headers.items() if name in {"Location", "ETag", "Cache-Control"}}


def test_every_row_that_makes_something_is_tried_here():
    made = {route.path for route in ROUTES if route.method == "POST" and route.status == 201 and route.keeps_to_key}
    assert made == set(PATHS)


@pytest.mark.parametrize("path", PATHS)
async def test_the_same_request_twice_makes_one_thing_and_gets_one_answer(shop: Shop, path: str):
    home = await house(shop)
    key, body, count = shop.key(), home.body(path), MAKES[path][1]
    credential = {**home.credential(path), "Idempotency_Key": key}
    first = await shop.ask("POST", home.path(path), body, **credential)
    assert first.status == 201, first.body
    assert "Idempotent-Replayed" not in first.headers
    again = await shop.ask("POST", home.path(path), body, **credential)
    assert (again.status, again.body) == (201, first.body)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert without_moment(again) == without_moment(first)
    assert await shop.services.common.pool.fetchval(count) == 1
    other = await shop.ask("POST", home.path(path), {**body, "extra": 1}, **credential)
    assert (other.status, other["code"]) == (422, "idempotency_key_reused")
    assert await shop.services.common.pool.fetchval(count) == 1


@pytest.mark.parametrize("path", PATHS)
async def test_many_at_once_under_one_key_make_one_thing(shop: Shop, path: str):
    home = await house(shop)
    credential = {**home.credential(path), "Idempotency_Key": shop.key()}
    body = home.body(path)

    async def ask() -> Answer:
        for _ in range(9):
            answer = await shop.ask("POST", home.path(path), body, **credential)
            if answer.status != 503:  # a machine too busy to connect to its ledger in time says: come again
                break
            await asyncio.sleep(0.5)
        return answer

    answers = await asyncio.gather(*(ask() for _ in range(8)))
    assert {answer.status for answer in answers} <= {201, 409}
    assert len([answer for answer in answers if answer.status == 201]) >= 1
    assert {answer["code"] for answer in answers if answer.status == 409} <= {"idempotency_in_flight"}
    assert await shop.services.common.pool.fetchval(MAKES[path][1]) == 1


async def test_what_was_refused_keeps_no_answer_and_its_key_may_be_used_again(shop: Shop):
    home = await house(shop)
    path = home.path("/v1/events/{event_id}/ticket-types")
    credential = {"Authorization": home.head, "Idempotency_Key": shop.key()}
    assert (await shop.ask("POST", path, {"name": "T"}, **credential)).status == 422
    right = home.body("/v1/events/{event_id}/ticket-types")
    assert (await shop.ask("POST", path, right, **credential)).status == 201


async def test_a_key_is_one_persons_own(shop: Shop):
    home = await house(shop)
    path, body = home.path("/v1/events/{event_id}/devices"), {"name": "North"}
    key = shop.key()
    first = await shop.ask("POST", path, body, Authorization=home.head, Idempotency_Key=key)
    stranger = shop.organization_id
    shop.organization_id = await factories.organization(shop.services.common.pool)
    outside = await shop.ask("POST", path, body, Authorization=await shop.organizer(), Idempotency_Key=key)
    nobody = await shop.ask("POST", path, body, Idempotency_Key=key)
    assert (outside.status, nobody.status) == (404, 401)
    shop.organization_id = stranger
    colleague = await shop.ask("POST", path, body, Authorization=await shop.organizer(), Idempotency_Key=key)
    assert (colleague.status, colleague["secret"] == first["secret"]) == (201, False)


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_key_that_is_none_is_refused_and_nothing_is_written(shop: Shop, key: str):
    home = await house(shop)
    path, body = home.path("/v1/events/{event_id}/devices"), {"name": "North"}
    headers = {"Authorization": home.head, "Idempotency-Key": key}
    async with shop.http.post(shop.url + path, json=body, headers=headers) as response:
        assert (response.status, (await response.json())["code"]) == (400, "idempotency_key_required")
    assert await shop.services.common.pool.fetchval("SELECT count(*) FROM devices") == 0
    refund = await shop.ask(
        "POST", home.path("/v1/orders/{order_id}/refunds"), {"reason": "r"}, Authorization=home.head
    )
    assert (refund.status, refund["code"]) == (400, "idempotency_key_required")


async def test_a_body_beyond_the_limit_is_refused_with_a_key_as_without(shop: Shop):
    home = await house(shop)
    path = home.path("/v1/events/{event_id}/ticket-types")
    long = b'{"name": "' + b"x" * 300_000 + b'"}'
    answer = await shop.ask("POST", path, long, Authorization=home.head, Idempotency_Key=shop.key())
    assert (answer.status, answer["code"]) == (413, "too_large")


async def test_a_hold_grows_by_one_request_once_however_often_it_is_sent(shop: Shop):
    await shop.open_event()
    hold = await shop.hold(1)
    path, body = f"/v1/holds/{hold['id']}/items", {"items": [{"ticket_type_id": shop.types[0], "quantity": 2}]}
    credential = {"X_Order_Token": hold["hold_token"], "Idempotency_Key": shop.key()}
    first = await shop.ask("POST", path, body, **credential)
    again = await shop.ask("POST", path, body, **credential)
    assert (first.status, len(first["items"])) == (200, 3)
    assert (again.body, again.headers["Idempotent-Replayed"]) == (first.body, "true")
    assert (await shop.pulse())["held"] == 3
    more = await shop.ask("POST", path, {"items": [{**body["items"][0], "quantity": 1}]}, **credential)
    assert (more.status, more["code"]) == (422, "idempotency_key_reused")
    without = await shop.ask("POST", path, body, X_Order_Token=hold["hold_token"])
    assert (without.status, len(without["items"])) == (200, 5)
    stranger = await shop.hold(1)
    other = await shop.ask("POST", path, body, **credential | {"X_Order_Token": stranger["hold_token"]})
    assert other.status == 403


async def test_a_swap_and_an_extension_are_done_once_for_each_key(shop: Shop):
    await shop.open_event(factories.seated("Stalls", 1, 6), types=[{"categories": ["Stalls"]}], orphan_policy="off")
    hold = await shop.hold(1, seats=["Stalls/1/1"])
    at, credential = f"/v1/holds/{hold['id']}", {"X_Order_Token": hold["hold_token"], "Idempotency_Key": shop.key()}
    swapped = await shop.ask("POST", f"{at}/swap", {"seats": ["Stalls/1/2"]}, **credential)
    assert swapped.status == 200, swapped.body
    back = await shop.ask("POST", f"{at}/swap", {"seats": ["Stalls/1/1"]}, X_Order_Token=hold["hold_token"])
    assert back["items"][0]["seat"] == "Stalls/1/1"
    again = await shop.ask("POST", f"{at}/swap", {"seats": ["Stalls/1/2"]}, **credential)
    assert (again.body, again.headers["Idempotent-Replayed"]) == (swapped.body, "true")
    read = await shop.ask("GET", at, X_Order_Token=hold["hold_token"])
    assert read["items"][0]["seat"] == "Stalls/1/1"
    longer = await shop.ask("POST", f"{at}/extend", **credential)
    assert longer.status == 200, longer.body
    assert (await shop.ask("POST", f"{at}/extend", **credential)).body == longer.body
