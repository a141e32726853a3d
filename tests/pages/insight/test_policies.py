"""Terms and privacy policy as people read them: the newest, or the version that an order names."""

from __future__ import annotations

import asyncpg

from engine.domain.accounts.policies import NewPolicy
from engine.foundation.bearer import Person
from engine.services import appkeys
from tests import factories
from tests.pages.conftest import Client
from tests.pages.forms import page

ROOT = Person("usr_root", is_admin=True)


async def test_each_version_stays_readable_and_nothing_in_it_runs(engine: Client, pool: asyncpg.Pool):
    policies = engine.app[appkeys.POLICIES]
    assert "Nothing is published here yet" in await page(engine, "/terms")
    first = "# Ours\n\n<script>alert(1)</script> **bold** [odd](javascript:alert(1))"
    assert await policies.publish(ROOT, "", "terms", NewPolicy(text=first, version=0)) == 1
    assert await policies.publish(ROOT, "", "terms", NewPolicy(text="Second text", version=1)) == 2
    html = await page(engine, "/terms?version=1")
    assert "<strong>bold</strong>" in html
    assert "<script>alert" not in html
    assert 'href="javascript:' not in html
    assert 'href="javascript' not in html
    newest = await page(engine, "/terms")
    assert ("Second text" in newest, 'href="/terms?version=1"' in newest) == (True, True)
    for path in ("/terms?version=9", "/terms?version=x", "/privacy?version=1", "/organizers/nobody/terms"):
        await page(engine, path, 404)


async def test_an_organizers_own_stand_next_to_the_platforms(engine: Client, pool: asyncpg.Pool):
    organization_id = await factories.organization(pool)
    at = f"/organizers/{organization_id.lower()}/privacy"
    assert "published nothing of its own" in await page(engine, at)
    policies = engine.app[appkeys.POLICIES]
    await policies.publish(ROOT, organization_id, "privacy", NewPolicy(text="We keep little", version=0))
    html = await page(engine, at)
    assert ("We keep little" in html, 'href="/privacy"' in html, 'href="/my-data"' in html) == (True, True, True)
    assert "We keep little" not in await page(engine, "/privacy")
    assert await pool.fetchval("SELECT versions FROM policy_versions WHERE owner = $1", organization_id) == {
        "privacy": 1
    }
