"""Nobody reaches another organization's things, whatever address they type; nobody at all without signing in."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import pytest
from yarl import URL

from admin.routes import ROUTES
from admin.views import complaints, featured, moderation, switches
from engine.services.wiring import Services
from tests.admin.estate import VALID, contents, everything, fill
from tests.admin.organizer import Organizer, join, platform_admin

PLATFORM = {each.__name__ for each in (complaints, featured, moderation, switches)}
OWN = {"/", "/board", "/account", "/account/factor", "/account/factor/confirm", "/account/password",
       "/account/verify", "/sign-out", "/organizations", "/organizations/new", "/invitations/accept", "/text/preview",
       "/view/end"}  # fmt: skip


async def test_to_a_stranger_nothing_of_another_organization_exists(
    somebody: Callable[[], Awaitable[Organizer]], services: Services, chart: str
) -> None:
    owner, stranger = await somebody(), await somebody()
    things = await everything(owner, services, chart)
    await stranger.organization()
    token = (await stranger.get("/account")).token
    before = await contents(services)
    tried = 0
    for route in ROUTES:
        if route.path in OWN:
            continue
        path = fill(route, things)
        page = await (
            stranger.get(path) if route.method == "GET" else stranger.post(path, VALID, token=token, follow=False)
        )
        is_platforms = route.handler.__module__ in PLATFORM or route.path.startswith(("/activity", "/policies"))
        expected = 403 if is_platforms else 404
        assert page.status == expected, (route.method, route.path, page.status, page.words[:300])
        tried += 1
    assert tried > 50
    assert await contents(services) == before


async def test_things_of_another_event_do_not_exist_below_ones_own(
    somebody: Callable[[], Awaitable[Organizer]], services: Services, chart: str
) -> None:
    owner, stranger = await somebody(), await somebody()
    theirs, own = await everything(owner, services, chart), await everything(stranger, services, chart)
    token = (await stranger.get("/account")).token
    before = await contents(services)
    for route in ROUTES:
        inner = re.findall(r"\{(ticket_type|allotment|promo|order|sale|device|image)\b", route.path)
        if not inner:
            continue
        path = fill(route, {**own, inner[0]: theirs[inner[0]]})
        page = await (
            stranger.get(path) if route.method == "GET" else stranger.post(path, VALID, token=token, follow=False)
        )
        assert page.status == 404, (route.method, route.path, page.status, page.words[:300])
    assert await contents(services) == before


async def test_a_guest_is_sent_to_sign_in_and_changes_nothing(
    somebody: Callable[[], Awaitable[Organizer]], browser: Callable[[], Organizer], services: Services, chart: str
) -> None:
    things = await everything(await somebody(), services, chart)
    before = await contents(services)
    guest = browser()
    for route in ROUTES:
        path = fill(route, things)
        page = await (
            guest.get(path, follow=False)
            if route.method == "GET"
            else guest.post(path, VALID, token="x" * 32, follow=False)
        )
        assert page.status == 303, (route.method, route.path, page.status)
        assert page.headers["Location"].startswith("/sign-in")
    assert await contents(services) == before


async def test_no_form_is_taken_without_the_sessions_own_token(
    somebody: Callable[[], Awaitable[Organizer]], services: Services, chart: str
) -> None:
    owner, other = await somebody(), await somebody()
    things = await everything(owner, services, chart)
    stolen = (await other.get("/account")).token
    before = await contents(services)
    for route in ROUTES:
        if route.method != "POST":
            continue
        path = fill(route, things)
        for token in ("", stolen):
            page = await owner.post(path, VALID, token=token, follow=False)
            assert page.status == 403, (route.path, page.status)
    own = (await owner.get("/account")).token
    page = await owner.post(
        f"/o/{things['organization']}/venues", VALID, token=own, follow=False, **{"Sec-Fetch-Site": "cross-site"}
    )
    assert page.status == 403
    assert await contents(services) == before


PART = b'--b\r\nContent-Disposition: form-data; name="a"\r\n'


@pytest.mark.parametrize(
    "body",
    [
        b"--b\r\n",
        b"no boundary at all",
        PART,
        PART + b"Content-Encoding: gzip\r\n\r\nx\r\n--b--\r\n",
        PART + b"Content-Transfer-Encoding: no\r\n\r\nx\r\n--b--\r\n",
        PART + b"Content-Type: text/plain; charset=no\r\n\r\nx\r\n--b--\r\n",
        b"--b\r\nX\r\n\r\nx\r\n--b--\r\n",
    ],
)
@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=b", ""])
async def test_a_form_that_cannot_be_read_is_refused(browser: Callable[[], Organizer], kind: str, body: bytes) -> None:
    guest = browser()
    headers = {"Content-Type": kind or "application/x-www-form-urlencoded; charset=no"}
    answer = await guest.client.post(guest.base.join(URL("/sign-in")), data=body, headers=headers)
    assert answer.status in {400, 403}, await answer.text()


@pytest.mark.parametrize(
    ("role", "forbidden", "allowed"),
    [
        ("box_office", {"settings", "publish", "on-sale", "promos"}, {"devices"}),
        ("finance", {"settings", "publish", "on-sale", "devices", "promos"}, set()),
        ("manager", set(), {"settings", "on-sale", "devices", "promos"}),
    ],
)
async def test_a_role_goes_as_far_as_it_says(
    somebody: Callable[[], Awaitable[Organizer]],
    services: Services,
    chart: str,
    role: str,
    forbidden: set[str],
    allowed: set[str],
) -> None:
    owner, member = await somebody(), await somebody()
    things = await everything(owner, services, chart)
    await join(services, owner, things["organization"], member, role)
    at = f"/events/{things['event']}"
    page = await member.get(at)
    assert page.status == 200
    assert (f"{at}/settings" in page.text) == ("settings" not in forbidden)
    for what in forbidden:
        assert (await member.post(f"{at}/{what}", VALID)).status == 403, (role, what)
    for what in allowed:
        assert (await member.post(f"{at}/{what}", VALID)).status in {200, 201, 422}, (role, what)
    assert (await member.post(f"/o/{things['organization']}/members", VALID)).status == 403


async def test_a_platform_admin_sees_every_organization(
    organizer: Organizer, browser: Callable[[], Organizer], services: Services, chart: str
) -> None:
    things = await everything(organizer, services, chart)
    root = browser()
    await root.sign_in(await platform_admin(services))
    for route in ROUTES:
        if route.method == "GET":
            assert (await root.get(fill(route, things))).status == 200, route.path
