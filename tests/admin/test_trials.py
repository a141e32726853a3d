"""A trial order: refused if money is real, honest about what breaks, and nothing is left taken."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestServer

from admin import trial
from admin.app import create_app
from admin.appkeys import SERVICES
from engine.foundation.connections import RedisClient
from engine.services.wiring import Services
from engine.settings import Settings
from tests.admin.organizer import Organizer

NOBODY = "http://127.0.0.1:1"  # no shop answers there


@contextlib.asynccontextmanager
async def _app(settings: Settings, publishable_key: str) -> AsyncIterator[tuple[Organizer, Services]]:
    """An organizer whose admin app runs without a shop."""
    keys = {"stripe_publishable_key": publishable_key}
    server = TestServer(create_app(settings.model_copy(update={"engine_url": NOBODY, **keys})))
    await server.start_server()
    organizer = Organizer(server.make_url("/"))
    try:
        yield await organizer.register(), server.app[SERVICES]
    finally:
        await organizer.client.close()
        await server.close()


@pytest.fixture
async def lonely(settings: Settings, redis_client: RedisClient) -> AsyncIterator[tuple[Organizer, Services]]:
    async with _app(settings, "pk_test_x") as both:
        yield both


async def test_a_trial_that_breaks_says_where_and_leaves_nothing_taken(
    lonely: tuple[Organizer, Services], chart: str
) -> None:
    organizer, services = lonely
    _, _, event_id = await organizer.published(chart)
    at = f"/events/{event_id}/trial"
    page = await organizer.get(at)
    assert all(step in page.words for step in trial.STEPS)
    page = await organizer.post(at, {})
    assert page.status == 200
    assert "It broke at “A place is held”" in page.words
    assert "The shop does not answer" in page.words
    assert page.text.count('aria-label="Not tried"') == len(trial.STEPS) - 1
    assert await services.common.pool.fetchval("SELECT count(*) FROM orders WHERE event_id = $1", event_id) == 0
    live = "SELECT count(*) FROM devices WHERE event_id = $1 AND revoked_at IS NULL"
    assert await services.common.pool.fetchval(live, event_id) == 0
    (report,) = await services.insight.audit.check(event_id)
    assert (report["ok"], report["held"], report["free"]) == (True, 0, 80)


async def test_an_order_that_a_broken_trial_left_unpaid_gives_its_place_back(
    lonely: tuple[Organizer, Services], chart: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    organizer, services = lonely
    _, _, event_id = await organizer.published(chart)
    closed: list[str] = []

    async def hold(self: trial.Trial) -> str:
        return ""

    async def opened(self: trial.Trial) -> str:
        self.order_id = "ord_01JD3W0000000000000000000A"
        raise trial.StepError("The provider sleeps")

    async def cancel(order_id: str, **_: object) -> None:
        closed.append(order_id)

    monkeypatch.setattr(trial.Trial, "_hold", hold)
    monkeypatch.setattr(trial.Trial, "_open", opened)
    monkeypatch.setattr(services.money.orders, "cancel", cancel)
    page = await organizer.post(f"/events/{event_id}/trial", {})
    assert "It broke at “An order is opened”" in page.words
    assert "The provider sleeps" in page.words
    assert closed == ["ord_01JD3W0000000000000000000A"]


async def test_no_trial_of_a_draft(lonely: tuple[Organizer, Services], chart: str) -> None:
    organizer, _ = lonely
    organization_id = await organizer.organization()
    draft = await organizer.event(organization_id, await organizer.venue(organization_id, chart))
    assert "needs an event that is published" in (await organizer.post(f"/events/{draft}/trial", {})).words


async def test_no_trial_with_real_money(settings: Settings, redis_client: RedisClient, chart: str) -> None:
    async with _app(settings, "pk_live_x") as (organizer, services):
        _, _, event_id = await organizer.published(chart)
        at = f"/events/{event_id}/trial"
        for page in (await organizer.get(at), await organizer.post(at, {})):
            assert "take real money" in page.words
            assert "Try it" not in page.words
        assert await services.common.pool.fetchval("SELECT count(*) FROM devices WHERE event_id = $1", event_id) == 0
