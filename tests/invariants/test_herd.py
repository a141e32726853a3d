"""Herds on real processes: nobody is turned away while there is room, and nobody gets what another has."""

from __future__ import annotations

import pytest

from engine.services.wiring import open_services
from engine.settings import Settings
from tests.invariants.herd import FOURS, LAST, PAIRS, engine_processes, stampede, until_ready


@pytest.mark.slow
async def test_a_thousand_callers_at_once_are_served_as_far_as_there_is_room(settings: Settings, redis_client: object):
    with engine_processes(settings) as (url, _):
        async with open_services(settings) as services:
            await until_ready(url)
            for kind in (PAIRS, FOURS, LAST):
                (await stampede(services, url, kind)).check()
