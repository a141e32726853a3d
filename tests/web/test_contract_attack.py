"""The contract under attack: every call of openapi.json with generated requests, good and bad ones.

Nothing may break (500), every answer has the content type and shape that the contract promises, and a refusal is a
problem document with a known code.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import uvloop
from aiohttp import web
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as attack
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from engine.app import create_app
from engine.foundation import embedded
from engine.foundation.bearer import Bearers, Person
from engine.foundation.ids import new_id
from engine.foundation.postgres import open_postgres
from engine.services import appkeys
from engine.settings import Settings
from engine.web.openapi import document_bytes
from engine.web.routes import ROUTES
from tests import factories
from tests.conftest import TEST_MASTER_KEYS
from tests.databases import Databases

EXAMPLES = int(os.environ.get("ATTACK_EXAMPLES", "6"))  # for each call; a longer attack finds more
START_TIMEOUT_S = 30

CALL_TIMEOUT_S = 20
ENDLESS = {"/v1/events/{event_id}/seat-status/stream"}  # streams until one of both hangs up

CONTRACT = schemathesis.openapi.from_dict(json.loads(document_bytes(ROUTES)))
OPERATIONS = [found.ok() for found in CONTRACT.get_all_operations() if found.ok().path not in ENDLESS]


class Served:
    """The engine on a loop of its own, so that a plain blocking client can attack it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loop = uvloop.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.url = self.bearer = self.event_id = ""

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(START_TIMEOUT_S), "the engine did not start"

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_TIMEOUT_S)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        runner = web.AppRunner(create_app(self._settings))
        self._loop.run_until_complete(self._open(runner))
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    async def _open(self, runner: web.AppRunner) -> None:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
        pool = await open_postgres(self._settings.database_url, pool_max=2)
        self.event_id, _ = await factories.event(
            pool, factories.chart(factories.general("Floor", 50)), [{"categories": ["Floor"]}]
        )
        user_id = new_id("usr")
        await pool.execute(
            "INSERT INTO users (id, email, name, password_hash, is_admin) VALUES ($1, 'a@x.test', 'A', 'x', true)",
            user_id,
        )
        await pool.close()
        await runner.app[appkeys.INVENTORY].load(self.event_id)
        bearers: Bearers = runner.app[appkeys.BEARERS]
        self.bearer = "Bearer " + bearers.sign(Person(user_id, is_admin=True))


@pytest.fixture(scope="module")
def server(databases: Databases, valkey: embedded.Server, store_folder: Path) -> Iterator[Served]:
    dsn = databases.take()
    served = Served(
        Settings(
            media_dir=str(store_folder / "media"),
            redis_url=valkey.url,
            database_url=dsn,
            database_pool_max=6,
            master_keys=TEST_MASTER_KEYS,
            jwt_key="test-jwt-key-" + "x" * 32,
            stripe_url="http://127.0.0.1:9",
            log_level="error",
            rehearsal=True,
        )
    )
    served.start()
    yield served
    served.stop()
    databases.give_back(dsn)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_no_request_breaks_a_call_or_its_promises(operation: Any, server: Served) -> None:
    @attack(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
        real=st.booleans(),
        signed_in=st.booleans(),
    )
    def one(case: Any, *, real: bool, signed_in: bool) -> None:
        if real and "event_id" in (case.path_parameters or {}):
            case.path_parameters["event_id"] = server.event_id
        response = case.call(
            base_url=server.url, headers={"Authorization": server.bearer} if signed_in else {}, timeout=CALL_TIMEOUT_S
        )
        case.validate_response(response, checks=[content_type_conformance, response_schema_conformance])
        assert response.status_code != 500, response.text
        if response.status_code >= 400:
            problem = response.json()
            assert response.headers["content-type"][0].startswith("application/problem+json")
            assert (problem["status"], problem["type"] != "") == (response.status_code, True)
        if response.status_code in {429, 503}:
            assert response.headers["retry-after"]

    one()
