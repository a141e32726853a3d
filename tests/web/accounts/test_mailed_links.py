"""Proving an address and setting a forgotten password, over HTTP; the mails themselves are in test_account_mail.py."""

from __future__ import annotations

import asyncpg
import pytest

from engine.services.accounts import throttle
from tests.web.organizer import PASSWORD, Someone, mailed_token

NEW = "quite another passphrase"


async def user_id(someone: Someone) -> str:
    return str((await someone.ok("GET", "/v1/users/me"))["id"])


async def test_a_registration_is_proven_by_the_mailed_link_once(register, guest, pool: asyncpg.Pool):
    someone = await register()
    me = await someone.ok("GET", "/v1/users/me")
    assert me["email_verified_at"] is None
    token = await mailed_token(pool, "verify_email", user_id=me["id"])
    assert await pool.fetchval("SELECT count(*) FROM mailed_links WHERE token_hash::text LIKE '%' || $1", token) == 0
    await guest.ok("POST", "/v1/auth/verify-email", {"token": token}, 204)
    assert (await someone.ok("GET", "/v1/users/me"))["email_verified_at"] is not None
    assert (await guest.refused("token_invalid", "POST", "/v1/auth/verify-email", {"token": token}))["status"] == 400


@pytest.mark.parametrize("what", ["verify-email", "reset-password"])
async def test_a_link_that_is_too_old_or_for_something_else_does_nothing(
    register, guest, pool: asyncpg.Pool, what: str
):
    someone = await register()
    me = await user_id(someone)
    purpose, other = (
        ("verify_email", "reset_password") if what == "verify-email" else ("reset_password", "verify_email")
    )
    more = {"password": NEW} if what == "reset-password" else {}
    path = f"/v1/auth/{what}"
    before = await pool.fetch("SELECT * FROM users")
    for wrong in (await mailed_token(pool, other, user_id=me), "", "x" * 43, "\0", "\N{SNOWMAN}" * 60):
        response = await guest.ask("POST", path, {"token": wrong, **more})
        assert response.status in {400, 422}, await response.text()
    token = await mailed_token(pool, purpose, user_id=me)
    await pool.execute("UPDATE mailed_links SET expires_at = now() WHERE purpose = $1", purpose)
    assert (await guest.refused("token_expired", "POST", path, {"token": token, **more}))["status"] == 410
    fresh = await mailed_token(pool, purpose, user_id=me)
    await pool.execute("UPDATE users SET disabled_at = now()")
    await guest.refused("token_invalid", "POST", path, {"token": fresh, **more})
    await pool.execute("UPDATE users SET disabled_at = NULL")
    assert await pool.fetch("SELECT * FROM users") == before


@pytest.mark.parametrize("path", ["/v1/auth/verify-email/resend", "/v1/auth/forgot-password"])
async def test_asking_for_a_mail_tells_nothing_about_who_has_an_account(register, guest, pool: asyncpg.Pool, path: str):
    someone = await register()
    await pool.execute("DELETE FROM outbox")
    answers = []
    for email in (someone.email, someone.email.upper(), "nobody@example.test"):
        response = await guest.ask("POST", path, {"email": email})
        answers.append((response.status, await response.text()))
    assert set(answers) == {(202, answers[0][1])}
    assert await pool.fetchval("SELECT count(*) FROM outbox WHERE topic = 'mail.account_link'") == 3
    await guest.refused("invalid", "POST", path, {"email": "no address"})


async def test_an_address_is_mailed_a_few_times_and_a_block_asks_for_many(guest, pool: asyncpg.Pool, monkeypatch):
    path = "/v1/auth/forgot-password"
    for _ in range(throttle.MAILS_PER_ADDRESS_MAX + 3):
        assert (await guest.ask("POST", path, {"email": "fan@example.test"})).status == 202
    assert await pool.fetchval("SELECT count(*) FROM outbox") == throttle.MAILS_PER_ADDRESS_MAX
    monkeypatch.setattr(throttle, "MAILS_MAX", 10)
    for n in range(10 - throttle.MAILS_PER_ADDRESS_MAX - 3):
        assert (await guest.ask("POST", path, {"email": f"fan{n}@example.test"})).status == 202
    refused = await guest.refused("mail_throttled", "POST", path, {"email": "last@example.test"})
    assert (refused["status"], refused["retry_after_s"] > 0) == (429, True)


async def test_a_reset_proves_the_address_and_puts_everybody_else_out(register, guest, pool: asyncpg.Pool):
    """Who registered with somebody else's address loses the account to the reader of its mail."""
    squatter = await register("cfo@company.test")
    token = await mailed_token(pool, "reset_password", user_id=await user_id(squatter))
    verify = await mailed_token(pool, "verify_email", user_id=await user_id(squatter))
    await guest.ok("POST", "/v1/auth/reset-password", {"token": token, "password": NEW}, 204)
    await squatter.refused("unauthenticated", "GET", "/v1/users/me")
    refresh = {"refresh_token": squatter.session["refresh_token"]}
    await guest.refused("refresh_refused", "POST", "/v1/auth/refresh", refresh)
    login = {"email": squatter.email, "password": PASSWORD}
    await guest.refused("sign_in_refused", "POST", "/v1/auth/login", login)
    session = await guest.ok("POST", "/v1/auth/login", {**login, "password": NEW}, 200)
    assert session["user"]["email_verified_at"] is not None
    for used, more in ((token, {"password": NEW}), (verify, {})):
        path = "/v1/auth/reset-password" if more else "/v1/auth/verify-email"
        await guest.refused("token_invalid", "POST", path, {"token": used, **more})


@pytest.mark.parametrize("weak", ["short", "password123", "1234567890", "x" * 300])
async def test_a_weak_password_uses_no_link_up(register, guest, pool: asyncpg.Pool, weak: str):
    someone = await register()
    token = await mailed_token(pool, "reset_password", user_id=await user_id(someone))
    refused = await guest.refused("invalid", "POST", "/v1/auth/reset-password", {"token": token, "password": weak})
    assert refused["errors"][0]["pointer"] == "/password"
    await guest.ok("POST", "/v1/auth/reset-password", {"token": token, "password": NEW}, 204)
