"""Webhook endpoints over HTTP: whose they are, what is shown of them, what is refused."""

from __future__ import annotations

import asyncpg
import pytest

from engine.services.messages.webhooks import endpoints
from tests.web.organizer import Someone, at, join

GIVEN = {"url": "https://hooks.example.test/in", "events": ["order.paid", "ticket.issued", "order.paid"]}


async def made(owner: Someone) -> tuple[str, dict[str, str]]:
    """(the endpoints' path, a fresh endpoint) of a new organization."""
    path = f"/v1/organizations/{await owner.organization()}/webhook-endpoints"
    return path, await owner.ok("POST", path, GIVEN, 201)


async def test_a_secret_is_shown_once_kept_sealed_and_another_one_signs_next_to_it_for_a_day(
    register, pool: asyncpg.Pool
):
    owner = await register()
    path, endpoint = await made(owner)
    assert endpoint["secret"].startswith("whsec_")
    assert endpoint["events"] == ["order.paid", "ticket.issued"]
    row = await pool.fetchrow("SELECT * FROM webhook_endpoints")
    assert endpoint["secret"].removeprefix("whsec_")[:20] not in repr(dict(row))
    one = f"{path}/{endpoint['id']}"
    (listed,) = (await owner.ok("GET", path))["data"]
    assert listed == await owner.ok("GET", one)
    assert "secret" not in listed
    rotated = await owner.ok("POST", f"{one}/rotate-secret", status=200)
    assert rotated["secret"] != endpoint["secret"]
    assert (await owner.ok("GET", one))["older_secret_until"] == rotated["older_secret_until"]
    kept = await pool.fetchval("SELECT older_secret FROM webhook_endpoints")
    assert kept == row["secret"]


async def test_an_endpoint_is_changed_as_it_was_read_and_goes_with_all_that_was_sent(register, pool: asyncpg.Pool):
    owner = await register()
    path, endpoint = await made(owner)
    one = f"{path}/{endpoint['id']}"
    await owner.refused("precondition_required", "PATCH", one, {"enabled": False})
    etag = await owner.etag(one)
    changed = await owner.ok("PATCH", one, {"enabled": False, "events": ["event.changed"]}, headers={"If-Match": etag})
    assert (changed["enabled"], changed["events"], changed["version"]) == (False, ["event.changed"], 2)
    await owner.refused("precondition_failed", "PATCH", one, {"enabled": True}, headers={"If-Match": etag})
    await owner.refused("precondition_failed", "DELETE", one, headers={"If-Match": etag})
    secret = {"url": "https://hooks.example.test/in?token=hidden"}
    assert (await owner.ok("PATCH", one, secret, headers={"If-Match": "*"}))["url"] == secret["url"]
    assert "hidden" not in str(await pool.fetch("SELECT facts FROM audit_log"))
    await owner.ok("DELETE", one, status=204, headers={"If-Match": "*"})
    await owner.refused("webhook_endpoint_unknown", "GET", one)
    deeds = await pool.fetch("SELECT action, organization_id FROM audit_log WHERE action LIKE 'webhook.%' ORDER BY id")
    assert [row["action"] for row in deeds] == ["webhook.added", *["webhook.changed"] * 2, "webhook.removed"]
    assert {row["organization_id"] for row in deeds} == {path.split("/")[3]}


async def test_only_owners_decide_where_buyers_names_go(register, pool: asyncpg.Pool):
    owner, manager = await register(), await register()
    path, endpoint = await made(owner)
    await join(pool, owner, path.split("/")[3], manager, "manager")
    for method, address, body in (
        ("GET", path, None), ("POST", path, GIVEN), ("GET", f"{path}/{endpoint['id']}/attempts", None),
        ("POST", f"{path}/{endpoint['id']}/rotate-secret", None),
        ("POST", f"{path}/{endpoint['id']}/replay", {"since": at(-1)}),
    ):  # fmt: skip
        await manager.refused("forbidden", method, address, body)
    key = await owner.ok(
        "POST", path.replace("webhook-endpoints", "api-keys"), {"name": "K", "scopes": ["orders.read"]}, 201
    )
    await Someone(owner.client, key["key"]).refused("key_refused", "GET", path)
    other_path, other = await made(await register())
    await owner.refused("webhook_endpoint_unknown", "GET", f"{path}/{other['id']}")
    await owner.refused("organization_unknown", "GET", other_path)


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"url": "http://hooks.example.test/", "events": ["order.paid"]}, "/url"),
        ({"url": "https://127.0.0.1/", "events": ["order.paid"]}, "/url"),
        ({"url": "https://hooks.example.test/ x", "events": ["order.paid"]}, "/url"),
        ({"url": "https://hooks.example.test/", "events": []}, "/events"),
        ({"url": "https://hooks.example.test/", "events": ["order.eaten"]}, "/events/0"),
        ({"url": "https://hooks.example.test/" + "x" * 2000, "events": ["order.paid"]}, "/url"),
    ],
)
async def test_an_endpoint_that_makes_no_sense_is_not_made(register, pool: asyncpg.Pool, given, pointer):
    owner = await register()
    path = f"/v1/organizations/{await owner.organization()}/webhook-endpoints"
    refused = await owner.refused("invalid", "POST", path, given)
    assert [fault["pointer"] for fault in refused["errors"]] == [pointer]
    assert await pool.fetchval("SELECT count(*) FROM webhook_endpoints") == 0


async def test_there_is_a_limit_and_a_replay_says_what_it_wants(register, monkeypatch):
    monkeypatch.setattr(endpoints, "ENDPOINTS_MAX", 1)
    owner = await register()
    path, endpoint = await made(owner)
    assert (await owner.refused("limit_reached", "POST", path, GIVEN))["limit"] == 1
    again = f"{path}/{endpoint['id']}/replay"
    for wrong in ({}, {"since": at(-1), "message_id": "msg_0"}, {"since": "0001-01-01T00:00:00+14:00"}, {"since": "x"}):
        await owner.refused("invalid", "POST", again, wrong)
    await owner.refused("webhook_message_unknown", "POST", again, {"message_id": "msg_0"})
    nothing = await owner.ok("POST", again, {"since": at(-1)})
    assert nothing == {"queued": 0, "has_more": False, "next_since": None}
