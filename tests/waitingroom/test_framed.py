"""The room inside of an organizer's own page: shown by the named sites alone, its cookie kept for that site."""

from __future__ import annotations

import filecmp
from pathlib import Path

import asyncpg
from aiohttp.test_utils import TestClient

import engine.pages
import waitingroom
from tests.waitingroom.conftest import NewRoom, until, until_phase

SITES = ["https://www.example.com", "https://tickets.example.org"]


async def test_the_named_sites_may_show_a_room_and_its_place_is_kept_for_them_alone(
    room_client: TestClient, new_room: NewRoom, pool: asyncpg.Pool
) -> None:
    event_id = await new_room()
    await until_phase(room_client, event_id, "open")
    path = f"/r/{event_id}"
    closed = await room_client.get(path)
    assert "frame-ancestors 'none'" in closed.headers["Content-Security-Policy"]
    assert closed.headers["X-Frame-Options"] == "DENY"
    await pool.execute("UPDATE organizations SET embed_origins = $1", SITES)

    async def open_to_them() -> bool:
        answer = await room_client.get(path)
        return f"frame-ancestors {' '.join(SITES)};" in answer.headers["Content-Security-Policy"]

    await until(open_to_them)
    shown = await room_client.get(path)
    assert "X-Frame-Options" not in shown.headers
    assert f'data-framers="{" ".join(SITES)}"' in await shown.text()
    for headers, marks in (({"Cookie": "onsale_framed=1"}, "SameSite=None; Secure; Partitioned"), ({}, "SameSite=Lax")):
        for send in (f"{path}/join", f"/v1/rooms/{event_id}/join"):
            room_client.session.cookie_jar.clear()
            answer = await room_client.post(send, headers=headers, allow_redirects=False)
            assert answer.headers["Set-Cookie"].endswith(marks), send


def test_both_apps_have_the_same_script_for_frames() -> None:
    ours, theirs = (Path(app.__file__).parent / "static" / "framed.js" for app in (engine.pages, waitingroom))
    assert filecmp.cmp(ours, theirs, shallow=False)
