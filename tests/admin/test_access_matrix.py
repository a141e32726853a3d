"""Every route of the admin app, asked over HTTP by every kind of caller: what happens is what its row declares."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from admin.appkeys import SESSIONS
from admin.guard import Route
from admin.routes import OPEN, ROUTES
from admin.views.accounts import FORM_COOKIE
from engine.access import CALLERS, MEMBERS, Caller, opens_in_admin
from engine.domain.accounts.people import Credentials, Registration
from engine.domain.accounts.sessions import Caller as Knocking
from engine.foundation import assets, manners
from engine.foundation.ids import new_id
from engine.services.wiring import Services
from engine.settings import Settings
from loadtest.sandbox.app import build_app
from loadtest.sandbox.controls import Controls
from tests.admin.estate import VALID, contents, everything
from tests.admin.organizer import PASSWORD, Organizer, platform_admin


def _bare(path: str) -> str:
    """The path with its parameters' names alone."""
    return re.sub(r"{(\w+):(?:[^{}]|{[\d,]+})*}", r"{\1}", path)


ROWS = {(row.method, _bare(row.path)): row for row in ROUTES}
OPEN_ROWS = {(method, _bare(path)) for method, path, _, _ in OPEN} | {("GET", _bare(assets.ROUTE))}
# These end what the others are asked with, or the thing that they are asked about: last, in this order.
LAST = ("/delete", "/release", "/revoke", "/unpublish", "/cancel", "/view", "/view/end", "/disable", "/suspend",
        "/reinstate", "/password", "/sign-out")  # fmt: skip
IN_BRIEF: tuple[Caller, ...] = ("nobody", "other owner", "owner")
NONCE = "n" * 32


@dataclass
class Credential:
    """What a caller shows, and the form token of the session behind it."""

    headers: dict[str, str]
    csrf: str = "x" * 32


@pytest.fixture
async def settings(settings: Settings) -> AsyncIterator[Settings]:
    """With a payment provider that answers."""
    sandbox = TestServer(build_app(Controls()))
    await sandbox.start_server()
    yield settings.model_copy(update={"stripe_url": str(sandbox.make_url("")).rstrip("/")})
    await sandbox.close()


def _turn(path: str) -> int:
    return max([0, *(number for number, end in enumerate(LAST, 1) if path.endswith(end))])


async def _credentials(
    server: TestServer[web.Request], services: Services, organization_id: str
) -> dict[Caller, Credential]:
    pool, sessions, people = services.common.pool, server.app[SESSIONS], services.accounts.people

    async def signed_in(organization_id: str | None = None, role: str = "", email: str | None = None) -> Credential:
        if email is None:
            email = f"{new_id('usr').lower()}@x.test"
            tokens = await people.register(
                Registration(email=email, password=PASSWORD, name="N"), Knocking(address="192.0.2.1")
            )
        else:
            tokens = await people.sign_in(Credentials(email=email, password=PASSWORD), Knocking(address="192.0.2.1"))
        if organization_id is not None:
            await pool.execute(
                "INSERT INTO members (organization_id, user_id, role) VALUES ($1, $2, $3)",
                organization_id, tokens.user.id, role,
            )  # fmt: skip
        session = await sessions.begin(tokens)
        return Credential({"Cookie": f"onsale_admin={sessions.cookie(session)}"}, session.csrf)

    other = new_id("org")
    await pool.execute("INSERT INTO organizations (id, name, slug) VALUES ($1, 'Other', $2)", other, other.lower())
    found: dict[Caller, Credential] = {
        "nobody": Credential({}),
        "forger": Credential(
            {"Cookie": f"onsale_admin={'s' * 43}.{'m' * 43}", "Authorization": "Bearer " + "e30." * 3}
        ),
        "admitted": Credential({"Authorization": "Admission " + "a" * 80}),
        "other buyer": Credential({"X-Order-Token": "b" * 43}),
        "scanner": Credential({"Authorization": f"Device {new_id('dev')}.{'s' * 43}"}),
        "fan": await signed_in(),
        "other owner": await signed_in(other, "owner"),
        "key": Credential({"Authorization": "Bearer onsale_sk_key_01ARZ3NDEKTSV4RRFFQ69G5FAV_" + "s" * 43}),
        "admin": await signed_in(email=await platform_admin(services)),
    }
    for role in sorted(MEMBERS):
        found[role] = await signed_in(organization_id, role)
    assert set(found) == set(CALLERS)
    return found


