"""The wiring: every key has its service, and a job's name is its own."""

from __future__ import annotations

import pytest
from aiohttp import web

from engine import app as roof
from engine.jobs import all_jobs
from engine.services import appkeys, wiring
from engine.settings import Settings


async def test_a_key_without_a_service_stops_the_start(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(roof.KEYS, "nobody", web.AppKey("nobody"))
    async with wiring.open_services(settings) as services:
        with pytest.raises(AssertionError, match="nobody"):
            roof.install(web.Application(), services)


async def test_services_are_found_under_the_names_of_their_keys(settings: Settings):
    app = web.Application()
    async with wiring.open_services(settings) as services:
        roof.install(app, services)
        assert app[appkeys.ORDERS] is services.money.orders
        assert app[appkeys.TICKETS] is services.tickets.tickets
        names = [job.name for job in all_jobs(services)]
    assert len(names) == len(set(names))
