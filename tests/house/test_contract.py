"""The HTTP contract: committed and fresh, every row says who may call it and what it does."""

from __future__ import annotations

import json
import re
from typing import get_args

import pytest

from engine.web.openapi import document_bytes
from engine.web.route import Who
from engine.web.routes import ROUTES
from tests.house import tree
from waitingroom.routes import ROUTES as ROOM_ROUTES
from waitingroom.routes import Who as RoomWho


def _say(route):
    return f"{route.method} {route.path}"


def test_the_committed_contract_is_the_one_the_routes_make():
    committed = tree.ROOT / "docs" / "openapi.json"
    assert committed.read_bytes() == document_bytes(), "docs/openapi.json is stale: run `make openapi`"


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
        for path in (route.path, *route.aliases):
            shape = re.sub(r"{[^}]*}", "{}", path)
            earlier = taken.setdefault((route.method, shape), route.path)
            assert earlier == route.path, f"{route.method} {path} belongs to {earlier} and to {route.path}"


def test_operation_names_are_unique_in_the_contract():
    names = [
        operation["operationId"]
        for path in json.loads(document_bytes())["paths"].values()
        for operation in path.values()
    ]
    assert len(names) == len(set(names)), sorted({name for name in names if names.count(name) > 1})


def test_what_needs_a_key_for_repeating_is_a_post_with_a_refusal_for_it():
    for route in ROUTES:
        if route.idempotent:
            assert route.method == "POST", _say(route)
