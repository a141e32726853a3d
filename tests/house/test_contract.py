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
    ("GET", "/v1/events/suggest"),
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
# Sessions and keys: an answer that is kept for a day must open nothing.
ANSWERS_ARE_SECRETS = {
    "POST /v1/auth/register",
    "POST /v1/organizations/{organization_id}/api-keys",
    "POST /v1/organizations/{organization_id}/webhook-endpoints",
}
SAME_IS_ONE = {
    "POST /v1/events/{event_id}/images",  # a file sent twice is one picture: its bytes are the key
    "POST /v1/auth/passkeys/register/verify",  # its challenge is used up by the first
}
CHANGES_NO_MORE_BY_REPEATING = {
    "POST /v1/auth/login",
    "POST /v1/auth/refresh",
    "POST /v1/auth/logout",
    "POST /v1/auth/magic-link/redeem",  # the link is used up by the first, as codes are
    "POST /v1/auth/token",
    "POST /v1/auth/oauth/{provider}/callback",  # leads to a page that uses the answer up
    "POST /v1/auth/passkeys/register/options",
    "POST /v1/auth/passkeys/authenticate/options",
    "POST /v1/auth/passkeys/authenticate/verify",  # its challenge is used up by the first
    "POST /v1/auth/2fa/enable",
    "POST /v1/auth/2fa/verify",
    "POST /v1/auth/2fa/challenge",
    "POST /v1/orders/quote",
    "POST /v1/events/{event_id}/promo-codes/validate",
    "POST /v1/payments/confirm",
    "POST /v1/orders/{order_id}/end-links",  # ends them again, and says the newest
    "POST /v1/transfers/{transfer_id}/confirm",  # the first time counts
    "POST /v1/transfers/{transfer_id}/accept",
    "POST /v1/organizations/{organization_id}/connect",  # opens one account, and leads to its page each time
    "POST /v1/organizers/connect",
    "POST /v1/webhooks/stripe",  # an event's own id is its key
    "POST /v1/webhooks/sms",  # the last word about a text is said once
    "POST /v1/webhooks/whatsapp",
    "POST /v1/promo-codes/validate",
    "POST /v1/organizations/{organization_id}/webhook-endpoints/{endpoint_id}/replay",  # what waits goes once
    "POST /v1/organizations/{organization_id}/webhook-endpoints/{endpoint_id}/rotate-secret",  # a secret, not kept
    "POST /v1/tickets/{ticket_id}/validate",
    "POST /v1/tickets/validate",  # a scan's nonce is its key
}
DEMAND_A_KEY = {
    "/v1/holds",
    "/v1/orders",
    "/api/v1/orders",
    "/v1/orders/{order_id}/refunds",
    "/v1/payments/refund",
    "/v1/events/{event_id}/checkins/batch",
    "/v1/events/{event_id}/box-office/orders",
    "/v1/events/{event_id}/guest-list",
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


def test_every_post_that_makes_something_keeps_to_an_idempotency_key():
    careless = [_say(route) for route in ROUTES if route.method == "POST" and route.repeats == "always"]
    made = {_say(route) for route in ROUTES if route.method == "POST" and route.status == 201}
    assert made & set(careless) <= ANSWERS_ARE_SECRETS | SAME_IS_ONE <= set(careless)
    assert set(careless) - ANSWERS_ARE_SECRETS - SAME_IS_ONE == CHANGES_NO_MORE_BY_REPEATING


def test_a_key_is_demanded_where_the_contract_says_so_and_nowhere_else():
    demanded = {path for route in ROUTES if route.repeats in rows.KEYED for path in (route.path,)}
    assert demanded == DEMAND_A_KEY
    assert {route.method for route in ROUTES if route.repeats != "once"} == {"POST"}


def test_a_scanners_row_knows_its_scanner_before_it_keeps_an_answer():
    """Who shows another scanner's id and no secret must not be told what that one was told."""
    assert not [_say(route) for route in ROUTES if route.who == "device" and route.keeps_to_key]


def test_a_row_that_keeps_to_a_key_says_so_in_the_contract():
    paths = json.loads(document_bytes(ROUTES))["paths"]
    for route in ROUTES:
        if route.method == "POST":
            operation = paths[re.sub(r"{(\w+)(?::[^}]*)?}", r"{\1}", route.path)]["post"]
            told = {one["name"]: one["required"] for one in operation.get("parameters", ())}
            wanted = None if route.repeats == "always" else route.repeats in rows.KEYED
            assert told.get("Idempotency-Key") is wanted, _say(route)
