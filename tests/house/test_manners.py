"""Nothing is served without its row in the table of limits, and the page that shows who may what is the tables' own."""

from __future__ import annotations

from dataclasses import fields

import pytest
from aiohttp import web

from admin import routes as admin_routes
from admin.app import create_app as admin_app
from engine.access_page import document
from engine.app import create_app as engine_app
from engine.foundation import manners
from engine.foundation.limits_table import LIMITS
from engine.settings import Settings
from engine.web import route as rows
from engine.web.routes import ROUTES
from tests.house import tree
from waitingroom import settings as room_settings
from waitingroom.app import create_app as room_app
from waitingroom.route import Route as RoomRoute
from waitingroom.routes import ROUTES as ROOM_ROUTES

KEYS = {"master_keys": "1:" + "1f" * 32, "jwt_key": "k" * 40}
# Where a route may come into an application: each takes its manners along.
REGISTERS = ("add_get(", "add_post(", "add_put(", "add_patch(", "add_delete(", "add_route(", "add_view(", "add_static(")


async def _apps() -> dict[str, web.Application]:
    settings = Settings(**KEYS)
    return {
        "engine": engine_app(settings),
        "admin": admin_app(settings),
        "room": await room_app(room_settings.Settings(**KEYS)),
    }


def _without_a_class(app: web.Application) -> list[str]:
    return [str(route) for route in app.router.routes() if route not in app[manners.MANNERS]]


async def test_every_route_of_the_three_apps_has_a_class_of_the_table():
    for name, app in (await _apps()).items():
        assert _without_a_class(app) == [], name
        assert {asked.limit for asked in app[manners.MANNERS].values()} <= set(LIMITS)


async def test_a_route_that_comes_in_by_another_way_is_found():
    app = (await _apps())["engine"]
    app.router.add_get("/v1/forgotten", rows._without_query(lambda _request: None))
    assert any("/v1/forgotten" in found for found in _without_a_class(app))


def test_routes_come_in_by_one_function():
    strangers = [
        tree.name(path)
        for path in tree.files(".py", under=("engine", "admin", "waitingroom"))
        if any(f".{way}" in tree.text(path) for way in REGISTERS)
    ]
    assert strangers == ["engine/foundation/manners.py"]


@pytest.mark.parametrize("kind", [rows.Route, admin_routes.Route, RoomRoute], ids=["engine", "admin", "room"])
def test_a_row_cannot_be_written_without_a_class(kind):
    limit = next(field for field in fields(kind) if field.name == "limit")
    assert limit.default is limit.default_factory, "a class that stands by itself would be nobody's decision"


def test_every_row_of_the_contract_says_what_follows_from_its_class():
    for route in ROUTES:
        told = {refusal.code for refusal in route.refusals}
        assert ("slow_down" in told) == LIMITS[route.limit].is_limited, route.path
        assert ("cross_site" in told) == (route.method not in manners.SAFE and route.who != "provider"), route.path


def test_every_row_of_the_room_says_what_follows_from_its_class():
    for route in ROOM_ROUTES:
        told = {refusal.code for refusal in route.refusals}
        assert ("slow_down" in told) == LIMITS[route.limit].is_limited, route.path
        assert ("cross_site" in told) == (route.method not in manners.SAFE), route.path


async def test_every_address_of_the_room_and_of_the_admin_app_stands_on_the_page_of_who_may_what():
    page = document().decode()
    said = {"admin": page.partition("## The admin app")[2], "room": page.partition("## The waiting room")[2]}
    for name, app in (await _apps()).items():
        for route, asked in app[manners.MANNERS].items() if name in said else ():
            preflight, nowhere = route.method == "OPTIONS", asked is manners.NOWHERE
            if route.method != "HEAD" and not preflight and not nowhere:
                assert f"| `{route.method} {route.resource.canonical}` |" in said[name], (name, route)


async def test_every_answer_of_the_three_apps_is_dressed():
    for name, app in (await _apps()).items():
        assert manners.dress in app.on_response_prepare, name


def test_the_committed_page_of_who_may_what_is_the_one_the_tables_make():
    assert (tree.ROOT / "docs" / "ACCESS.md").read_bytes() == document(), "docs/ACCESS.md is stale: run `make openapi`"
