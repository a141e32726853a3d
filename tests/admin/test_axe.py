"""Every page of the admin app before axe, with things on it and without, on a dark phone and on a light desk."""

from __future__ import annotations

import os
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page

from admin.routes import ROUTES
from engine.services.wiring import Services
from tests.admin.browsing import page_of
from tests.admin.estate import everything, fill
from tests.admin.organizer import PASSWORD, Organizer, invitation_link, platform_admin
from tests.axe import serious

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PIECES = (
    ".json",
    ".csv",
    "/board",
    "/live",
    "/figures",
    "/counts",
    "/accent",
    "/total",
    ".pdf",
)  # no pages of their own
# Forms that are refused as they come, by the page they stand on and the button that sends them.
REFUSED = (
    ("/organizations/new", "Create it"),
    ("/o/{organization}/events/new", "Make the draft"),
    ("/o/{organization}/venues/new", "Add it, then draw its chart"),
    ("/o/{organization}/keys", "Make the key"),
    ("/events/{event}/promos", "Make it"),
    ("/events/{event}/dates", "Make the dates"),
    ("/o/{organization}/import", "Try it"),
    ("/events/{event}/devices", "Register it"),
    ("/events/{event}/allotments", "Set them apart"),
    ("/events/{event}/box-office", "Sell"),
    ("/events/{event}/guests", "Try it"),
    ("/events/{event}/blocked", "Block them"),
)
PICTURES = os.environ.get("ONSALE_PICTURES")  # a folder for screenshots, for anybody who wants to look


async def _looked_at(page: Page) -> list[str]:
    if PICTURES:
        name = page.url.partition("//")[2].partition("/")[2].replace("/", "-")
        await page.screenshot(path=f"{PICTURES}/axe-{name}-{(page.viewport_size or {})['width']}.png", full_page=True)
    return await serious(page)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
async def test_no_page_of_the_admin_app_has_a_serious_finding(
    chromium: Browser,
    server: TestServer[web.Request],
    organizer: Organizer,
    services: Services,
    chart: str,
    scheme: Any,
    width: int,
) -> None:
    things = await everything(organizer, services, chart)
    bare = {**things, "organization": await organizer.organization()}
    hut = await organizer.post(f"/o/{bare['organization']}/venues", {"name": "Hut", "timezone": "UTC"})
    bare["venue"] = hut.url.path.split("/")[2]
    bare["event"] = await organizer.event(bare["organization"], bare["venue"])
    email = await platform_admin(services)
    page, _ = await page_of(chromium, server, viewport={"width": width, "height": 844}, color_scheme=scheme)
    findings: dict[str, list[str]] = {}
    link = await invitation_link(services, "invited@example.test")
    for path in ("/sign-in", "/register", link, "/invitations/accept?token=x"):
        await page.goto(path)
        findings[path] = await _looked_at(page)
    await page.goto("/sign-in")
    await page.get_by_label("E-mail address").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("button", name="Sign out").wait_for()
    full = {fill(route, things) for route in ROUTES if route.method == "GET" and not route.path.endswith(PIECES)}
    empty = {fill(route, bare) for route in ROUTES if route.method == "GET" and not route.path.endswith(PIECES)}
    for path in sorted(full | {path for path in empty if "/ord_" not in path and "/tt_" not in path}):
        await page.goto(path)
        findings[path] = await _looked_at(page)
    for template, button in REFUSED:
        await page.goto(template.format(**things))
        await page.get_by_role("button", name=button, exact=True).click()
        await page.locator("[data-focus]").wait_for()
        findings[template] = await _looked_at(page)
    await page.goto("/nowhere")
    findings["/nowhere"] = await _looked_at(page)
    assert len(findings) > 40
    assert not any(findings.values()), {path: found for path, found in findings.items() if found}