async def _fresh(services: Services, path: str, things: dict[str, str]) -> dict[str, str]:
    """The things that the address names, for somebody who may: what they remove, shut or call back is a fresh one."""
    pool, things = services.common.pool, dict(things)
    if "{user}" in path:
        things["user"] = new_id("usr")
        await pool.execute(
            "INSERT INTO users (id, email, name, password_hash) VALUES ($1, $2, 'N', 'x')",
            things["user"], f"{things['user'].lower()}@x.test",
        )  # fmt: skip
        await pool.execute(
            "INSERT INTO members (organization_id, user_id, role) VALUES ($1, $2, 'finance')",
            things["organization"], things["user"],
        )  # fmt: skip
    if "{promo}" in path:
        things["promo"] = new_id("pro")
        await pool.execute(
            "INSERT INTO promo_codes SELECT (jsonb_populate_record(p,"
            " jsonb_build_object('id', $2::text, 'code', $3::text))).* FROM promo_codes p WHERE id = $1",
            things["promo_kept"], things["promo"], things["promo"].replace("pro_", "P").upper(),
        )  # fmt: skip
    if "{endpoint}" in path:
        things["endpoint"] = new_id("whe")
        await pool.execute(
            "INSERT INTO webhook_endpoints SELECT (jsonb_populate_record(w, jsonb_build_object('id', $2::text))).*"
            " FROM webhook_endpoints w WHERE id = $1",
            things["endpoint_kept"], things["endpoint"],
        )  # fmt: skip
    if "{template}" in path:
        things["template"] = new_id("tpl")
        await pool.execute(
            "INSERT INTO event_templates SELECT (jsonb_populate_record(t,"
            " jsonb_build_object('id', $2::text, 'name', $2::text))).* FROM event_templates t WHERE id = $1",
            things["template_kept"], things["template"],
        )  # fmt: skip
    if "{image}" in path:
        things["image"] = new_id("img")
        await pool.execute(
            "INSERT INTO images SELECT (jsonb_populate_record(i,"
            " jsonb_build_object('id', $2::text, 'source_digest', $2::text))).* FROM images i WHERE id = $1",
            things["image_kept"], things["image"],
        )  # fmt: skip
    if "/chart/plan" in path:
        await pool.execute(
            "INSERT INTO chart_plans (venue_id, digest, width, height, widths, x, y, span, opacity, locked)"
            " VALUES ($1, $2, 320, 200, '{320}', 0, 0, 10, 1, false) ON CONFLICT DO NOTHING",
            things["venue"], "a" * 32,
        )  # fmt: skip
    if "{invitation}" in path:
        things["invitation"] = new_id("inv")
        await pool.execute(
            "INSERT INTO invitations SELECT (jsonb_populate_record(i, jsonb_build_object('id', $2::text,"
            " 'email', lower($2) || '@x.test'))).* FROM invitations i WHERE id = $1",
            things["invitation_kept"], things["invitation"],
        )  # fmt: skip
    return things


def fill(path: str, things: dict[str, str]) -> str:
    return re.sub(r"{(\w+)}", lambda found: things[found[1]], path)


class Asked:
    """The app as its callers ask it."""

    def __init__(self, server: TestServer[web.Request]) -> None:
        self._server = server
        self._form_token = server.app[SESSIONS].mac("form " + NONCE)

    async def __call__(
        self, http: aiohttp.ClientSession, method: str, path: str, who: Credential, *, is_open: bool
    ) -> tuple[int, str, str]:
        """(status, Location, body) of the row's usual request."""
        headers, sent = dict(who.headers), dict[str, Any]()
        if method == "POST":
            token = self._form_token if is_open else who.csrf
            if is_open:
                headers["Cookie"] = f"{FORM_COOKIE}={NONCE}; {headers.get('Cookie', '')}"
            sent = {"data": {**VALID, "csrf": token}}
        url = self._server.make_url(path)
        async with http.request(method, url, headers=headers, allow_redirects=False, **sent) as answer:
            assert answer.headers["X-Content-Type-Options"] == "nosniff", path
            assert "Server" not in answer.headers, path
            kept = answer.headers.get("Cache-Control", "")
            assert kept.startswith(("private, ", "no-store")) or path.startswith(("/static/", "/media/")), (path, kept)
            return answer.status, answer.headers.get("Location", ""), (await answer.read()).decode(errors="replace")


def _did(status: int, location: str) -> bool:
    return status not in {401, 403, 404} and not (status == 303 and location.startswith("/sign-in"))


@pytest.mark.slow
async def test_every_row_of_the_admin_app_opens_to_whom_it_declares_and_to_nobody_else(
    organizer: Organizer, server: TestServer[web.Request], services: Services, chart: str
) -> None:
    things = await everything(organizer, services, chart)
    things |= {f"{name}_kept": things[name] for name in ("promo", "invitation", "image", "template", "endpoint")}
    page = (await organizer.get("/sign-in")).text
    found = re.search(r'href="/static/([^"]+)"', page)
    assert found
    things |= {"path": found[1], "provider": "google"}
    asked, credentials = Asked(server), await _credentials(server, services, things["organization"])
    served = {(route.method, route.resource.canonical) for route in server.app[manners.MANNERS] if route.resource}
    wrong, refused = [], set()
    before = await contents(services)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        for open_ones in (False, True):
            for method, path in sorted(served, key=lambda one: (_turn(one[1]), one)):
                named = ("GET" if method == "HEAD" else method, path)
                row: Route | None = ROWS.get(named)
                assert row is not None or named in OPEN_ROWS, named
                for caller in CALLERS if method != "HEAD" else IN_BRIEF:
                    opened = row is None or opens_in_admin(row, caller)
                    if opened != open_ones:
                        continue
                    named_things = await _fresh(services, path, things) if opened else things
                    status, location, body = await asked(
                        http, method, fill(path, named_things), credentials[caller], is_open=row is None
                    )
                    signs_out = path == "/sign-out" and opened
                    did = _did(status, "" if signs_out else location)
                    if did != opened or status >= 500:
                        wrong.append((method, path, caller, status, location, body[:200]))
                    if not opened:
                        refused.add(named)
            if not open_ones:
                assert await contents(services) == before
    assert not wrong, "\n".join(map(str, wrong))
    assert {named for named, row in ROWS.items() if row.needs != "person"} <= refused
