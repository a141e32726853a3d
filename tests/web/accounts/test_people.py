"""Registering, signing in, staying signed in."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from engine.foundation.errors import Invalid
from engine.services.accounts.passwords import Passwords
from engine.services.accounts.people import create_admin
from engine.services.accounts.throttle import FAILURES_MAX
from tests.web.organizer import PASSWORD, Someone


async def test_registration_signs_in_and_keeps_no_password(register, pool: asyncpg.Pool):
    someone = await register("New.Person@Example.Test")
    me = await someone.ok("GET", "/v1/users/me")
    assert (me["email"], me["is_admin"], me["organizations"]) == ("new.person@example.test", False, [])
    row = await pool.fetchrow("SELECT * FROM users")
    assert row["password_hash"].startswith("$argon2id$")
    assert PASSWORD not in str(dict(row))


async def test_an_address_has_one_account_whatever_its_spelling(register, guest, pool: asyncpg.Pool):
    await register("twice@example.test")
    body = {"email": " TWICE@example.test", "password": PASSWORD + " again", "name": "Again"}
    await guest.ok("POST", "/v1/auth/register", body, 201)
    assert [row["is_second"] for row in await pool.fetch("SELECT is_second FROM users ORDER BY id")] == [False, True]


async def test_a_registration_is_refused_with_every_fault_at_once(guest, pool: asyncpg.Pool):
    document = await guest.refused("invalid", "POST", "/v1/auth/register", {"email": "x", "password": "short"})
    assert [fault["pointer"] for fault in document["errors"]] == ["/email", "/password"]
    await guest.refused(
        "invalid", "POST", "/v1/auth/register", {"email": "not an address", "password": PASSWORD, "name": "A"}
    )
    assert await pool.fetchval("SELECT count(*) FROM users") == 0


@pytest.mark.parametrize("body", [b"", b"{", b'{"email": "\\ud800"}', b"\xff"])
async def test_a_body_that_is_no_json_is_malformed(catalogue, body):
    response = await catalogue.post("/v1/auth/login", data=body, headers={"Content-Type": "application/json"})
    assert (response.status, (await response.json())["code"]) == (400, "malformed")


async def test_a_wrong_password_and_an_unknown_address_are_told_alike(register, guest):
    someone = await register()
    wrong = await guest.refused("sign_in_refused", "POST", "/v1/auth/login", {"email": someone.email, "password": "x"})
    unknown = await guest.refused(
        "sign_in_refused", "POST", "/v1/auth/login", {"email": "no@one.test", "password": "x"}
    )
    ignored = {"request_id"}
    assert {k: v for k, v in wrong.items() if k not in ignored} == {
        k: v for k, v in unknown.items() if k not in ignored
    }
    session = await guest.ok("POST", "/v1/auth/login", {"email": someone.email.upper(), "password": PASSWORD}, 200)
    assert (session["expires_in"], session["token_type"]) == (900, "Bearer")


async def test_guessing_is_stopped_for_that_address_and_account_only(register, guest):
    victim, other = await register(), await register()
    guess = {"email": victim.email, "password": "wrong password"}
    for _ in range(FAILURES_MAX):
        await guest.refused("sign_in_refused", "POST", "/v1/auth/login", guess)
    document = await guest.refused(
        "sign_in_throttled", "POST", "/v1/auth/login", {"email": victim.email, "password": PASSWORD}
    )
    assert 0 < document["retry_after_s"] <= 900
    await guest.ok("POST", "/v1/auth/login", {"email": other.email, "password": PASSWORD}, 200)


async def test_guesses_sent_all_at_once_learn_no_more_than_those_sent_one_by_one(register, guest, monkeypatch):
    victim, hashes = await register(), []

    async def matches(self: Passwords, kept: str, password: str, address: str = "") -> bool:
        hashes.append(password)
        while len(hashes) < FAILURES_MAX:  # all of them are past the count
            await asyncio.sleep(0.01)
        return False

    monkeypatch.setattr(Passwords, "matches", matches)
    guesses = [f"wrong password {n}" for n in range(FAILURES_MAX + 6)]
    bodies = [{"email": victim.email, "password": guess} for guess in guesses]
    answers = await asyncio.gather(*(guest.ask("POST", "/v1/auth/login", body) for body in bodies))
    statuses = [answer.status for answer in answers]
    assert (statuses.count(401), statuses.count(429)) == (FAILURES_MAX, 6), statuses
    assert len(hashes) == FAILURES_MAX, "an attempt beyond the limit cost a hash"


async def test_a_success_forgets_the_failures_before_it(register, guest):
    someone = await register()
    for _ in range(2):
        for _ in range(FAILURES_MAX - 1):
            await guest.refused("sign_in_refused", "POST", "/v1/auth/login", {"email": someone.email, "password": "x"})
        await guest.ok("POST", "/v1/auth/login", {"email": someone.email, "password": PASSWORD}, 200)


async def test_each_refresh_token_is_good_once_and_a_replay_ends_the_family(register, guest):
    someone = await register()
    first = someone.session["refresh_token"]
    second = (await guest.ok("POST", "/v1/auth/refresh", {"refresh_token": first}, 200))["refresh_token"]
    assert second != first
    assert (await guest.refused("refresh_reused", "POST", "/v1/auth/refresh", {"refresh_token": first}))[
        "status"
    ] == 401
    await guest.refused("refresh_refused", "POST", "/v1/auth/refresh", {"refresh_token": second})
    elsewhere = await guest.ok("POST", "/v1/auth/login", {"email": someone.email, "password": PASSWORD})
    await guest.ok("POST", "/v1/auth/refresh", {"refresh_token": elsewhere["refresh_token"]}, 200)


async def test_of_two_refreshes_with_one_token_only_one_is_answered(register, guest):
    token = (await register()).session["refresh_token"]
    answers = await asyncio.gather(*[guest.ask("POST", "/v1/auth/refresh", {"refresh_token": token}) for _ in range(5)])
    assert sorted(answer.status for answer in answers) == [200, 401, 401, 401, 401]


async def test_signing_out_ends_the_session(register, guest):
    token = (await register()).session["refresh_token"]
    for _ in range(2):
        assert (await guest.ask("POST", "/v1/auth/logout", {"refresh_token": token})).status == 204
    await guest.refused("refresh_refused", "POST", "/v1/auth/refresh", {"refresh_token": token})


async def test_signing_out_without_a_token_ends_every_session_of_who_asks(register, guest):
    someone = await register()
    other = (await guest.ok("POST", "/v1/auth/login", {"email": someone.email, "password": PASSWORD}))["refresh_token"]
    assert (await guest.ask("POST", "/v1/auth/logout")).status == 401
    assert (await someone.ask("POST", "/v1/auth/logout")).status == 204
    for token in (other, someone.session["refresh_token"]):
        await guest.refused("refresh_refused", "POST", "/v1/auth/refresh", {"refresh_token": token})


async def test_an_access_token_is_no_refresh_token(register, guest):
    token = (await register()).session["access_token"]
    refused = await guest.refused("refresh_refused", "POST", "/v1/auth/refresh", {"refresh_token": token})
    assert refused["status"] == 401


async def test_who_gives_no_name_is_called_by_their_address(guest):
    session = await guest.ok("POST", "/v1/auth/register", {"email": "ada@example.test", "password": PASSWORD})
    assert session["user"]["name"] == "ada"


async def test_a_session_that_ends_in_the_moment_it_is_renewed_has_ended(register, guest, pool: asyncpg.Pool):
    """Who copied a token and renews it at the same time as its owner keeps none; nor does signing out leave one."""
    for end in ("/v1/auth/refresh", "/v1/auth/logout"):
        for _ in range(5):
            token = {"refresh_token": (await register()).session["refresh_token"]}
            await asyncio.gather(guest.ask("POST", "/v1/auth/refresh", token), guest.ask("POST", end, token))
    living = "SELECT count(*) FROM refresh_tokens WHERE used_at IS NULL AND revoked_at IS NULL"
    assert await pool.fetchval(living) == 0


async def test_a_new_password_ends_a_session_that_is_just_being_renewed(register, guest, pool: asyncpg.Pool):
    for _ in range(5):
        someone = await register()
        body = {"current_password": PASSWORD, "new_password": PASSWORD + "2"}
        changed = asyncio.create_task(someone.ask("PUT", "/v1/users/me/password", body))
        token = someone.session["refresh_token"]
        while (await pool.fetchval("SELECT count(*) FROM refresh_tokens WHERE revoked_at IS NULL")) > 0:
            answer = await guest.ask("POST", "/v1/auth/refresh", {"refresh_token": token})
            if answer.status != 200:
                break
            token = (await answer.json())["refresh_token"]
        assert (await changed).status == 200
        living = "SELECT count(*) FROM refresh_tokens WHERE used_at IS NULL AND revoked_at IS NULL"
        assert await pool.fetchval(living) == 1  # the one that the change answered with
        await pool.execute("DELETE FROM refresh_tokens")


async def test_a_refresh_token_is_kept_as_a_digest_only(register, pool: asyncpg.Pool):
    token = (await register()).session["refresh_token"]
    row = await pool.fetchrow("SELECT * FROM refresh_tokens")
    assert len(row["token_hash"]) == 32
    assert token not in str(dict(row))


async def test_a_new_password_ends_every_other_session(register, guest):
    someone = await register()
    body = {"current_password": "wrong", "new_password": "another long password"}
    await someone.refused("sign_in_refused", "PUT", "/v1/users/me/password", body)
    body["current_password"] = PASSWORD
    session = await someone.ok("PUT", "/v1/users/me/password", body, 200)
    await guest.refused(
        "refresh_refused", "POST", "/v1/auth/refresh", {"refresh_token": someone.session["refresh_token"]}
    )
    await guest.ok("POST", "/v1/auth/refresh", {"refresh_token": session["refresh_token"]}, 200)
    await guest.refused("sign_in_refused", "POST", "/v1/auth/login", {"email": someone.email, "password": PASSWORD})


async def test_a_disabled_account_neither_signs_in_nor_stays(register, guest, pool: asyncpg.Pool):
    someone = await register()
    await pool.execute("UPDATE users SET disabled_at = now()")
    await guest.refused("account_disabled", "POST", "/v1/auth/login", {"email": someone.email, "password": PASSWORD})
    await guest.refused(
        "refresh_refused", "POST", "/v1/auth/refresh", {"refresh_token": someone.session["refresh_token"]}
    )


async def test_people_change_their_own_name_only(register):
    someone = await register()
    changed = await someone.ok("PATCH", "/v1/users/me", {"name": "New Name", "is_admin": True, "email": "x@y.test"})
    assert (changed["name"], changed["is_admin"], changed["email"]) == ("New Name", False, someone.email)


@pytest.mark.parametrize("token", [None, "nonsense", "a.b.c"])
async def test_nobody_is_somebody_without_a_valid_token(catalogue, token):
    document = await Someone(catalogue, token).refused("unauthenticated", "GET", "/v1/users/me")
    assert document["status"] == 401


@pytest.mark.parametrize(("email", "password"), [("boss@example.test", "short"), ("nobody", "a long enough password")])
async def test_an_admin_needs_a_real_address_and_a_real_password(pool, email, password):
    with pytest.raises(Invalid):
        await create_admin(pool, email, password, "Boss")
    assert await pool.fetchval("SELECT count(*) FROM users") == 0


async def test_the_command_line_makes_an_admin_and_may_do_so_again(pool: asyncpg.Pool, guest, register):
    someone = await register("boss@example.test")
    first = await create_admin(pool, "Boss@example.test", "an admin's password", "Boss")
    assert await create_admin(pool, "boss@example.test", "an admin's password", "Boss") == first
    session = await guest.ok(
        "POST", "/v1/auth/login", {"email": "boss@example.test", "password": "an admin's password"}
    )
    assert session["user"]["is_admin"] is True
    await guest.refused(
        "refresh_refused", "POST", "/v1/auth/refresh", {"refresh_token": someone.session["refresh_token"]}
    )


async def test_the_requirement_documents_paths_reach_the_same_handlers(register, guest):
    someone = await register()
    for prefix in ("/api/v1", "/api", "/api/tickets"):
        await guest.ok("POST", f"{prefix}/auth/login", {"email": someone.email, "password": PASSWORD}, 200)


WEAK = ("password12", "1234567890", "qwertyuiop12", "aaaaaaaaaaaa", "iloveyou2024", "hunter2hunter2")


@pytest.mark.parametrize("weak", WEAK)
async def test_a_password_that_anybody_guesses_is_refused_wherever_one_is_set(register, guest, pool, weak: str):
    someone = await register()
    before = await pool.fetch("SELECT * FROM users")
    body = {"email": "new@example.test", "password": weak}
    document = await guest.refused("invalid", "POST", "/v1/auth/register", body)
    assert [(fault["pointer"], fault["code"]) for fault in document["errors"]] == [("/password", "password_weak")]
    assert "too easy to guess" in document["detail"]
    change = {"current_password": PASSWORD, "new_password": weak}
    document = await someone.refused("invalid", "PUT", "/v1/users/me/password", change)
    assert document["errors"][0]["pointer"] == "/new_password"
    with pytest.raises(Invalid):
        await create_admin(pool, "root@example.test", weak, "Root")
    assert await pool.fetch("SELECT * FROM users") == before


async def test_ones_own_name_and_address_are_no_password(guest):
    body = {"name": "Wilhelmina Featherstonehaugh", "email": "quincunx.lighthouse@example.test"}
    for own in ("featherstonehaugh1", "Wilhelmina1234", "quincunx.lighthouse", "WilhelminaFeatherstonehaugh"):
        document = await guest.refused("invalid", "POST", "/v1/auth/register", {**body, "password": own})
        assert document["errors"][0]["code"] == "password_weak", own
    await guest.ok("POST", "/v1/auth/register", {**body, "password": "featherstonehaugh sees red kites"}, 201)


async def still_in(token: str, guest: Someone) -> bool:
    answer = await guest.ask("GET", "/v1/users/me", headers={"Authorization": f"Bearer {token}"})
    return answer.status == 200


async def test_the_access_token_ends_with_its_session_and_no_other_does(register, guest, pool: asyncpg.Pool):
    someone = await register()
    login = {"email": someone.email, "password": PASSWORD}
    first, second, third = [await guest.ok("POST", "/v1/auth/login", login) for _ in range(3)]
    tokens = [session["access_token"] for session in (first, second, third)]
    assert [await still_in(token, guest) for token in tokens] == [True, True, True]
    await guest.ok("POST", "/v1/auth/logout", {"refresh_token": first["refresh_token"]}, 204)
    assert [await still_in(token, guest) for token in tokens] == [False, True, True]
    refreshed = await guest.ok("POST", "/v1/auth/refresh", {"refresh_token": second["refresh_token"]}, 200)
    await guest.refused("refresh_reused", "POST", "/v1/auth/refresh", {"refresh_token": second["refresh_token"]})
    assert [await still_in(token, guest) for token in (*tokens, refreshed["access_token"])] == [
        False, False, True, False
    ]  # fmt: skip
    body = {"current_password": PASSWORD, "new_password": "quite another passphrase"}
    changed = await someone.ok("PATCH", "/v1/users/me/password", body, 200)
    tokens = [third["access_token"], someone.token, changed["access_token"]]
    assert [await still_in(token, guest) for token in tokens] == [False, False, True]
    assert await Someone(guest.client, changed["access_token"]).ok("POST", "/v1/auth/logout", status=204) is None
    assert not await still_in(changed["access_token"], guest)
    assert await pool.fetchval("SELECT count(*) FROM refresh_tokens WHERE revoked_at IS NULL") == 0


async def test_a_sign_in_that_meets_a_shut_account_or_another_password_stays_out(register, guest, pool, monkeypatch):
    """The password was right when it was looked at; what happened meanwhile counts."""
    matches = Passwords.matches
    for change in ("disabled_at = now()", "disabled_at = NULL, password_hash = 'another'"):
        someone = await register()

        async def slow(self: Passwords, kept: str, password: str, address: str = "", change: str = change) -> bool:
            found = await matches(self, kept, password, address)
            await pool.execute(f"UPDATE users SET {change}")
            return found

        monkeypatch.setattr(Passwords, "matches", slow)
        login = {"email": someone.email, "password": PASSWORD}
        await guest.refused("sign_in_refused", "POST", "/v1/auth/login", login)
        monkeypatch.undo()
        await pool.execute("DELETE FROM users")


@pytest.mark.parametrize("name", ["\u200b\u2060", "\u202e\u202c", " \u00ad ", "\u3164"])
async def test_a_name_that_nobody_sees_is_none(register, guest, name: str):
    someone = await register()
    body = {"email": "new@example.test", "password": PASSWORD, "name": name}
    assert (await guest.refused("invalid", "POST", "/v1/auth/register", body))["errors"][0]["pointer"] == "/name"
    await someone.refused("invalid", "PATCH", "/v1/users/me", {"name": name})


async def test_a_name_hides_nothing_and_turns_nothing_around(register):
    someone = await register()
    changed = await someone.ok("PATCH", "/v1/users/me", {"name": "Ada\u202e \u200b Love\u2066lace\u00ad"})
    assert changed["name"] == "Ada Lovelace"
