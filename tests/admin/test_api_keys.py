"""Keys for programs on their page: made with scopes, shown once, used, revoked."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import pytest

from engine.foundation.errors import Unauthenticated
from engine.services.wiring import Services
from tests.admin.organizer import Organizer


async def test_a_key_is_shown_once_does_what_was_ticked_and_is_revoked(
    somebody: Callable[[], Awaitable[Organizer]], services: Services
) -> None:
    owner = await somebody()
    path = f"/o/{await owner.organization()}/keys"
    empty = await owner.post(path, {"name": "", "expires_at": "2020-01-01T00:00"})
    assert empty.status == 422
    assert empty.words.count("Fill this in") >= 1
    past = await owner.post(path, {"name": "Till", "scopes": "orders.read", "expires_at": "2020-01-01T00:00"})
    assert (past.status, "This moment is over" in past.words) == (422, True)
    assert re.search(r'value="orders.read" checked', past.text), "what was ticked stays ticked"
    made = await owner.post(path, [("name", "Till"), ("scopes", "orders.read"), ("scopes", "reports.read")])
    assert made.status == 201
    shown = re.search(r"onsale_sk_[\w-]+", made.text)
    assert shown
    program = await services.accounts.api_keys.open(shown[0])
    assert program.key is not None
    assert program.key.scopes == {"orders.read", "reports.read"}
    page = await owner.get(path)
    assert "onsale_sk_" not in page.text
    assert "orders.read, reports.read" in page.words
    key_id = re.search(r"/keys/(key_\w+)/revoke", page.text)
    assert key_id
    for _ in range(2):  # twice is no fault
        gone = await owner.post(f"{path}/{key_id[1]}/revoke", {})
        assert (gone.status, "Till" in gone.words) == (200, False)
    with pytest.raises(Unauthenticated):
        await services.accounts.api_keys.open(shown[0])
