"""Who must have a second factor is led to set it up, and sees nothing else of the admin app until then."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import pyotp
import pytest

from admin.routes import ROUTES
from engine.foundation.clock import now_ms
from engine.services.wiring import Services
from tests.admin.estate import fill
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
    page = await owner.get(settings)
    version = re.search(r'name="version" value="([^"]+)"', page.text)
    slug = re.search(r'name="slug"[^>]*value="([^"]+)"|value="([^"]+)"[^>]*name="slug"', page.text)
    assert version
    assert slug
    form = {"version": version[1], "name": "House of Two", "slug": slug[1] or slug[2], "require_second_factor": "true"}
    refused = await owner.post(settings, form, follow=False)
    assert refused.status == 403
    await services.common.pool.execute("UPDATE organizations SET require_second_factor = true")
    things = {"organization": organization_id}
    led = 0
    for route in ROUTES:
        if route.before_factor or "{" in route.path.replace("{organization:", ""):
            continue
        path = fill(route, things) if "{organization" in route.path else route.path
        page = await (
            owner.get(path, follow=False) if route.method == "GET" else owner.post(path, {}, token="x", follow=False)
        )
        assert (page.status, page.headers.get("Location")) == (303, FACTOR), (route.method, route.path)
        led += 1
    assert led > 20
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
