"""Keys of an organization over HTTP: what they open, whose, how fast, and for how long."""

from __future__ import annotations

import asyncpg
import pytest

from engine.domain.accounts.api_keys import ALLOWED
from engine.foundation import limits_table
from engine.services.accounts import api_keys
from engine.web.routes import ROUTES
from tests.web.organizer import Someone, at


async def key_of(owner: Someone, organization_id: str, *scopes: str, **more: str) -> Someone:
    """A program that shows a fresh key; its id stands for a person's address."""
    given = {"name": "Program", "scopes": list(scopes), **more}
    made = await owner.ok("POST", f"/v1/organizations/{organization_id}/api-keys", given, 201)
    assert made["key"].startswith("onsale_sk_key_")
    return Someone(owner.client, made["key"], made["id"])


async def test_a_key_does_what_its_scopes_allow_in_its_organization_alone(register):
    owner, other = await register(), await register()
    organization_id = await owner.organization()
    event = await owner.event(organization_id, await owner.venue(organization_id))
    theirs = await other.published()
    reader = await key_of(owner, organization_id, "catalogue.read")
    writer = await key_of(owner, organization_id, "catalogue.read", "catalogue.write")
    path = f"/v1/events/{event['id']}"
    assert (await reader.ok("GET", path))["status"] == "draft"
    refused = await reader.refused("scope_missing", "PATCH", path, {"title": "Mine"}, headers={"If-Match": "*"})
    assert (refused["status"], refused["scope"]) == (403, "catalogue.write")
    assert (await writer.ok("PATCH", path, {"title": "Mine"}, headers={"If-Match": "*"}))["title"] == "Mine"
    await writer.ok("POST", "/v1/venues", {"organization_id": organization_id, "name": "V", "timezone": "UTC"}, 201)
    response = await writer.ask("PATCH", f"/v1/events/{theirs['id']}", {"title": "Mine"}, headers={"If-Match": "*"})
    assert response.status in {403, 404}
    given = {"organization_id": theirs["organization_id"], "name": "V", "timezone": "UTC"}
    await writer.refused("forbidden", "POST", "/v1/venues", given)
    keys = f"/v1/organizations/{organization_id}/api-keys"
    for method, body in (("GET", None), ("POST", {"name": "More", "scopes": ["orders.read"]})):
        await writer.refused("key_refused", method, keys, body)
    for method, other_path in (("GET", "/v1/users/me"), ("POST", "/v1/organizations"), ("GET", "/v1/organizations")):
        await writer.refused("key_refused", method, other_path, {} if method == "POST" else None)


async def test_a_key_is_kept_as_a_digest_listed_without_its_secret_and_revoked_at_once(register, pool: asyncpg.Pool):
    owner = await register()
    organization_id = await owner.organization()
    program = await key_of(owner, organization_id, "catalogue.read")
    path, keys = f"/v1/organizations/{organization_id}", f"/v1/organizations/{organization_id}/api-keys"
    secret = program.token.rpartition("_")[2]
    row = await pool.fetchrow("SELECT * FROM api_keys")
    assert secret not in repr(dict(row))
    (listed,) = (await owner.ok("GET", keys))["data"]
    assert (listed["last_used_at"], "key" in listed, listed["scopes"]) == (None, False, ["catalogue.read"])
    await program.ok("GET", path)
    noted = await pool.fetchval("SELECT last_used_at FROM api_keys")
    await program.ok("GET", path)
    assert await pool.fetchval("SELECT last_used_at FROM api_keys") == noted is not None  # once a minute
    for wrong in (
        program.token + "x",
        program.token[:-1],
        f"onsale_sk_{program.email}_",
        "onsale_sk_",
        "onsale_sk_\xe9",
    ):
        await Someone(owner.client, wrong).refused("unauthenticated", "GET", path)
    await pool.execute("UPDATE api_keys SET expires_at = now()")
    await program.refused("unauthenticated", "GET", path)
    await pool.execute("UPDATE api_keys SET expires_at = NULL")
    await owner.ok("DELETE", f"{keys}/{program.email}", status=204)
    await owner.refused("api_key_unknown", "DELETE", f"{keys}/{program.email}")
    await program.refused("unauthenticated", "GET", path)
    assert (await owner.ok("GET", keys))["data"] == []


async def test_a_key_is_limited_by_itself(register, monkeypatch):
    owner = await register()
    organization_id = await owner.organization()
    monkeypatch.setattr(api_keys, "KEY_RATE", limits_table.Rate("", per_s=0.001, burst=2))
    first, second = [await key_of(owner, organization_id, "catalogue.read") for _ in range(2)]
    path = f"/v1/organizations/{organization_id}"
    statuses = [(await first.ask("GET", path)).status for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    refused = await first.refused("key_throttled", "GET", path)
    assert refused["retry_after_s"] > 0
    await second.ok("GET", path)


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"name": "K", "scopes": ["everything"]}, "/scopes/0"),
        ({"name": "K", "scopes": []}, "/scopes"),
        ({"name": "K", "scopes": ["orders.read"], "expires_at": at(-1)}, "/expires_at"),
        ({"name": "\u200b", "scopes": ["orders.read"]}, "/name"),
    ],
)
async def test_a_key_that_makes_no_sense_is_not_made(register, pool: asyncpg.Pool, given, pointer):
    owner = await register()
    organization_id = await owner.organization()
    refused = await owner.refused("invalid", "POST", f"/v1/organizations/{organization_id}/api-keys", given)
    assert [fault["pointer"] for fault in refused["errors"]] == [pointer]
    assert await pool.fetchval("SELECT count(*) FROM api_keys") == 0


def test_no_scope_reaches_members_payouts_rooms_or_keys():
    reached = {permission for permissions in ALLOWED.values() for permission in permissions}
    assert not {each for each in reached if each.partition(".")[0] in {"members", "payouts", "rooms", "keys"}}
    assert "organization.write" not in reached
    assert {route.needs for route in ROUTES if route.takes_keys} <= reached
