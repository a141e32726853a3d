"""The form takes no more units than the API lets its part of the network have, and no name that is a link."""

from __future__ import annotations

import pytest

from engine.settings import Settings
from tests.pages.conftest import Client, Night
from tests.pages.forms import held, page, send


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """As the public meets it."""
    return settings.model_copy(update={"rehearsal": False, "block_units_max": 5})


async def test_the_form_counts_for_the_same_part_of_the_network_as_the_api(engine: Client, night: Night) -> None:
    path = f"/e/{night.slug}/shop"
    assert (await send(engine, path, await page(engine, path), {f"q-{night.types[0]}": "4"})).status == 303
    refused = await send(engine, path, await page(engine, path), {f"q-{night.types[0]}": "2"})
    assert refused.status == 429
    assert "kept from your part of the network" in await refused.text()
    body = {"event_id": night.id, "items": [{"ticket_type_id": night.types[0], "quantity": 2}]}
    api = await engine.post("/v1/holds", json=body, headers={"Idempotency-Key": "k"})
    assert (api.status, (await api.json())["code"]) == (429, "address_full")


@pytest.mark.parametrize("name", ["evil.com", "Win at www.evil.test"])
async def test_a_name_with_a_link_is_refused_on_the_page_as_by_the_api(engine: Client, night: Night, name: str) -> None:
    path = await held(engine, night)
    html = await page(engine, path)
    refused = await send(engine, path, html, {"name": name, "email": "ada@example.test"})
    assert refused.status == 422
    assert "a name holds no web address" in await refused.text()
