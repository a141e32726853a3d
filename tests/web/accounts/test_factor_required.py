"""An organization asks its members for a second factor; the platform asks its admins."""

from __future__ import annotations

import asyncpg
import jwt
import pytest
from aiohttp.test_utils import TestClient, TestServer

from engine.app import create_app
from engine.foundation.connections import RedisClient
from engine.services.accounts.people import create_admin
from engine.settings import Settings
from tests.web.organizer import PASSWORD, Someone, join

CONFIRMED = (
    "INSERT INTO second_factors (user_id, secret, confirmed_at) SELECT id, '', now() FROM users WHERE email = $1"
)


async def test_a_member_without_the_factor_that_is_asked_for_sees_nothing_until_it_is_there(
    register, pool: asyncpg.Pool
):
    owner, member = await register(), await register()
    organization_id = await owner.organization()
    path = f"/v1/organizations/{organization_id}"
    await join(pool, owner, organization_id, member, "manager")
    asked = {"require_second_factor": True}
    match = {"If-Match": await owner.etag(path)}
    # Who asks others for one has one.
    await owner.refused("second_factor_needed", "PATCH", path, asked, headers=match)
    await pool.execute(CONFIRMED, owner.email)
    changed = await owner.ok("PATCH", path, asked, headers=match)
    assert changed["require_second_factor"]
    for each in (path, f"{path}/members", f"/v1/venues?organization_id={organization_id}"):
        assert (await member.refused("second_factor_needed", "GET", each))["status"] == 403
        await owner.ok("GET", each)
    me = await member.ok("GET", "/v1/users/me")
    assert (me["second_factor"], me["second_factor_asked"]) == (False, True)
    stranger = await register()
    await stranger.refused("organization_unknown", "GET", path)
    await pool.execute(CONFIRMED, member.email)
    await member.ok("GET", f"{path}/members")


@pytest.mark.parametrize("asked", [True, False])
async def test_a_platform_admin_without_a_factor_is_a_person_like_any_where_it_counts(
    settings: Settings, pool: asyncpg.Pool, redis_client: RedisClient, asked: bool
):
    """Neither a rehearsal nor a sandbox: as it is in public. The setting lets a house decide otherwise."""
    own = settings.model_copy(
        update={"rehearsal": False, "stripe_url": "https://api.stripe.com", "admins_need_second_factor": asked}
    )
    await create_admin(pool, "root@example.test", PASSWORD, "Root")
    key, given = own.jwt_key.get_secret_value(), {"email": "root@example.test", "password": PASSWORD}
    async with TestClient(TestServer(create_app(own))) as client:
        guest = Someone(client)
        session = await guest.ok("POST", "/v1/auth/login", given, 200)
        root = Someone(client, session["access_token"])
        said = jwt.decode(root.token, key, algorithms=["HS256"], audience="onsale")
        assert said["admin"] is not asked
        if not asked:
            await root.ok("GET", "/v1/platform/flags")
            return
        await root.refused("forbidden", "GET", "/v1/platform/flags")
        await pool.execute(CONFIRMED, "root@example.test")
        renewed = await guest.ok("POST", "/v1/auth/refresh", {"refresh_token": session["refresh_token"]})
        await Someone(client, renewed["access_token"]).ok("GET", "/v1/platform/flags")
