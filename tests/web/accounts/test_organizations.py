"""Organizations and who works for them."""

from __future__ import annotations

import asyncio

import asyncpg

from tests.web.organizer import join


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
