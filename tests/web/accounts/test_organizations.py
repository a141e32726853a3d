"""Organizations and who works for them."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from aiohttp.test_utils import TestServer

from engine.app import create_app
from tests.shop import Shop
from tests.web.organizer import join, mailed_token


async def test_whoever_makes_an_organization_owns_it(register):
    owner = await register()
    made = await owner.ok("POST", "/v1/organizations", {"name": "Théâtre du Nord", "slug": "nord"}, 201)
    assert (made["slug"], made["role"], made["status"]) == ("nord", "owner", "active")
    me = await owner.ok("GET", "/v1/users/me")
    assert me["organizations"] == [
        {"organization_id": made["id"], "name": "Théâtre du Nord", "slug": "nord", "role": "owner"}
    ]


async def test_a_chosen_slug_is_unique_and_a_made_one_makes_room(register):
    someone, other = await register(), await register()
    await someone.organization(name="House", slug="house")
    await other.refused("slug_taken", "POST", "/v1/organizations", {"name": "Else", "slug": "house"})
    made = await other.ok("POST", "/v1/organizations", {"name": "House"}, 201)
    assert made["slug"].startswith("house-")


async def test_an_outsider_cannot_tell_that_an_organization_exists(register):
    owner, stranger = await register(), await register()
    organization_id = await owner.organization()
    path = f"/v1/organizations/{organization_id}"
    await stranger.refused("organization_unknown", "GET", path)
    await stranger.refused("organization_unknown", "PATCH", path, {"name": "Mine"}, headers={"If-Match": '"1"'})
    await stranger.refused("organization_unknown", "GET", f"{path}/members")
    await stranger.refused(
        "organization_unknown", "POST", f"{path}/members", {"email": stranger.email, "role": "owner"}
    )
    assert (await stranger.ok("GET", "/v1/organizations"))["data"] == []


async def test_members_are_let_in_changed_and_removed(register, pool: asyncpg.Pool):
    owner, clerk = await register(), await register()
    organization_id = await owner.organization()
    path = f"/v1/organizations/{organization_id}/members"
    await owner.refused("invalid", "POST", path, {"email": clerk.email, "role": "king"})
    clerk_id = await join(pool, owner, organization_id, clerk, "box_office")
    await owner.refused("already_member", "POST", path, {"email": clerk.email.upper(), "role": "manager"})
    await clerk.refused("forbidden", "POST", path, {"email": clerk.email, "role": "owner"})
    await clerk.refused("forbidden", "PUT", f"{path}/{clerk_id}", {"role": "owner"})
    changed = await owner.ok("PUT", f"{path}/{clerk_id}", {"role": "manager"}, 200)
    assert changed["role"] == "manager"
    assert [member["role"] for member in (await clerk.ok("GET", path))["data"]] == ["owner", "manager"]
    await owner.ok("DELETE", f"{path}/{clerk_id}", status=204)
    await clerk.refused("organization_unknown", "GET", path)
    actions = [row["action"] for row in await pool.fetch("SELECT action FROM audit_log ORDER BY id")]
    assert actions == [
        "organization.created", "member.invited", "member.added", "member.role_set", "member.removed"
    ]  # fmt: skip


async def test_the_last_owner_stays_even_when_two_leave_at_once(register, pool: asyncpg.Pool):
    first, second = await register(), await register()
    organization_id = await first.organization()
    path = f"/v1/organizations/{organization_id}/members"
    first_id = (await first.ok("GET", "/v1/users/me"))["id"]
    await first.refused("last_owner", "DELETE", f"{path}/{first_id}")
    await first.refused("last_owner", "PUT", f"{path}/{first_id}", {"role": "manager"})
    second_id = await join(pool, first, organization_id, second, "owner")
    answers = await asyncio.gather(
        first.ask("DELETE", f"{path}/{first_id}"), second.ask("DELETE", f"{path}/{second_id}")
    )
    assert sorted(answer.status for answer in answers) == [204, 409]
    assert await pool.fetchval("SELECT count(*) FROM members WHERE role = 'owner'") == 1


async def test_members_may_leave_by_themselves(register, pool: asyncpg.Pool):
    owner, clerk = await register(), await register()
    organization_id = await owner.organization()
    clerk_id = await join(pool, owner, organization_id, clerk, "finance")
    await clerk.ok("DELETE", f"/v1/organizations/{organization_id}/members/{clerk_id}", status=204)


async def test_a_change_needs_the_version_that_was_read(register):
    owner, other = await register(), await register()
    organization_id = await owner.organization()
    await other.organization(slug="taken")
    path = f"/v1/organizations/{organization_id}"
    await owner.refused("precondition_required", "PATCH", path, {"name": "New"})
    etag = await owner.etag(path)
    changed = await owner.ok("PATCH", path, {"name": "New", "legal_name": "New Ltd."}, headers={"If-Match": etag})
    assert (changed["name"], changed["legal_name"], changed["version"]) == ("New", "New Ltd.", 2)
    await owner.refused("precondition_failed", "PATCH", path, {"name": "Old"}, headers={"If-Match": etag})
    await owner.refused("slug_taken", "PATCH", path, {"slug": "taken"}, headers={"If-Match": "*"})


async def test_a_platform_admin_sees_and_may_everything(register, pool: asyncpg.Pool, guest):
    owner, admin = await register(), await register()
    organization_id = await owner.organization()
    await pool.execute("UPDATE users SET is_admin = true WHERE email = $1", admin.email)
    session = await admin.ok("POST", "/v1/auth/refresh", {"refresh_token": admin.session["refresh_token"]})
    admin.token = session["access_token"]
    assert [each["id"] for each in (await admin.ok("GET", "/v1/organizations"))["data"]] == [organization_id]
    found = await admin.ok("GET", f"/v1/organizations/{organization_id}")
    assert found["role"] is None
    await admin.venue(organization_id)
    assert await pool.fetchval("SELECT actor_kind FROM audit_log WHERE action = 'venue.created'") == "admin"


LOOK_ALIKES = (
    "L\u0430ntern House",
    "LANT\u0415RN HOUSE",
    "Lantern H\u043euse",
    "\u217cantern house",
    "lantern-h\u03bfuse",
)


@pytest.mark.parametrize("name", LOOK_ALIKES)
async def test_a_name_that_looks_like_anothers_in_other_letters_is_refused(register, pool: asyncpg.Pool, name: str):
    owner, impostor = await register(), await register()
    await owner.organization(name="Lantern House", slug="lantern-house")
    refused = await impostor.refused("name_looks_taken", "POST", "/v1/organizations", {"name": name})
    assert refused["status"] == 409
    own = f"/v1/organizations/{await impostor.organization(name='Paper Mill')}"
    await impostor.refused("name_looks_taken", "PATCH", own, {"name": name}, headers={"If-Match": "*"})
    assert [row["name"] for row in await pool.fetch("SELECT name FROM organizations ORDER BY id")] == [
        "Lantern House", "Paper Mill"
    ]  # fmt: skip


async def test_a_name_of_another_script_is_ones_own_and_may_be_changed_in_case(register):
    owner = await register()
    for name in (
        "\u041c\u043e\u0441\u043a\u0432\u0430",
        "\u6771\u4eac\u30db\u30fc\u30eb",
        "Th\u00e9\u00e2tre",
        "Theatre",
    ):
        await owner.organization(name=name)
    path = f"/v1/organizations/{await owner.organization(name='Odeon')}"
    changed = await owner.ok("PATCH", path, {"name": "ODEON"}, headers={"If-Match": "*"})
    assert changed["name"] == "ODEON"


async def test_names_of_things_on_sale_hide_nothing(register):
    owner = await register()
    organization_id = await owner.organization(name="House\u202e\u200b One")
    assert (await owner.ok("GET", f"/v1/organizations/{organization_id}"))["name"] == "House One"
    venue_id = await owner.venue(organization_id, name="Ope\u200bra\u2069")
    assert (await owner.ok("GET", f"/v1/venues/{venue_id}"))["name"] == "Opera"
    event = await owner.event(organization_id, venue_id, title="\u202eNight\u202c of\u00a0\u00a0Lanterns")
    assert event["title"] == "Night of Lanterns"
    kind = await owner.ticket_type(event["id"], name="Stan\u2060ding")
    assert kind["name"] == "Standing"
    for path, field in ((f"/v1/events/{event['id']}", "title"), (f"/v1/ticket-types/{kind['id']}", "name")):
        refused = await owner.refused("invalid", "PATCH", path, {field: "\u200b\u202e"}, headers={"If-Match": "*"})
        assert refused["errors"][0]["pointer"] == f"/{field}"


async def test_where_registration_is_by_invitation_the_platform_decides_who_sells(shop: Shop):
    closed = TestServer(create_app(shop.services.common.settings.model_copy(update={"registration": "invited"})))
    await closed.start_server()
    try:
        url, pool = str(closed.make_url("")), shop.services.common.pool
        shop.url = url.rstrip("/")
        body = {"email": "new@company.test", "password": "correct horse battery"}
        refused = await shop.ask("POST", "/v1/auth/register", body)
        assert (refused.status, refused["code"]) == (403, "registration_invited")
        await shop.open_event()
        owner = await shop.organizer()
        refused = await shop.ask("POST", "/v1/organizations", {"name": "Mine"}, Authorization=owner)
        assert (refused.status, refused["code"]) == (403, "founding_reserved")
        path = f"/v1/organizations/{shop.organization_id}/members"
        made = await shop.ask("POST", path, {"email": body["email"], "role": "manager"}, Authorization=owner)
        token = await mailed_token(pool, "invitation", invitation_id=made["invitation_id"])
        session = await shop.ask("POST", "/v1/auth/register", {**body, "invitation": token})
        assert session.status == 201, session.body
        assert await pool.fetchval("SELECT count(*) FROM organizations") == 1
    finally:
        await closed.close()
