"""Every route that the room serves, asked over HTTP by every kind of caller: what happens is what its row declares."""

from __future__ import annotations

import itertools
from typing import Any

import asyncpg
import pytest
from aiohttp.test_utils import TestClient

from engine.access import CALLERS, MEMBERS, Caller, opens_in_room
from engine.domain.accounts.organizations import roles_that_may
from engine.foundation import assets, manners
from engine.foundation.clock import now_ms
from engine.foundation.ids import new_id
from engine.foundation.queue_links import LinkAsked, mint
from tests.waitingroom.conftest import NewRoom, post, room_of, until_phase
from tests.waitingroom.steps import bearer
from waitingroom.asking import OPERATOR_ROLES
from waitingroom.identities import digest_of
from waitingroom.routes import ROOM, ROUTES
from waitingroom.settings import Settings

REFUSED = {401, 403, 404}
ROWS = {(route.method, route.path): route for route in ROUTES}
_visitors = itertools.count(1)


def _beside_the_table(method: str, path: str) -> bool:
    """Files, the preflights of other origins' pages, and every other address."""
    preflight = method == "OPTIONS" and path.startswith(ROOM)
    return preflight or (method in {"GET", "HEAD"} and path == _canonical(assets.ROUTE)) or path == "/{rest}"


def _canonical(path: str) -> str:
    return path.replace(":.+}", "}")


async def _credentials(settings: Settings, pool: asyncpg.Pool, event_id: str) -> dict[Caller, dict[str, str]]:
    """The headers of each kind of caller. What a room knows nothing of need not be good anywhere else."""
    organization_id = await pool.fetchval("SELECT organization_id FROM on_sales WHERE event_id = $1", event_id)

    async def person(organization_id: str | None = None, role: str = "", *, is_admin: bool = False) -> dict[str, str]:
        user_id = new_id("usr")
        await pool.execute(
            "INSERT INTO users (id, email, name, password_hash, is_admin) VALUES ($1, $2, 'N', 'x', $3)",
            user_id, f"{user_id.lower()}@x.test", is_admin,
        )  # fmt: skip
        if organization_id is not None:
            await pool.execute(
                "INSERT INTO members (organization_id, user_id, role) VALUES ($1, $2, $3)",
                organization_id, user_id, role,
            )  # fmt: skip
        return bearer(settings, admin=is_admin, user_id=user_id)

    other = new_id("org")
    await pool.execute("INSERT INTO organizations (id, name, slug) VALUES ($1, 'Other', $2)", other, other.lower())
    admission = settings.keyring.event(event_id).mint_admission(
        lease_id=bytes(16), device_key_hash=b"", not_before_ms=0, expires_at_ms=now_ms() + 3_600_000
    )
    found: dict[Caller, dict[str, str]] = {
        "nobody": {},
        "forger": bearer(settings.model_copy(update={"jwt_key": type(settings.jwt_key)("k" * 40)})),
        "admitted": {"Authorization": f"Admission {admission}"},
        "other buyer": {"X-Order-Token": "b" * 43},
        "scanner": {"Authorization": f"Device {new_id('dev')}.{'s' * 43}"},
        "fan": await person(),
        "other owner": await person(other, "owner"),
        "key": {"Authorization": "Bearer onsale_sk_key_01ARZ3NDEKTSV4RRFFQ69G5FAV_" + "s" * 43},
        "admin": await person(is_admin=True),
    }
    for role in sorted(MEMBERS):
        found[role] = await person(organization_id, role)
    assert set(found) == set(CALLERS)
    return found


async def _link(client: TestClient, settings: Settings, event_id: str) -> str:
    """The token of a mailed link to a place in line that nobody looks at."""
    email = f"link{next(_visitors)}@example.test"
    _, place = await post(client, event_id, "join", 201, identity=email)
    ticket = (await room_of(client, event_id)).verify(place["queue_ticket"])
    asked = LinkAsked(
        event_id=event_id, email=email, title="", language="en", identity=digest_of(ticket).hex(),
        number=ticket.number, generation=0,
    )  # fmt: skip
    return mint(settings.keyring.platform(), asked, now_ms())


