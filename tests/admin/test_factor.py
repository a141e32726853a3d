"""Who must have a second factor is led to set it up, and sees nothing else of the admin app until then."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import pyotp
import pytest

from admin.routes import ROUTES
from engine.foundation.clock import now_ms
from engine.services.wiring import Services
from tests.admin.organizer import Organizer, platform_admin

FACTOR = "/account/factor"


def code_of(page_text: str) -> str:
    """The code that an app with the page's key shows."""
    found = re.search(r"<code>([A-Z2-7]{16,})</code>", page_text)
    assert found, page_text
    return pyotp.TOTP(found[1]).generate_otp(now_ms() // 1000 // 30)


async def test_an_organization_that_asks_leads_its_people_to_set_it_up_and_nowhere_else(
    somebody: Callable[[], Awaitable[Organizer]], services: Services
) -> None:
    owner = await somebody()
    organization_id = await owner.organization("House of Two")
    settings = f"/o/{organization_id}/settings"
    kept = await services.common.pool.fetchrow("SELECT version, slug FROM organizations")
    form = {"version": str(kept["version"]), "name": "House of Two", "slug": kept["slug"]}
    refused = await owner.post(settings, {**form, "require_second_factor": "true"}, follow=False)
    assert refused.status == 403
    await services.common.pool.execute("UPDATE organizations SET require_second_factor = true")
    shut = [(route.method, route.path) for route in ROUTES if not route.before_factor and "{" not in route.path]
    assert len(shut) > 10
    for method, path in [*shut, ("GET", settings), ("POST", settings)]:
        asked = owner.get(path, follow=False) if method == "GET" else owner.post(path, {}, token="x", follow=False)
        page = await asked
        assert (page.status, page.headers.get("Location")) == (303, FACTOR), (method, path)
    page = await owner.get("/")
    assert "You need one to go on" in page.words
    begun = await owner.post(FACTOR, {}, token=page.token)
    secret = re.search(r"<code>(\w+)</code>", begun.text)
    assert secret
    wrong = await owner.post(FACTOR + "/confirm", {"code": "000000", "secret": secret[1]}, token=begun.token)
    assert wrong.status == 422
    assert secret[1] in wrong.text
    done = await owner.post(FACTOR + "/confirm", {"code": code_of(begun.text), "secret": secret[1]}, token=begun.token)
    assert len(re.findall(r"<code>[\w-]{19}</code>", done.text)) == 10
    assert (await owner.get(settings)).status == 200


@pytest.mark.parametrize("strict", [True, False])
async def test_a_platform_admin_is_led_there_where_the_platform_asks(
    browser: Callable[[], Organizer], services: Services, strict: bool
) -> None:
    services.accounts.sign_ins.admins_need_factor = strict
    root = browser()
    await root.sign_in(await platform_admin(services))
    page = await root.get("/people", follow=False)
    assert page.status == (303 if strict else 200)
