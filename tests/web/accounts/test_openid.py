"""Signing in with an account elsewhere: away to a provider of our own and back, in fair weather and in foul."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer

from engine.app import create_app
from engine.domain.accounts.openid import START, return_path
from engine.foundation.connections import RedisClient
from engine.foundation.embedded import free_port
from engine.foundation.openid_providers import OpenIdProvider
from engine.services import appkeys
from engine.settings import Settings
from engine.stores.accounts import openid_gateway
from loadtest import oidc
from tests.web.organizer import PASSWORD

HTML = {"Accept": "text/html"}
ADA = {"sub": "ada", "email": "Ada@Example.test", "email_verified": True, "name": "Ada Lovelace"}


@dataclass
class World:
    """The engine, a browser at it, and the provider with its weather."""

    engine: TestClient[web.Request, web.Application]
    provider: oidc.Provider
    pool: asyncpg.Pool

    async def away(self, return_to: str = "") -> str:
        """Off to the provider; the address that it sends the browser back to."""
        path = "/v1/auth/oauth/sandbox/start" + (f"?return_to={return_to}" if return_to else "")
        begun = await self.engine.get(path, allow_redirects=False)
        assert begun.status == 303, await begun.text()
        return await self.there(begun.headers["Location"])

    async def there(self, url: str) -> str:
        async with ClientSession() as browser, browser.get(url, allow_redirects=False) as answer:
            assert answer.status == 303, await answer.text()
            back = urlsplit(answer.headers["Location"])
        return f"{back.path}?{back.query}"

    async def back(self, path: str, **headers: str) -> tuple[int, str]:
        """Back at the engine: the status, and where it leads or what it refuses."""
        answer = await self.engine.get(path, headers=headers, allow_redirects=False)
        if answer.status == 303:
            return 303, answer.headers["Location"]
        return answer.status, str((await answer.json())["code"])

    async def signs_in(self, **person: Any) -> tuple[int, str]:
        self.provider.controls.person = {**ADA, **person}
        return await self.back(await self.away())

    async def users(self) -> list[asyncpg.Record]:
        return await self.pool.fetch("SELECT email, name, email_verified_at, address_claimed_at FROM users ORDER BY id")

    def is_signed_in(self) -> bool:
        return any(cookie.key == "onsale_account" for cookie in self.engine.session.cookie_jar)


@pytest.fixture
async def world(settings: Settings, pool: asyncpg.Pool, redis_client: RedisClient) -> AsyncIterator[World]:
    provider = oidc.Provider()
    async with TestServer(oidc.create_app(provider)) as server:
        port = free_port()
        stand_in = OpenIdProvider(client_id="onsale", title="Sandbox", issuer=str(server.make_url("")).rstrip("/"))
        own = settings.model_copy(
            update={"oidc_providers": {"sandbox": stand_in}, "engine_url": f"http://127.0.0.1:{port}"}
        )
        async with TestClient(TestServer(create_app(own), port=port)) as engine:
            yield World(engine, provider, pool)


@pytest.mark.parametrize(
    ("given", "kept"),
    [("/e/lanterns?x=1", "/e/lanterns?x=1"), ("", START), ("//elsewhere.test", START), ("https://x.test", START),
     ("/\\elsewhere.test", START), ("/a b", START), ("/a\r\nSet-Cookie: x", START), ("/" + "a" * 2000, START)],
)  # fmt: skip
def test_a_browser_goes_on_to_a_path_of_ours_and_nowhere_else(given: str, kept: str):
    assert return_path(given) == kept


async def test_somebody_new_gets_an_account_whose_address_is_proven_and_the_same_one_again(world: World):
    world.provider.controls.person = ADA
    begun = await world.engine.get("/v1/auth/oauth/sandbox/start?return_to=/my-tickets", allow_redirects=False)
    asked = {name: value for name, (value,) in parse_qs(urlsplit(begun.headers["Location"]).query).items()}
    assert (asked["code_challenge_method"], asked["response_type"]) == ("S256", "code")
    assert {"state", "nonce", "code_challenge", "redirect_uri"} <= asked.keys()
    assert await world.back(await world.there(begun.headers["Location"])) == (303, "/my-tickets")
    (user,) = await world.users()
    assert (user["email"], user["name"]) == ("ada@example.test", "Ada Lovelace")
    assert user["email_verified_at"] is not None
    assert user["address_claimed_at"] is not None
    assert world.is_signed_in()
    # Who they are there counts, not the address that the other account has by now.
    assert await world.signs_in(email="other@example.test") == (303, "/account")
    assert len(await world.users()) == 1


@pytest.mark.parametrize("wrong", sorted(oidc.WRONGS - {""}))
async def test_an_id_token_that_does_not_hold_signs_nobody_in(world: World, wrong: str):
    world.provider.controls.wrong = wrong
    assert await world.signs_in() == (400, "provider_refused")
    assert await world.users() == []
    assert not world.is_signed_in()


async def test_a_provider_that_is_late_or_away_is_not_waited_for(world: World, monkeypatch: pytest.MonkeyPatch):
    world.provider.controls.person = ADA
    await world.away()  # where the provider's doors are is known from here on
    monkeypatch.setattr(openid_gateway, "CALL_TIMEOUT_S", 0.2)
    world.provider.controls.late_s = 2.0
    assert await world.signs_in() == (503, "provider_away")
    world.provider.controls.late_s, world.provider.controls.away = 0.0, True
    assert await world.signs_in() == (503, "provider_away")
    world.provider.controls.away, world.provider.controls.declines = False, True
    assert await world.signs_in() == (403, "provider_declined")
    assert await world.users() == []


async def test_an_attempt_is_good_once_and_in_the_browser_that_began_it(world: World):
    world.provider.controls.person = ADA
    path = await world.away()
    (kept,) = [cookie for cookie in world.engine.session.cookie_jar if cookie.key == "onsale_attempt"]
    assert kept["httponly"]
    world.engine.session.cookie_jar.clear()
    assert await world.back(path) == (410, "attempt_over")
    path = await world.away()
    assert await world.back(path.replace("state=", "state=x")) == (410, "attempt_over")
    assert (await world.back(path))[0] == 303
    assert await world.back(path) == (410, "attempt_over")
    assert await world.back("/v1/auth/oauth/sandbox/callback") == (410, "attempt_over")
    assert await world.back("/v1/auth/oauth/nobody/start") == (404, "provider_unknown")


async def test_a_code_of_another_browsers_attempt_is_refused_by_its_verifier(world: World):
    """PKCE: a code that was seen on its way is of no use in an attempt of one's own."""
    world.provider.controls.person = ADA
    stolen = parse_qs(urlsplit(await world.away()).query)["code"][0]
    path, own = (await world.away()).split("?")
    state = parse_qs(own)["state"][0]
    assert await world.back(f"{path}?code={stolen}&state={state}") == (400, "provider_refused")