async def _ask(
    client: TestClient, settings: Settings, event_id: str, method: str, path: str, headers: dict[str, str]
) -> tuple[int, str, str]:
    """(status, the place that its cookie gives, body) of the row's usual request."""
    where = path.format(event_id=event_id, path="nothing.css", rest="nowhere")
    given: dict[str, Any] = {}
    if path == "/r/{event_id}/place":
        token = await _link(client, settings, event_id)
        where += "" if method == "POST" else f"?token={token}"
        given = {"data": {"token": token}} if method == "POST" else {}
    elif path.startswith("/r/") and method == "POST":
        given = {"data": {"identity": f"form{next(_visitors)}@example.test"}}
    elif method in {"POST", "PATCH"}:
        joins = {"identity": f"join{next(_visitors)}@example.test"} if path.endswith("/join") else {}
        given = {"json": joins}
    if "/static/" in path:
        page = await client.get(f"/r/{event_id}")
        where = "/static/" + (await page.text()).partition('href="/static/')[2].partition('"')[0]
    asked = "GET" if method == "*" else method
    client.session.cookie_jar.clear()
    async with client.request(asked, where, headers=headers, allow_redirects=False, **given) as answer:
        assert answer.headers["X-Content-Type-Options"] == "nosniff", where
        assert "Server" not in answer.headers, where
        kept = answer.headers.get("Cache-Control", "")
        assert answer.status == 304 or kept.startswith(("public", "private, ", "no-store")) or method == "OPTIONS", (
            where
        )
        streams = answer.content_type == "text/event-stream"  # which never ends
        cookie = "".join(each.value for name, each in answer.cookies.items() if name.startswith("onsale_queue_"))
        return answer.status, cookie, "" if streams else await answer.text()


def _did(method: str, path: str, status: int, cookie: str) -> bool:
    """Whether the answer is the row's own: pages send away who may not with no place in their hands."""
    if path == "/r/{event_id}/enter":
        return status == 200
    if path.startswith("/r/") and method == "POST":
        return status == 303 and bool(cookie)
    return status not in REFUSED


def test_operators_of_a_room_are_who_may_write_rooms():
    assert set(roles_that_may("rooms.write")) == OPERATOR_ROLES


async def test_every_row_of_the_room_opens_to_whom_it_declares_and_to_nobody_else(
    room_client: TestClient, new_room: NewRoom, room_settings: Settings, pool: asyncpg.Pool
) -> None:
    event_id = await new_room(identity="email", capacity=5)
    await until_phase(room_client, event_id, "open")
    credentials = await _credentials(room_settings, pool, event_id)
    served = {(route.method, route.resource.canonical) for route in room_client.app[manners.MANNERS] if route.resource}
    before = await pool.fetch("SELECT * FROM on_sales"), await pool.fetch("SELECT * FROM audit_log")
    wrong, refused = [], []
    for open_ones in (False, True):
        for method, path in sorted(served):
            row = ROWS.get(("GET" if method == "HEAD" else method, path))
            assert row is not None or _beside_the_table(method, path), (method, path)
            for caller in CALLERS:
                opened = row is None or opens_in_room(row, caller)
                if opened != open_ones:
                    continue
                status, cookie, body = await _ask(
                    room_client, room_settings, event_id, method, path, credentials[caller]
                )
                did = status == 404 if path == "/{rest}" else _did(method, path, status, cookie)
                if did != opened or status >= 500:
                    wrong.append((method, path, caller, status, body[:200]))
                if not opened:
                    refused.append((method, path))
        if not open_ones:
            assert (await pool.fetch("SELECT * FROM on_sales"), await pool.fetch("SELECT * FROM audit_log")) == before
    assert not wrong, "\n".join(map(str, wrong))
    assert {path for _, path in refused} >= {
        route.path for route in ROUTES if route.who not in {"public", "operations"}
    }


@pytest.mark.parametrize("shows", ["ticket", "admission"])
async def test_the_rooms_own_capabilities_open_the_rows_that_are_theirs(
    room_client: TestClient, new_room: NewRoom, room_settings: Settings, shows: str
) -> None:
    """Otherwise the matrix would pass with a locked door."""
    event_id = await new_room(capacity=50)
    await until_phase(room_client, event_id, "open")
    for row in ROUTES:
        if row.who not in {"ticket", "visitor"}:
            continue
        _, place = await post(room_client, event_id, "join", 201)
        admission = room_settings.keyring.event(event_id).mint_admission(
            lease_id=bytes(16), device_key_hash=b"", not_before_ms=0, expires_at_ms=now_ms() + 3_600_000
        )
        room_client.session.cookie_jar.clear()
        cookie = (
            f"onsale_queue_{event_id}={place['queue_ticket']}" if shows == "ticket" else f"onsale_admission={admission}"
        )
        sent = {"data": b""} if row.content_type == "text/html" else {"json": {}}
        answer = await room_client.request(
            row.method, row.path.format(event_id=event_id), headers={"Cookie": cookie}, allow_redirects=False, **sent
        )
        opened = answer.status in {200, 202}
        assert opened == (shows == "ticket" or row.who == "visitor"), (row.path, answer.status, await answer.text())


def test_a_row_that_is_left_out_of_the_table_is_found():
    assert not _beside_the_table("GET", f"{ROOM}/forgotten")
    assert not _beside_the_table("POST", "/static/{path}")
