"""What holds for every row of the contract alike: queries, lists, bodies, other addresses."""

from __future__ import annotations

import asyncio
import gzip

import aiohttp
import pytest
from yarl import URL

from engine.foundation import bodies
from engine.foundation.bearer import Person
from engine.foundation.ids import new_id
from engine.services.accounts import organizations
from engine.web.routes import ROUTES
from tests.shop import Shop
from tests.web.organizer import Someone

READS = [route for route in ROUTES if route.method == "GET" and route.path.startswith("/v1/")]
OPERATIONS = {"/livez", "/readyz", "/metrics", "/openapi.json"}


async def test_no_row_passes_over_a_query_parameter_it_does_not_know(shop: Shop):
    own = "Bearer " + shop.bearers.sign(Person(new_id("usr"), is_admin=False))
    for route in READS:
        if route.path.endswith("/oauth/{provider}/callback"):
            continue  # a provider says more with its answer, as it likes (OpenID Connect Core 1.0, section 3.1.2.5)
        path = route.path.replace("{", "").replace("}", "")
        answer = await shop.ask("GET", f"{path}?limt=5", Authorization="" if route.who == "device" else own)
        allowed = {400, 401} if route.who == "device" else {400}
        allowed |= {403, 404} if route.query is not None else set()  # those look at who asks first
        assert answer.status in allowed, (route.path, answer.status, answer.body)


def test_every_row_answers_at_the_addresses_of_the_requirement_documents():
    for route in ROUTES:
        if route.path in OPERATIONS or route.path.startswith("/api/"):
            continue
        other = route.path.replace("/v1/", "/api/v1/", 1)
        served = {path for each in ROUTES if each.method == route.method for path in (each.path, *each.aliases)}
        assert other in served, (route.method, other)


async def test_short_lists_page_like_long_ones(shop: Shop):
    await shop.open_event(types=[{"categories": ["Floor"]} for _ in range(5)])
    path, seen, cursor = f"/v1/events/{shop.event_id}/ticket-types", [], ""
    for _ in range(3):
        page = await shop.ask("GET", f"{path}?limit=2{cursor}")
        seen += [row["id"] for row in page["data"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == shop.types
    assert (page["next_cursor"], page["has_more"]) == (None, False)
    for query in ("limit=0", "limit=201", "limit=x", "cursor=bm9uZQ", "cursor=%00"):
        assert (await shop.ask("GET", f"{path}?{query}")).status == 400, query


@pytest.mark.parametrize("encoding", ["gzip", "nonsense"])
async def test_a_compressed_body_is_refused_unread(shop: Shop, encoding: str):
    body = gzip.compress(b'{"email": "a@b.test", "password": "0123456789"}')
    headers = {"Content-Encoding": encoding, "Idempotency-Key": "k"}
    for path in ("/v1/auth/login", "/v1/holds", "/v1/orders", "/v1/webhooks/stripe"):
        async with shop.http.post(shop.url + path, data=aiohttp.BytesPayload(body), headers=headers) as answer:
            assert answer.status == 415, (path, await answer.text())


@pytest.mark.parametrize("last", ["9" * 15, "9" * 16, "9" * 5000, "-1", "x", "\u0663"])
async def test_a_stream_begins_whatever_the_client_says_it_saw_last(shop: Shop, last: str):
    await shop.open_event()
    path = f"{shop.url}/v1/events/{shop.event_id}/seat-status/stream"
    async with asyncio.timeout(10), shop.http.get(path, headers={"Last-Event-ID": last}) as answer:
        assert answer.status == 200
        assert (await answer.content.readline()).startswith((b"event:", b"id:", b"retry:", b":"))


async def test_a_body_that_never_ends_is_not_waited_for(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bodies, "BODY_WAIT_S_MAX", 0.2)
    address = URL(shop.url)
    for length in ("Content-Length: 100", "Transfer-Encoding: chunked"):
        headers = f"Content-Type: application/json\r\n{length}"
        reader, writer = await asyncio.open_connection(address.host, address.port)
        begun = f"POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n\r\n"
        writer.write(begun.encode() + (b"5\r\n{" if "chunked" in headers else b"{"))
        async with asyncio.timeout(10):
            assert (await reader.readline()).startswith(b"HTTP/1.1 400"), headers
        writer.close()


async def test_the_requirement_documents_body_is_taken_where_theirs_and_our_path_are_one(shop: Shop):
    await shop.open_event()
    theirs = {
        "items": [{"ticketTypeId": shop.types[0], "quantity": 2}],
        "userInfo": {"name": "Ada", "email": "ada@example.test"},
        "idempotencyKey": "theirs",
    }
    made = await shop.ask("POST", "/v1/orders", theirs)
    assert made.status == 201, made.body
    assert made["orderId"] == made["order_id"]
    assert made["amountCents"] == 2000
    neither = await shop.ask("POST", "/v1/orders", {"idempotencyKey": "x"})
    assert (neither.status, neither["code"]) == (422, "invalid")
    assert "hold_id" in neither["message"]


async def test_an_organization_nobody_made_is_unknown_to_the_platforms_admin_too(register, pool):
    admin = await register()
    await pool.execute("UPDATE users SET is_admin = true WHERE email = $1", admin.email)
    admin.token = (
        await admin.ok("POST", "/v1/auth/login", {"email": admin.email, "password": "correct horse battery"})
    )["access_token"]
    nowhere = "org_00000000000000000000000000"
    venue = {"organization_id": nowhere, "name": "V", "timezone": "UTC"}
    await admin.refused("organization_unknown", "POST", "/v1/venues", venue)
    for suffix in ("members", "events"):
        await admin.refused("organization_unknown", "GET", f"/v1/organizations/{nowhere}/{suffix}")
    member = {"email": admin.email, "role": "owner"}
    await admin.refused("organization_unknown", "POST", f"/v1/organizations/{nowhere}/members", member)


async def test_only_the_platforms_admin_opens_any_number_of_organizations(register, pool, monkeypatch):
    monkeypatch.setattr(organizations, "ORGANIZATIONS_PER_PERSON_MAX", 1)
    somebody: Someone = await register()
    await somebody.organization()
    assert (await somebody.ask("POST", "/v1/organizations", {"name": "Second"})).status == 409
    await pool.execute("UPDATE users SET is_admin = true WHERE email = $1", somebody.email)
    login = {"email": somebody.email, "password": "correct horse battery"}
    somebody.token = (await somebody.ok("POST", "/v1/auth/login", login))["access_token"]
    await somebody.organization()
