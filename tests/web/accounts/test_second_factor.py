"""A second factor over HTTP: begun, confirmed, asked for, guessed at, taken away."""

from __future__ import annotations

import asyncpg
import pyotp
import pytest

from engine.foundation.clock import now_ms
from engine.services.accounts import throttle
from tests.web.organizer import PASSWORD, Someone, mailed_token

STEP_S = 30


async def with_factor(someone: Someone) -> tuple[pyotp.TOTP, list[str]]:
    """An account that asks for codes, confirmed by the code of this step; its recovery codes."""
    begun = await someone.ok("POST", "/v1/auth/2fa/enable", {"password": PASSWORD}, 200)
    app = pyotp.TOTP(begun["secret"])
    assert pyotp.parse_uri(begun["otpauth_uri"]).secret == begun["secret"]
    answer = await someone.ok("POST", "/v1/auth/2fa/verify", {"code": code(app, 0)})
    return app, answer["recovery_codes"]


def code(app: pyotp.TOTP, steps: int = 1) -> str:
    """Of the next step, which is taken already and was not used: no test minds when a step ends."""
    return app.generate_otp(now_ms() // 1000 // STEP_S + steps)


async def challenged(guest: Someone, someone: Someone) -> str:
    login = {"email": someone.email, "password": PASSWORD}
    refused = await guest.refused("second_factor_required", "POST", "/v1/auth/login", login)
    assert refused["status"] == 401
    assert "access_token" not in refused
    return str(refused["challenge"])


async def test_a_sign_in_needs_a_code_once_a_first_one_was_shown(register, guest, pool: asyncpg.Pool):
    someone = await register()
    begun = await someone.ok("POST", "/v1/auth/2fa/enable", {"password": PASSWORD}, 200)
    await guest.ok("POST", "/v1/auth/login", {"email": someone.email, "password": PASSWORD}, 200)  # not asked for yet
    kept = await pool.fetchval("SELECT secret FROM second_factors")
    assert begun["secret"].encode() not in kept
    app, codes = await with_factor(someone)
    assert (len(set(codes)), {len(each) for each in codes}) == (10, {19})
    answer = {"challenge": await challenged(guest, someone), "code": code(app)}
    session = await guest.ok("POST", "/v1/auth/2fa/challenge", answer, 200)
    assert session["user"]["email"] == someone.email
    await guest.refused("challenge_over", "POST", "/v1/auth/2fa/challenge", answer)
    # A code is good once, also for another challenge; so is a recovery code.
    again = {"challenge": await challenged(guest, someone), "code": code(app)}
    assert (await guest.refused("second_factor_wrong", "POST", "/v1/auth/2fa/challenge", again))["status"] == 401
    again["code"] = codes[0].upper().replace("-", " ")
    await guest.ok("POST", "/v1/auth/2fa/challenge", again, 200)
    again = {"challenge": await challenged(guest, someone), "code": codes[0]}
    await guest.refused("second_factor_wrong", "POST", "/v1/auth/2fa/challenge", again)


async def test_a_factor_is_begun_with_the_password_and_confirming_it_ends_the_other_sessions(register, guest):
    someone = await register()
    login = {"email": someone.email, "password": PASSWORD}
    other = await guest.ok("POST", "/v1/auth/login", login, 200)
    await someone.refused("sign_in_refused", "POST", "/v1/auth/2fa/enable", {"password": "not the password"})
    await with_factor(someone)
    await guest.refused("refresh_refused", "POST", "/v1/auth/refresh", {"refresh_token": other["refresh_token"]})
    sessions = (await someone.ok("GET", "/v1/users/me/sessions"))["data"]
    assert [each["current"] for each in sessions] == [True]


async def test_a_challenge_takes_five_codes_and_an_account_twenty(register, guest, monkeypatch):
    someone = await register()
    app, _ = await with_factor(someone)
    challenge = await challenged(guest, someone)
    for wrong in ("000000", "", "no code", "\N{SNOWMAN}", "1" * 64, code(app, 9)):
        response = await guest.ask("POST", "/v1/auth/2fa/challenge", {"challenge": challenge, "code": wrong})
        assert response.status in {401, 422}, await response.text()
    right = {"challenge": challenge, "code": code(app)}
    await guest.refused("challenge_over", "POST", "/v1/auth/2fa/challenge", right)
    monkeypatch.setattr(throttle, "CODES_MAX", 7)
    fresh = await challenged(guest, someone)
    for _ in range(2):
        await guest.refused(
            "second_factor_wrong", "POST", "/v1/auth/2fa/challenge", {"challenge": fresh, "code": "000000"}
        )
    refused = await guest.refused(
        "too_many_attempts", "POST", "/v1/auth/2fa/challenge", {"challenge": fresh, "code": code(app)}
    )
    assert (refused["status"], refused["retry_after_s"] > 0) == (429, True)


async def test_a_second_factor_goes_with_both_factors_and_with_nothing_less(register, guest):
    someone = await register()
    path = "/v1/auth/2fa"
    await someone.refused("second_factor_off", "DELETE", path, {"password": PASSWORD, "code": "000000"})
    app, codes = await with_factor(someone)
    await someone.refused("second_factor_on", "POST", f"{path}/enable", {"password": PASSWORD})
    await someone.refused("second_factor_on", "POST", f"{path}/verify", {"code": code(app)})
    await someone.refused("sign_in_refused", "DELETE", path, {"password": "not the password", "code": code(app)})
    await someone.refused("second_factor_wrong", "DELETE", path, {"password": PASSWORD, "code": "000000"})
    await someone.ok("DELETE", path, {"password": PASSWORD, "code": codes[3]}, 204)
    await guest.ok("POST", "/v1/auth/login", {"email": someone.email, "password": PASSWORD}, 200)


@pytest.mark.parametrize("proven", [False, True], ids=["squatter", "owner"])
async def test_the_reader_of_the_mail_is_not_kept_out_by_a_squatters_factor(
    register, guest, pool: asyncpg.Pool, proven: bool
):
    """An owner's factor is asked for after a mailed link too; what was set before the address was proven is void."""
    someone = await register()
    me = await someone.ok("GET", "/v1/users/me")
    await with_factor(someone)
    if proven:
        await pool.execute("UPDATE users SET email_verified_at = now()")
    token = {"token": await mailed_token(pool, "magic_link", user_id=me["id"])}
    if proven:
        await guest.refused("second_factor_required", "POST", "/v1/auth/magic-link/redeem", token)
        await someone.ok("GET", "/v1/users/me")
        return
    session = await guest.ok("POST", "/v1/auth/magic-link/redeem", token, 200)
    assert session["user"]["email_verified_at"] is not None
    await someone.refused("unauthenticated", "GET", "/v1/users/me")
    await guest.refused("sign_in_refused", "POST", "/v1/auth/login", {"email": someone.email, "password": PASSWORD})
    await guest.refused("token_invalid", "POST", "/v1/auth/magic-link/redeem", token)
