"""The HTTP contract: committed and fresh, every row says who may call it and what it does."""

from __future__ import annotations

import json
import re
from typing import get_args

import pytest
from aiohttp import web

from engine.web import route as rows
from engine.web.openapi import document_bytes
from engine.web.route import Who
from engine.web.routes import ROUTES
from tests.house import tree
from waitingroom.route import Who as RoomWho
from waitingroom.routes import ROUTES as ROOM_ROUTES

PREFIXES = ("/api/v1", "/api/tickets", "/api")
# What callers of the requirement documents know apart from the canonical paths; each is served under every prefix too.
OTHER_NAMES = {
    ("GET", "/v1/auth/me"),
    ("GET", "/v1/events/public"),
    ("GET", "/v1/events/search"),
    ("POST", "/v1/events/{event_id}/clone"),
    ("POST", "/v1/events/{event_id}/duplicate"),
    ("POST", "/v1/events/{event_id}/tiers"),
    ("GET", "/v1/events/{event_id}/tiers"),
    ("GET", "/v1/events/{event_id}/ticket-types/{ticket_type_id}"),
    ("PATCH", "/v1/events/{event_id}/ticket-types/{ticket_type_id}"),
    ("DELETE", "/v1/events/{event_id}/ticket-types/{ticket_type_id}"),
    ("GET", "/v1/events/{event_id}/gate-bundle/revocations"),
    ("GET", "/v1/users/me/tickets"),
    ("GET", "/v1/tickets/{ticket_id}/qr"),
    ("GET", "/v1/tickets/{ticket_id}/download"),
    ("GET", "/v1/tickets/{ticket_id}/qrcode"),
    ("GET", "/v1/tickets/{ticket_id}/qr-code"),
    ("GET", "/v1/organizers/me"),
    ("GET", "/v1/organizers/{organization_id}/events"),
    ("PATCH", "/v1/organizations/{organization_id}/settings"),
    ("GET", "/v1/events/featured"),
    ("GET", "/v1/search/events"),
    ("GET", "/v1/events/{event_id}/analytics"),
    ("GET", "/v1/events/{event_id}/metrics"),
    ("GET", "/v1/tiers/{ticket_type_id}"),
    ("PATCH", "/v1/tiers/{ticket_type_id}"),
    ("DELETE", "/v1/tiers/{ticket_type_id}"),
    ("POST", "/v1/events/{event_id}/discounts"),
    ("GET", "/v1/events/{event_id}/discounts"),
    ("GET", "/v1/discounts/{promo_id}"),
    ("PATCH", "/v1/discounts/{promo_id}"),
    ("DELETE", "/v1/discounts/{promo_id}"),
    ("POST", "/v1/cart/items"),
    ("POST", "/v1/cart/lock-seats"),
    ("POST", "/v1/orders/{order_id}/refund"),
    ("POST", "/v1/payments/webhook"),
    ("POST", "/v1/checkin"),
    # The same call by another method.
    ("PATCH", "/v1/users/me/password"),
    ("POST", "/v1/venues/{venue_id}/seating-chart"),
}
AS_THEY_STAND = {
    ("POST", "/webhooks/stripe"),
    ("POST", "/api/webhook/stripe"),
    ("POST", "/api/orders"),
    ("POST", "/api/tickets/orders"),
    ("GET", "/api/v1/users/me/orders"),
    ("GET", "/v1/orders"),
    ("GET", "/api/v1/orders"),
}
WITHOUT_PREFIXES = {("POST", "/v1/orders"), ("GET", "/v1/users/me/orders")}


def _say(route):
    return f"{route.method} {route.path}"


def test_the_committed_contract_is_the_one_the_routes_make():
    committed = tree.ROOT / "docs" / "openapi.json"
    assert committed.read_bytes() == document_bytes(ROUTES), "docs/openapi.json is stale: run `make openapi`"


@pytest.mark.parametrize("route", ROUTES, ids=_say)
def test_an_engine_route_says_who_may_call_it(route):
    assert route.who in get_args(Who)
    assert route.handler.__doc__, "the handler's docstring is the summary of the contract"
    assert route.path.startswith("/")


@pytest.mark.parametrize("route", ROOM_ROUTES, ids=_say)
def test_a_waiting_room_route_says_who_may_call_it(route):
    assert route.who in get_args(RoomWho)
    assert route.handler.__doc__


def test_no_address_is_given_away_twice():
    taken: dict[tuple[str, str], str] = {}
    for route in ROUTES:
        for method, path in route.addresses:
            shape = re.sub(r"{[^}]*}", "{}", path)
            earlier = taken.setdefault((method, shape), route.path)
            assert earlier == route.path, f"{method} {path} belongs to {earlier} and to {route.path}"


def test_the_engine_answers_at_every_address_it_ever_had_and_at_no_other():
    named = {(route.method, route.path) for route in ROUTES} | OTHER_NAMES
    wanted = named | AS_THEY_STAND
    wanted |= {
        (method, prefix + path.removeprefix("/v1"))
        for method, path in named - WITHOUT_PREFIXES
        for prefix in PREFIXES
        if path.startswith("/v1/")
    }
    wanted |= {("HEAD", path) for method, path in wanted if method == "GET"}
    app = web.Application()
    rows.add(app, ROUTES)
    assert {(each.method, each.resource.canonical) for each in app.router.routes()} == wanted


def test_the_contract_shows_no_names_of_our_modules():
    assert not re.search(rb"engine\.|waitingroom\.", document_bytes(ROUTES))


def test_every_component_of_the_contract_is_referred_to():
    text = document_bytes(ROUTES).decode()
    unused = [
        name for name in json.loads(text)["components"]["schemas"] if f'"#/components/schemas/{name}"' not in text
    ]
    assert not unused


def test_operation_names_are_unique_in_the_contract():
    names = [
        operation["operationId"]
        for path in json.loads(document_bytes(ROUTES))["paths"].values()
        for operation in path.values()
    ]
    assert len(names) == len(set(names)), sorted({name for name in names if names.count(name) > 1})


def test_what_needs_a_key_for_repeating_is_a_post_with_a_refusal_for_it():
    for route in ROUTES:
        if route.idempotent:
            assert route.method == "POST", _say(route)