async def test_an_address_that_is_not_vouched_for_opens_nothing_and_tells_nothing(world: World):
    known = {"email": "ada@example.test", "password": PASSWORD, "name": "Ada"}
    assert (await world.engine.post("/v1/auth/register", json=known)).status == 201
    await world.pool.execute("UPDATE users SET email_verified_at = now(), address_claimed_at = now()")
    unproven = {"email": "nobody@example.test", "email_verified": "yes"}
    for person in ({"email_verified": False}, {"email": None}, unproven, {"email": "no address"}):
        assert await world.signs_in(**person) == (403, "address_unproven"), person
    assert len(await world.users()) == 1
    assert await world.pool.fetchval("SELECT count(*) FROM identities") == 0


@pytest.mark.parametrize(("proven", "is_admin"), [(True, False), (False, False), (True, True)])
async def test_an_account_is_opened_by_its_address_only_if_both_sides_have_proven_it(
    world: World, proven: bool, is_admin: bool
):
    known = {"email": "ada@example.test", "password": PASSWORD, "name": "Ada"}
    assert (await world.engine.post("/v1/auth/register", json=known)).status == 201
    world.engine.session.cookie_jar.clear()
    await world.pool.execute(
        "UPDATE users SET email_verified_at = CASE WHEN $1 THEN now() END, is_admin = $2", proven, is_admin
    )
    if not proven or is_admin:
        assert await world.signs_in() == (409, "sign_in_first")
        assert not world.is_signed_in()
        return
    assert await world.signs_in() == (303, "/account")
    kinds = await world.pool.fetch("SELECT payload->>'kind' AS kind FROM outbox WHERE topic = 'mail.account_notice'")
    assert "way_added" in {row["kind"] for row in kinds}
    me = await world.engine.get("/account", headers=HTML)
    assert "ada@example.test" in await me.text()
    assert (await world.engine.post("/v1/auth/login", json=known)).status == 200


