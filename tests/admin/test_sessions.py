"""Signing in, staying signed in, and all the ways in which that ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from engine.domain.accounts.people import PasswordChange
from engine.domain.accounts.sessions import Caller
from engine.foundation.bearer import Person
from engine.foundation.connections import RedisClient
from engine.services.accounts.throttle import FAILURES_MAX
from engine.services.wiring import Services
from tests.admin.organizer import PASSWORD, Organizer

COOKIE = "onsale_admin"


def cookie(organizer: Organizer) -> str:
    return organizer.client.cookie_jar.filter_cookies(organizer.base)[COOKIE].value


def wear(organizer: Organizer, value: str) -> None:
    organizer.client.cookie_jar.update_cookies({COOKIE: value}, organizer.base)


async def stored(redis_client: RedisClient) -> bytes:
    """The key of the only session there is."""
    keys = [key async for key in redis_client.scan_iter(b"admin:session:*") if not key.endswith(b":renew")]
    assert len(keys) == 1
    return bytes(keys[0])


async def in_and_out(organizer: Organizer) -> bool:
    """Whether the browser is signed in."""
    return (await organizer.get("/", follow=False)).status == 200


async def test_a_wrong_password_and_an_unknown_address_hear_the_same(
    browser: Callable[[], Organizer], organizer: Organizer
) -> None:
    wrong = await browser().sign_in(organizer.email, "not the password")
    unknown = await browser().sign_in("nobody@example.test", "not the password")
    assert wrong.status == unknown.status == 422
    assert "E-mail address or password is wrong" in wrong.text
    assert "E-mail address or password is wrong" in unknown.text
    assert f'value="{organizer.email}"' in wrong.text
    assert "not the password" not in wrong.text


async def test_guessing_is_slowed_down(browser: Callable[[], Organizer], organizer: Organizer) -> None:
    guesser = browser()
    for _ in range(FAILURES_MAX):
        await guesser.sign_in(organizer.email, "not the password")
    page = await guesser.sign_in(organizer.email)
    assert "Too many failed attempts" in page.text
    assert not await in_and_out(guesser)


async def test_the_cookie_is_kept_from_scripts_and_other_sites(
    browser: Callable[[], Organizer], organizer: Organizer
) -> None:
    other = browser()
    page = await other.get("/sign-in")
    page = await other.post(
        "/sign-in", {"email": organizer.email, "password": PASSWORD}, token=page.token, follow=False
    )
    given = next(value for value in page.headers.getall("Set-Cookie") if value.startswith(COOKIE + "="))
    assert "HttpOnly" in given
    assert "SameSite=Lax" in given
    assert "Path=/" in given


async def test_signing_in_always_begins_a_new_session(browser: Callable[[], Organizer], organizer: Organizer) -> None:
    other = browser()
    wear(other, cookie(organizer))
    before = cookie(other)
    page = await other.get("/account")
    assert page.status == 200
    await other.post("/sign-out", {})
    await other.sign_in(organizer.email)
    assert cookie(other) != before
    wear(other, before)
    assert not await in_and_out(other)


async def test_a_forged_cookie_is_nobody(organizer: Organizer, browser: Callable[[], Organizer]) -> None:
    value = cookie(organizer)
    other = browser()
    for forged in (value[:-1] + ("A" if value[-1] != "A" else "B"), value.partition(".")[0], "x." + "y" * 43, "." * 99):
        wear(other, forged)
        assert not await in_and_out(other), forged


async def test_a_copy_of_redis_signs_nobody_in(
    organizer: Organizer, redis_client: RedisClient, services: Services
) -> None:
    session_id = cookie(organizer).partition(".")[0]
    tokens = await services.common.pool.fetchval("SELECT count(*) FROM refresh_tokens")
    assert tokens == 1
    dump = b"".join([await redis_client.dump(key) or b"" for key in await redis_client.keys(b"admin:*")])
    assert session_id.encode() not in dump
    assert session_id.encode() not in b"".join(await redis_client.keys(b"*"))


async def test_an_idle_session_ends_and_a_page_that_refreshes_itself_does_not_prolong_it(
    organizer: Organizer, redis_client: RedisClient
) -> None:
    key = await stored(redis_client)
    await redis_client.expire(key, 100)
    await organizer.get("/board")
    assert await redis_client.ttl(key) <= 100
    await organizer.get("/")
    assert await redis_client.ttl(key) > 7000
    await redis_client.expire(key, 0)
    assert not await in_and_out(organizer)


async def test_no_session_outlives_the_absolute_limit(organizer: Organizer, redis_client: RedisClient) -> None:
    key = await stored(redis_client)
    begun = int(await redis_client.hget(key, "begun") or 0)
    await redis_client.hset(key, "begun", begun - 12 * 3600 * 1000 + 5_000)
    assert await in_and_out(organizer)
    assert await redis_client.ttl(key) <= 5
    await redis_client.hset(key, "begun", begun - 12 * 3600 * 1000 - 1)
    assert not await in_and_out(organizer)
    assert not await redis_client.exists(key)


async def test_signing_out_ends_the_accounts_tokens_too(organizer: Organizer, services: Services) -> None:
    value = cookie(organizer)
    await organizer.post("/sign-out", {})
    wear(organizer, value)
    assert not await in_and_out(organizer)
    assert await services.common.pool.fetchval("SELECT count(*) FROM refresh_tokens WHERE revoked_at IS NULL") == 0


async def test_many_requests_at_once_renew_a_session_once(
    organizer: Organizer, redis_client: RedisClient, services: Services
) -> None:
    key = await stored(redis_client)
    for _ in range(3):
        await redis_client.hset(key, "renewed", 0)
        await redis_client.delete(key + b":renew")
        pages = await asyncio.gather(*(organizer.get("/account", follow=False) for _ in range(8)))
        assert [page.status for page in pages] == [200] * 8
    assert await services.common.pool.fetchval("SELECT count(*) FROM refresh_tokens WHERE used_at IS NOT NULL") == 3
    assert await in_and_out(organizer)


async def test_a_password_changed_elsewhere_ends_the_session(
    organizer: Organizer, redis_client: RedisClient, services: Services
) -> None:
    user_id = await services.common.pool.fetchval("SELECT id FROM users WHERE email = $1", organizer.email)
    given = PasswordChange(current_password=PASSWORD, new_password="another long password")
    await services.accounts.people.change_password(Person(user_id, is_admin=False), given, Caller(address="127.0.0.1"))
    key = await stored(redis_client)
    await redis_client.hset(key, "renewed", 0)
    assert not await in_and_out(organizer)


async def test_changing_the_password_here_keeps_this_browser_and_ends_the_others(
    organizer: Organizer, browser: Callable[[], Organizer], redis_client: RedisClient
) -> None:
    other = browser()
    await other.sign_in(organizer.email)
    fields = {"current_password": PASSWORD, "new_password": "another long password"}
    page = await organizer.post("/account/password", fields)
    assert "Your password is changed" in page.text
    async for key in redis_client.scan_iter(b"admin:session:*"):
        await redis_client.hset(key, "renewed", 0)
    assert await in_and_out(organizer)
    assert not await in_and_out(other)
    refused = await organizer.post("/account/password", {"current_password": "wrong", "new_password": "x" * 12})
    assert refused.status == 422
    assert "The current password is wrong" in refused.text


async def test_a_disabled_account_is_out_at_once(organizer: Organizer, services: Services) -> None:
    await services.common.pool.execute("UPDATE users SET disabled_at = now() WHERE email = $1", organizer.email)
    assert not await in_and_out(organizer)
    page = await organizer.sign_in(organizer.email)
    assert page.status == 422
    assert "This account is disabled" in page.text


async def test_after_signing_in_one_is_where_one_wanted_to_be(
    organizer: Organizer, browser: Callable[[], Organizer]
) -> None:
    other = browser()
    asked = await other.get("/organizations?after=x", follow=False)
    page = await other.sign_in(organizer.email, path=asked.headers["Location"])
    assert page.url.path == "/organizations"
    for trap in ("//evil.example", "/\\evil.example", "https://evil.example", "/a%0ab", "/sign-in"):
        stray = browser()
        page = await stray.get("/sign-in")
        page = await stray.post(
            f"/sign-in?next={trap}", {"email": organizer.email, "password": PASSWORD}, token=page.token, follow=False
        )
        assert page.headers["Location"] == "/", trap


async def test_a_piece_of_a_page_asks_the_whole_page_to_sign_in(browser: Callable[[], Organizer]) -> None:
    page = await browser().get("/board", follow=False, **{"HX-Request": "true"})
    assert page.status == 204
    assert page.headers["HX-Redirect"] == "/sign-in"


async def test_two_people_do_not_share_a_session(somebody: Callable[[], Awaitable[Organizer]]) -> None:
    one, two = await somebody(), await somebody()
    assert one.email in (await one.get("/account")).text
    assert two.email in (await two.get("/account")).text
    assert cookie(one) != cookie(two)
