"""A platform admin views the platform as an organizer: said on each page, logged with both names, over by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from admin import guard, sessions
from admin.routes import ROUTES
from engine.foundation.bearer import Bearers, Person
from engine.services.wiring import Services
from tests.admin.estate import VALID, contents, everything, fill
from tests.admin.organizer import Organizer, platform_admin


async def test_what_an_admin_does_as_an_organizer_is_logged_with_both_names(
    organizer: Organizer, browser: Callable[[], Organizer], services: Services, chart: str
) -> None:
    things = await everything(organizer, services, chart)
    root = browser()
    await root.sign_in(await platform_admin(services))
    page = await root.post(f"/people/{things['user']}/view", {})
    assert "You view as" in page.words
    for path in ("/", "/organizations", "/people", f"/events/{things['event']}"):
        assert "it ends in 30 minutes" in (await root.get(path)).words, path
    assert (await root.get("/people")).status == 403
    assert (await root.post(f"/people/{things['user']}/view", {})).status == 403
    kinds = [("name", "Late"), ("price", "5.00"), ("categories", "Floor")]
    assert (await root.post(f"/events/{things['event']}/ticket-types", kinds)).status == 200
    admin_id = await services.common.pool.fetchval("SELECT id FROM users WHERE is_admin")
    who = "SELECT actor_kind, actor_id, facts->>'through_id' FROM audit_log WHERE action = 'ticket_type.created'"
    line = await services.common.pool.fetchrow(who + " ORDER BY id DESC")
    assert tuple(line) == ("organizer", things["user"], admin_id)
    assert "through Root (platform)" in (await organizer.get(f"/events/{things['event']}/history")).words
    page = await root.post("/view/end", {})
    assert "You view as" not in page.words
    assert (await root.get("/people")).status == 200
    lines = await services.common.pool.fetch("SELECT action, actor_id FROM audit_log WHERE target = $1", things["user"])
    assert [tuple(row) for row in lines][-2:] == [("account.viewed_as", admin_id), ("account.view_ended", admin_id)]


async def test_nobody_changes_money_people_or_the_account_of_whom_they_view_as(
    organizer: Organizer, browser: Callable[[], Organizer], services: Services, chart: str
) -> None:
    things = await everything(organizer, services, chart)
    root = browser()
    await root.sign_in(await platform_admin(services))
    await root.post(f"/people/{things['user']}/view", {})
    own = {route.path for route in ROUTES if route.method != "GET" and route.is_own}
    for end in ("/password", "/members", "/remove", "/refunds", "/orders/{order:ord_[0-9A-Z]{26}}/cancel", "/accept"):
        assert any(path.endswith(end) for path in own), end
    before = await contents(services)
    for route in ROUTES:
        if route.method != "GET" and route.is_own:
            page = await root.post(fill(route, things), VALID)
            assert (page.status, guard.OnlyThemselves.title in page.words) == (403, True), route.path
    assert await contents(services) == before


@pytest.mark.parametrize("why", ["its time is over", "they are no admin any more", "the account was shut"])
async def test_a_view_ends_by_itself(
    organizer: Organizer,
    browser: Callable[[], Organizer],
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
    why: str,
) -> None:
    user_id = await services.common.pool.fetchval("SELECT id FROM users WHERE email = $1", organizer.email)
    root = browser()
    await root.sign_in(await platform_admin(services))
    if why == "its time is over":
        monkeypatch.setattr(sessions, "VIEW_S", 0)
    await root.post(f"/people/{user_id}/view", {}, follow=False)
    if why == "they are no admin any more":
        await services.common.pool.execute("UPDATE users SET is_admin = false")
    if why == "the account was shut":
        await services.common.pool.execute("UPDATE users SET disabled_at = now() WHERE id = $1", user_id)
    page = await root.get("/account")
    assert "You view as somebody" not in page.text
    assert "You view the platform as yourself again." in page.words
    assert "Root" in page.words


async def test_a_view_that_runs_out_is_logged_as_ended_once(
    organizer: Organizer,
    browser: Callable[[], Organizer],
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user_id = await services.common.pool.fetchval("SELECT id FROM users WHERE email = $1", organizer.email)
    root = browser()
    await root.sign_in(await platform_admin(services))
    ended = "SELECT facts FROM audit_log WHERE action = 'account.view_ended' ORDER BY id"
    await root.post(f"/people/{user_id}/view", {}, follow=False)
    await root.post("/view/end", {})
    monkeypatch.setattr(sessions, "VIEW_S", 0)
    await root.post(f"/people/{user_id}/view", {}, follow=False)
    await services.common.pool.execute("UPDATE outbox SET available_at = now() WHERE topic = 'account.view_over'")
    await services.common.outbox.step()
    assert [row["facts"] for row in await services.common.pool.fetch(ended)] == [{}, {"ran_out": True}]


async def test_an_admin_is_viewed_by_nobody(browser: Callable[[], Organizer], services: Services) -> None:
    root = browser()
    await root.sign_in(await platform_admin(services))
    admin_id = await services.common.pool.fetchval("SELECT id FROM users WHERE is_admin")
    assert "platform admin's" in (await root.post(f"/people/{admin_id}/view", {})).words


def test_a_bearer_of_somebody_viewed_says_through_whom(server: TestServer[web.Request], settings: Any) -> None:
    bearers = Bearers(settings.jwt_key.get_secret_value().encode())
    person = Person("usr_1", is_admin=False, through="usr_2")
    assert bearers.verify(bearers.sign(person)) == person
