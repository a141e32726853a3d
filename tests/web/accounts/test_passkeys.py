"""Passkeys over HTTP: added by who signed in a moment ago, shown to sign in; copies, other origins and replays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from aiohttp.test_utils import TestClient, TestServer

from engine.app import create_app
from engine.domain.accounts import passkeys
from engine.domain.accounts.passkeys import party_of
from engine.foundation.connections import RedisClient
from engine.settings import Settings
from tests.authenticator import Authenticator, text
from tests.web.organizer import PASSWORD, Someone

AT, MINE = "/v1/auth/passkeys", "/v1/users/me/passkeys"


@pytest.fixture
async def guest(settings: Settings, redis_client: RedisClient) -> AsyncIterator[Someone]:
    async with TestClient(TestServer(create_app(settings))) as client:
        yield Someone(client)


async def registered(guest: Someone, email: str = "ada@example.test") -> Someone:
    given = {"email": email, "password": PASSWORD, "name": "Ada"}
    session = await guest.ok("POST", "/v1/auth/register", given, 201)
    return Someone(guest.client, session["access_token"], email, session)


async def added(someone: Someone, device: Authenticator, name: str = "Phone") -> dict[str, Any]:
    options = await someone.ok("POST", f"{AT}/register/options", status=200)
    body = {"name": name, "credential": device.made(options)}
    return dict(await someone.ok("POST", f"{AT}/register/verify", body, 201))


async def shown(guest: Someone, device: Authenticator) -> dict[str, Any]:
    return {"credential": device.shown(await guest.ok("POST", f"{AT}/authenticate/options", status=200))}


@pytest.mark.parametrize(
    ("addresses", "domain", "origins"),
    [
        (("http://127.0.0.1:8080", "http://127.0.0.1:8082"), "localhost", ("http://localhost:8080", "http://localhost:8082")),
        (("https://tickets.test", "https://admin.tickets.test"), "tickets.test", ("https://tickets.test", "https://admin.tickets.test")),
        (("https://tickets.test/", "https://admin.elsewhere.test"), "tickets.test", ("https://tickets.test",)),
        (("https://tickets.test", "https://eviltickets.test"), "tickets.test", ("https://tickets.test",)),
    ],
)  # fmt: skip
def test_a_passkey_is_for_our_own_domain_and_what_is_below_it(addresses, domain: str, origins):
    party = party_of(*addresses)
    assert (party.domain, party.origins) == (domain, origins)


async def test_a_passkey_is_added_signs_in_is_renamed_and_taken_away(guest: Someone, pool: asyncpg.Pool):
    someone, device = await registered(guest), Authenticator()
    options = await someone.ok("POST", f"{AT}/register/options", status=200)
    assert options["rp"]["id"] == "localhost"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert someone.session["user"]["id"] not in str(options)
    kept = await added(someone, device)
    assert (kept["name"], kept["used_at"]) == ("Phone", None)
    again = await someone.ok("POST", f"{AT}/register/options", status=200)
    assert [each["id"] for each in again["excludeCredentials"]] == [text(device.credential_id)]
    device.count = 1
    session = await guest.ok("POST", f"{AT}/authenticate/verify", await shown(guest, device), 200)
    assert session["user"]["email"] == someone.email
    path = f"{MINE}/{kept['id']}"
    renamed = await someone.ok("PATCH", path, {"name": "Key ring"})
    assert (renamed["name"], renamed["used_at"] is None) == ("Key ring", False)
    stranger = await registered(guest, "eve@example.test")
    for method, body in (("PATCH", {"name": "Mine"}), ("DELETE", None)):
        await stranger.refused("passkey_unknown", method, path, body)
    await someone.ok("DELETE", path, status=204)
    assert (await someone.ok("GET", MINE))["data"] == []
    device.count = 2
    await guest.refused("passkey_refused", "POST", f"{AT}/authenticate/verify", await shown(guest, device))
    deeds = await pool.fetch("SELECT action FROM audit_log WHERE action LIKE 'account.passkey%' ORDER BY id")
    assert [row["action"] for row in deeds] == ["account.passkey_added", "account.passkey_removed"]


async def test_another_origin_a_copy_and_a_replay_are_refused_alike(guest: Someone):
    someone, device = await registered(guest), Authenticator(count=5)
    await added(someone, device)
    device.count = 6
    good = await shown(guest, device)
    await guest.ok("POST", f"{AT}/authenticate/verify", good, 200)
    bodies = [good]  # its challenge is used up
    device.origin = "https://localhost.evil.test"
    bodies.append(await shown(guest, device))
    device.origin, device.domain = "http://localhost:8080", "evil.test"
    bodies.append(await shown(guest, device))
    device.domain = "localhost"
    bodies.append(await shown(guest, device))  # its count did not go on: a copy
    device.count = 9
    bodies.append(await shown(guest, Authenticator(credential_id=device.credential_id, count=9)))  # another key
    bodies.append({"credential": device.shown({"challenge": text(b"x" * 32)})})  # no challenge of ours
    bodies.append({"credential": device.shown(await someone.ok("POST", f"{AT}/register/options", status=200))})
    said = [{"clientDataJSON": "e30"}, {"clientDataJSON": "W10"}, "x", None]
    bodies += [{"credential": {"rawId": "!", "response": each}} for each in said] + [{"credential": {}}]
    for body in bodies:
        refused = await guest.refused("passkey_refused", "POST", f"{AT}/authenticate/verify", body)
        assert refused["status"] == 400
    await guest.ok("POST", f"{AT}/authenticate/verify", await shown(guest, device), 200)


async def test_a_passkey_is_added_by_who_signed_in_a_moment_ago_for_themselves(
    guest: Someone, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
):
    someone, stranger = await registered(guest), await registered(guest, "eve@example.test")
    device = Authenticator()
    options = await someone.ok("POST", f"{AT}/register/options", status=200)
    body = {"name": "Phone", "credential": device.made(options)}
    await stranger.refused("passkey_refused", "POST", f"{AT}/register/verify", body)
    elsewhere = Authenticator(origin="https://evil.test")
    options = await someone.ok("POST", f"{AT}/register/options", status=200)
    await someone.refused(
        "passkey_refused", "POST", f"{AT}/register/verify", {"name": "P", "credential": elsewhere.made(options)}
    )
    await added(someone, device)
    options = await stranger.ok("POST", f"{AT}/register/options", status=200)
    body = {"name": "Phone", "credential": device.made(options)}
    await stranger.refused("passkey_taken", "POST", f"{AT}/register/verify", body)
    options = await someone.ok("POST", f"{AT}/register/options", status=200)
    await pool.execute("UPDATE sessions SET begun_at = now() - interval '11 minutes'")
    body = {"name": "Phone", "credential": Authenticator().made(options)}
    await someone.refused("fresh_sign_in_required", "POST", f"{AT}/register/verify", body)
    await someone.refused("fresh_sign_in_required", "POST", f"{AT}/register/options")
    assert await pool.fetchval("SELECT count(*) FROM passkeys") == 1
    await pool.execute("UPDATE sessions SET begun_at = now()")
    monkeypatch.setattr("engine.services.accounts.passkeys.PASSKEYS_MAX", 1)
    assert passkeys.PASSKEYS_MAX > 1
    await someone.refused("too_many_ways", "POST", f"{AT}/register/options")


@pytest.mark.parametrize("sees", [True, False], ids=["checks who holds it", "is only touched"])
async def test_a_device_that_checks_who_holds_it_is_both_factors(guest: Someone, pool: asyncpg.Pool, sees: bool):
    someone, device = await registered(guest), Authenticator(sees=sees)
    await added(someone, device)
    await pool.execute("INSERT INTO second_factors (user_id, secret, confirmed_at) SELECT id, '', now() FROM users")
    body = await shown(guest, device)
    if sees:
        await guest.ok("POST", f"{AT}/authenticate/verify", body, 200)
    else:
        await guest.refused("second_factor_required", "POST", f"{AT}/authenticate/verify", body)
    await pool.execute("UPDATE users SET disabled_at = now()")
    await guest.refused("account_disabled", "POST", f"{AT}/authenticate/verify", await shown(guest, device))
