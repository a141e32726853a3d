"""The pages behind mailed links, without scripts: a click proves an address, a form sets a password."""

from __future__ import annotations

import asyncpg
import pytest

from engine.foundation.speech.tongue import gettext, speaking
from engine.foundation.world.languages import LANGUAGES
from engine.pages.accounts.links import FACES
from tests.pages.conftest import HTML, Client
from tests.pages.forms import page, send
from tests.web.organizer import PASSWORD, mailed_token


async def registered(engine: Client) -> str:
    body = {"email": "ada@example.test", "password": PASSWORD}
    answer = await engine.post("/v1/auth/register", json=body)
    return str((await answer.json())["user"]["id"])


async def proven(pool: asyncpg.Pool) -> bool:
    return await pool.fetchval("SELECT email_verified_at FROM users") is not None


async def test_a_link_that_a_mail_server_opens_proves_nothing_and_a_click_does(engine: Client, pool: asyncpg.Pool):
    token = await mailed_token(pool, "verify_email", user_id=await registered(engine))
    for _ in range(2):
        html = await page(engine, f"/account/verify?token={token}")
        assert FACES["verify"]["button"] in html
    assert not await proven(pool)
    response = await send(engine, "/account/verify", html, {"token": token})
    text = await response.text()
    assert FACES["verified"]["title"] in text
    assert f'href="/account/forgot">{FACES["verified"]["set"]}</a>' in text
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert await proven(pool)
    again = await send(engine, "/account/verify", html, {"token": token})
    assert (again.status, FACES["over"]["title"] in await again.text()) == (400, True)


async def test_a_form_from_elsewhere_proves_nothing(engine: Client, pool: asyncpg.Pool):
    token = await mailed_token(pool, "verify_email", user_id=await registered(engine))
    response = await engine.post("/account/verify", data={"token": token, "csrf": "x" * 32}, headers=HTML)
    assert response.status == 403
    assert not await proven(pool)


async def test_a_forgotten_password_is_asked_for_set_and_used(engine: Client, pool: asyncpg.Pool):
    user_id = await registered(engine)
    html = await page(engine, "/account/forgot")
    for email in ("ada@example.test", "nobody@example.test"):
        asked = await send(engine, "/account/mail", html, {"email": email, "purpose": "reset_password"})
        assert FACES["asked"]["title"] in await asked.text()
    wrong = await send(engine, "/account/mail", html, {"email": "nobody", "purpose": "reset_password"})
    assert (wrong.status, "This is no e-mail address." in await wrong.text()) == (422, True)
    token = await mailed_token(pool, "reset_password", user_id=user_id)
    html = await page(engine, f"/account/reset?token={token}")
    weak = await send(engine, "/account/reset", html, {"token": token, "password": "password123"})
    assert (weak.status, "too easy to guess" in await weak.text()) == (422, True)
    done = await send(engine, "/account/reset", html, {"token": token, "password": "quite another passphrase"})
    assert FACES["changed"]["title"] in await done.text()
    login = {"email": "ada@example.test", "password": "quite another passphrase"}
    assert (await engine.post("/v1/auth/login", json=login)).status == 200
    assert (await send(engine, "/account/reset", html, {"token": token, "password": PASSWORD})).status == 400


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_pages_speak_their_readers_language(engine: Client, language: str):
    for face, path in (
        ("verify", "/account/verify?token=x"),
        ("reset", "/account/reset"),
        ("forgot", "/account/forgot"),
    ):
        answer = await engine.get(path, headers={**HTML, "Accept-Language": language})
        text = await answer.text()
        with speaking(language):
            assert gettext(FACES[face]["button"]) in text
        assert f'lang="{language}"' in text
