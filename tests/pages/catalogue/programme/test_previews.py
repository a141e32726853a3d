"""The preview of an event, by its link."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import asyncpg

from engine.domain.catalogue.programme import publication
from engine.foundation.clock import now
from engine.services import appkeys
from tests.pages.conftest import HTML, Client, Night


def _path(engine: Client, event_id: str, *, days: float = 1, at: str = "") -> str:
    keys = engine.app[appkeys.SETTINGS].keyring.platform()
    token = publication.mint(keys, event_id, now() + timedelta(days=days))
    return f"/preview?token={quote(token)}" + (f"&at={at}" if at else "")


async def test_a_draft_is_shown_to_whoever_has_its_link_and_nothing_is_sold(
    engine: Client, night: Night, pool: asyncpg.Pool
) -> None:
    await pool.execute("UPDATE events SET status = 'draft', published_at = NULL, title = 'Secret night'")
    answer = await engine.get(_path(engine, night.id), headers=HTML)
    text = await answer.text()
    assert answer.status == 200
    assert "Secret night" in text
    assert "Nothing can be bought here" in text
    assert "disabled>Choose tickets</button>" in text
    assert f'href="/e/{night.slug}/shop"' not in text
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert (await engine.get(f"/e/{night.slug}", headers=HTML)).status == 404


async def test_a_preview_shows_what_a_buyer_sees_at_a_chosen_moment(
    engine: Client, night: Night, pool: asyncpg.Pool
) -> None:
    await pool.execute("UPDATE on_sales SET opens_at = now() + interval '2 hours'")
    later = (now() + timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M")
    first = await (await engine.get(_path(engine, night.id), headers=HTML)).text()
    then = await (await engine.get(_path(engine, night.id, at=later), headers=HTML)).text()
    assert "Sales open" in first
    assert "disabled>Choose tickets</button>" in then
    assert f'value="{later}"' in then
    odd = await engine.get(_path(engine, night.id, at="99999-99-99"), headers=HTML)
    assert odd.status == 200, "what cannot be understood is now"


async def test_a_preview_link_runs_out_and_cannot_be_made_up(engine: Client, night: Night) -> None:
    paths = (_path(engine, night.id, days=-1), "/preview?token=AAAA", "/preview", _path(engine, night.id) + "A")
    for path in paths:
        answer = await engine.get(path, headers=HTML)
        assert (answer.status, "has run out" in await answer.text()) == (404, True), path
