"""Writing terms and a privacy policy: a new version each time, none over another's."""

from __future__ import annotations

from collections.abc import Callable

from engine.services.wiring import Services
from tests.admin.organizer import Organizer, platform_admin


async def test_an_organizer_publishes_versions_and_nobody_publishes_over_another(
    organizer: Organizer, services: Services
) -> None:
    organization_id = await organizer.organization()
    at = f"/o/{organization_id}/policies"
    assert 'name="version" value="0"' in (await organizer.get(f"{at}?kind=privacy")).text
    form = {"kind": "privacy", "version": "0", "text": "We keep little."}
    assert "version 1 is published" in (await organizer.post(at, form)).words
    late = await organizer.post(at, {**form, "text": "We keep less."})
    assert (late.status, "Somebody else changed this" in late.words) == (422, True)
    assert "We keep less.</textarea>" in late.text
    empty = await organizer.post(at, {**form, "version": "1", "text": " "})
    assert (empty.status, 'id="e-text"' in empty.text) == (422, True)
    assert (
        "version 2 is published" in (await organizer.post(at, {**form, "version": "1", "text": "We keep less."})).words
    )
    kept = await services.common.pool.fetch("SELECT version, text FROM policies ORDER BY id")
    assert [tuple(row) for row in kept] == [(1, "We keep little."), (2, "We keep less.")]


async def test_the_platforms_own_are_its_admins_work(
    organizer: Organizer, browser: Callable[[], Organizer], services: Services
) -> None:
    form = {"kind": "terms", "version": "0", "text": "Be kind."}
    assert (await organizer.post("/policies", form)).status == 403
    root = browser()
    await root.sign_in(await platform_admin(services))
    assert "Terms: version 1 is published" in (await root.post("/policies", form)).words
    assert "Be kind.</textarea>" in (await root.get("/policies")).text
    (made,) = await services.common.pool.fetch("SELECT accepted FROM users WHERE email = $1", organizer.email)
    assert made["accepted"] is None
    await browser().register()
    newest = await services.common.pool.fetchval("SELECT accepted FROM users ORDER BY created_at DESC LIMIT 1")
    assert newest == {"terms": 1}
