"""The account's pages, without scripts: signing in by each way, sessions, the second factor, the end of it."""

from __future__ import annotations

import re
from typing import Any

import asyncpg
import pyotp
import pytest

from engine.foundation.clock import now_ms
from engine.foundation.connections import RedisClient
from engine.pages.accounts.signing import WORDS
from tests.pages.conftest import HTML, Client
from tests.pages.forms import page, send
from tests.web.organizer import PASSWORD, mailed_token

ADA = {"email": "ada@example.test", "password": PASSWORD, "name": "Ada"}
WORD = WORDS["en"]
STEP_S = 30


@pytest.fixture(autouse=True)
async def _counts_from_zero(redis_client: RedisClient) -> None:
    """How often an address was registered is remembered for a day."""


async def registered(engine: Client) -> str:
    """An account made on the page, whose browser is signed in; its id."""
    done = await send(engine, "/account/register", await page(engine, "/account/register"), ADA)
    assert (done.status, done.headers["Location"]) == (303, "/account")
    assert "HttpOnly" in done.headers["Set-Cookie"]
    return str((await (await engine.post("/v1/auth/login", json=ADA)).json())["user"]["id"])


def _svg(html: str) -> str:
    """The QR code of the page."""
    return html[html.index("<svg xmlns") :].partition("</svg>")[0]


async def text_of(response: Any, status: int) -> str:
    text = await response.text()
    assert response.status == status, text
    return text


def test_every_language_of_these_pages_says_everything_that_english_does():
    def shape(words: dict[str, Any]) -> Any:
        return {name: sorted(said) if isinstance(said, dict) else set(re.findall(r"{\w+}", said))
                for name, said in words.items()}  # fmt: skip

    assert {language: shape(words) for language, words in WORDS.items()} == dict.fromkeys(WORDS, shape(WORD))


async def test_a_fan_registers_signs_out_and_in_and_ends_the_other_session(engine: Client, pool: asyncpg.Pool):
    await registered(engine)
    html = await page(engine, "/account")
    assert ADA["email"] in html
    assert WORD["unproven"] in html
    (other,) = re.findall(r'name="session_id" value="(\w+)"', html)
    ended = await send(engine, "/account/sessions/end", html, {"session_id": other})
    assert ended.status == 303
    assert "session_id" not in await page(engine, "/account")
    out = await send(engine, "/account/sign-out", html, {})
    assert out.headers["Location"] == "/account/sign-in"
    asked = await engine.get("/account", headers=HTML, allow_redirects=False)
    assert (asked.status, asked.headers["Location"]) == (303, "/account/sign-in")
    form = await page(engine, "/account/sign-in")
    wrong = await send(engine, "/account/sign-in", form, {**ADA, "password": "not the password"})
    text = await text_of(wrong, 401)
    assert WORD["wrong"] in text
    assert f'value="{ADA["email"]}"' in text
    assert "not the password" not in text
    assert (await send(engine, "/account/sign-in", form, ADA)).headers["Location"] == "/account"
    forged = await engine.post("/account/sign-in", data={**ADA, "csrf": "x" * 32}, headers=HTML)
    assert forged.status == 403


async def test_a_mailed_link_signs_in_by_a_click_and_a_code_is_asked_for(engine: Client, pool: asyncpg.Pool):
    user_id = await registered(engine)
    await pool.execute("UPDATE users SET email_verified_at = now()")
    html = await page(engine, "/account")
    unknown = await send(engine, "/account/2fa/enable", html, {"password": "not the password"})
    assert WORD["wrong_password"] in await text_of(unknown, 401)
    begun = await text_of(await send(engine, "/account/2fa/enable", html, {"password": ADA["password"]}), 200)
    (secret,) = re.findall(r"<code>(\w+)</code>", begun)
    assert 'aria-label="QR code for your app"' in begun
    app, step = pyotp.TOTP(secret), now_ms() // 1000 // STEP_S
    wrong = await send(engine, "/account/2fa/verify", begun, {"code": "no code", "secret": secret})
    again = await text_of(wrong, 401)
    assert (secret in again, _svg(again)) == (True, _svg(begun)), "the same key is shown and drawn again"
    codes = await text_of(
        await send(engine, "/account/2fa/verify", begun, {"code": app.generate_otp(step), "secret": secret}), 200
    )
    recovery = re.findall(r"<code>([\w-]{19})</code>", codes)
    assert len(recovery) == 10
    engine.session.cookie_jar.clear()
    html = await page(engine, "/account/by-mail")
    for email in (ADA["email"], "nobody@example.test"):
        assert WORD["asked"]["title"] in await text_of(
            await send(engine, "/account/by-mail", html, {"email": email}), 200
        )
    token = await mailed_token(pool, "magic_link", user_id=user_id)
    html = await page(engine, f"/account/magic?token={token}")
    challenged = await text_of(await send(engine, "/account/magic", html, {"token": token}), 200)
    (challenge,) = re.findall(r'name="challenge" value="([\w-]+)"', challenged)
    wrong = await send(engine, "/account/code", challenged, {"challenge": challenge, "code": "000000"})
    assert WORD["wrong_code"] in await text_of(wrong, 401)
    done = await send(engine, "/account/code", challenged, {"challenge": challenge, "code": recovery[0]})
    assert done.headers["Location"] == "/account"
    assert WORD["factor_on"] in await page(engine, "/account")
    over = await send(engine, "/account/magic", html, {"token": token})
    assert WORD["over"]["title"] in await text_of(over, 400)


async def test_the_page_exports_and_deletes_the_account(engine: Client, pool: asyncpg.Pool):
    await registered(engine)
    html = await page(engine, "/account")
    export = await engine.get("/account/export")
    assert (export.status, export.content_type) == (200, "application/zip")
    wrong = await send(engine, "/account/erase", html, {"password": "not the password"})
    assert WORD["wrong_password"] in await text_of(wrong, 401)
    gone = await send(engine, "/account/erase", html, {"password": PASSWORD})
    assert WORD["erased"]["title"] in await text_of(gone, 200)
    assert await pool.fetchval("SELECT disabled_at IS NOT NULL FROM users")
    assert (await engine.get("/account", headers=HTML, allow_redirects=False)).status == 303


@pytest.mark.parametrize("email", ["ada@example.test", "nobody@example.test", "no address"])
async def test_a_guest_is_mailed_their_tickets_and_a_stranger_learns_nothing(
    engine: Client, pool: asyncpg.Pool, email: str
):
    html = await page(engine, "/account/find")
    answer = await send(engine, "/account/find", html, {"email": email})
    if "@" not in email:
        assert WORD["no_address"] in await text_of(answer, 422)
        return
    assert WORD["found"]["title"] in await text_of(answer, 200)
    assert await pool.fetchval("SELECT payload->>'email' FROM outbox WHERE topic = 'mail.own_orders'") == email