async def test_a_second_factor_is_asked_for_and_a_shut_account_stays_shut(world: World):
    assert (await world.signs_in())[0] == 303
    await world.pool.execute(
        "INSERT INTO second_factors (user_id, secret, confirmed_at) SELECT id, '', now() FROM users"
    )
    world.engine.session.cookie_jar.clear()
    world.provider.controls.person = ADA
    status, path = await world.back(await world.away("/my-tickets"))
    assert (status, path) == (303, "/account/code?next=%2Fmy-tickets")
    assert not world.is_signed_in()
    page = await (await world.engine.get(path, headers=HTML)).text()
    assert 'name="challenge"' in page
    assert 'value="/my-tickets"' in page
    await world.pool.execute("UPDATE users SET disabled_at = now()")
    assert await world.signs_in() == (403, "account_disabled")


async def test_an_account_is_connected_by_who_signed_in_a_moment_ago(world: World):
    form = await (await world.engine.get("/account/register", headers=HTML)).text()
    token = form.partition('name="csrf" value="')[2].partition('"')[0]
    given = {"csrf": token, "email": "grace@example.test", "password": PASSWORD, "name": "Grace"}
    await world.engine.post("/account/register", data=given, allow_redirects=False)
    await world.pool.execute("UPDATE sessions SET begun_at = now() - interval '11 minutes'")
    world.provider.controls.person = {**ADA, "email_verified": False}
    stale = await world.engine.get("/account/connect/sandbox", allow_redirects=False)
    assert stale.headers["Location"] == "/account?said=fresh_sign_in_required"
    await world.pool.execute("UPDATE sessions SET begun_at = now()")
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert (await world.engine.get("/account/connect/sandbox", headers=foreign)).status == 403
    begun = await world.engine.get("/account/connect/sandbox", allow_redirects=False)
    assert await world.back(await world.there(begun.headers["Location"])) == (303, "/account")
    assert await world.pool.fetchval("SELECT u.email FROM identities JOIN users u ON u.id = user_id") == given["email"]
    # Another account does not get it, and says so to the browser that tries.
    world.engine.session.cookie_jar.clear()
    assert await world.signs_in(email_verified=False) == (303, "/account")  # it is Grace's now
    await world.pool.execute("DELETE FROM identities")
    broken = await world.back(await world.away(), Accept="text/html")
    assert broken == (303, "/account/sign-in?said=address_unproven")
    assert "does not confirm an e-mail address" in await (await world.engine.get(broken[1], headers=HTML)).text()


async def test_what_a_squatter_connected_goes_with_the_first_link_that_proves_the_address(world: World):
    """The reader of the mail is the owner: a way in that was added before is another person's."""
    known = {"email": "ada@example.test", "password": PASSWORD, "name": "Mallory"}
    made = await (await world.engine.post("/v1/auth/register", json=known)).json()
    user_id = made["user"]["id"]
    await world.pool.execute(
        "INSERT INTO identities (id, user_id, provider, issuer, subject, email) VALUES ('i', $1, 'p', 'i', 's', '')",
        user_id,
    )
    await world.pool.execute(
        "INSERT INTO passkeys (id, user_id, credential_id, public_key, name) VALUES ('pky_1', $1, 'c', 'k', 'P')",
        user_id,
    )
    links = world.engine.app[appkeys.MAILED_LINKS]
    issued = await links.issue("magic_link", "ada@example.test")
    assert issued is not None
    assert (await world.engine.post("/v1/auth/magic-link/redeem", json={"token": issued.token})).status == 200
    assert await world.pool.fetchval("SELECT count(*) FROM identities") == 0
    assert await world.pool.fetchval("SELECT count(*) FROM passkeys") == 0


async def test_a_provider_that_posts_its_answer_is_led_to_the_same_place(world: World):
    answer = await world.engine.post(
        "/v1/auth/oauth/sandbox/callback",
        data={"code": "c&d", "state": secrets.token_urlsafe(32), "user": "{}"},
        headers={"Sec-Fetch-Site": "cross-site"},
        allow_redirects=False,
    )
    where = urlsplit(answer.headers["Location"])
    assert (answer.status, where.netloc, where.path) == (303, "", "/v1/auth/oauth/sandbox/callback")
    assert parse_qs(where.query).keys() == {"code", "state"}
