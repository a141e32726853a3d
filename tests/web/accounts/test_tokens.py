"""What an access token says to who reads it, and how much one person may ask for with theirs."""

from __future__ import annotations

import jwt
import pytest

from engine.domain.accounts.api_keys import ALLOWED, scopes_of
from engine.foundation import address_limits, limits_table
from engine.foundation.manners import LIMITS, TRUST, Trust
from engine.settings import Settings
from tests.web.organizer import PASSWORD, Someone


@pytest.mark.parametrize(
    ("roles", "scopes"),
    [([], ()), (["owner"], tuple(ALLOWED)), (["manager"], tuple(ALLOWED)), (["no such role"], ())],
)
def test_roles_come_to_the_scopes_of_which_they_allow_everything(roles: list[str], scopes: tuple[str, ...]):
    assert scopes_of(roles) == scopes
    assert set(scopes_of(["finance"])) < set(ALLOWED)


async def test_a_token_says_the_roles_and_scopes_of_its_person(register, settings: Settings):
    someone = await register()
    organization_id = await someone.organization()
    given = {"email": someone.email, "password": PASSWORD}
    token = (await someone.ok("POST", "/v1/auth/login", given, 200))["access_token"]
    key = settings.jwt_key.get_secret_value()
    said = jwt.decode(token, key, algorithms=["HS256"], audience="onsale")
    assert said["roles"] == {organization_id: "owner"}
    assert set(said["scope"].split()) == set(ALLOWED)
    assert "roles" not in jwt.decode(someone.token, key, algorithms=["HS256"], audience="onsale")


async def test_one_person_asks_so_much_and_another_goes_on(register, monkeypatch: pytest.MonkeyPatch):
    someone, other = await register(), await register()
    counted = address_limits.Limits(lambda: 0.0)
    monkeypatch.setattr(address_limits, "PERSON_RATE", limits_table.Rate("", per_s=0.001, burst=2))
    someone.client.app._state |= {LIMITS: counted, TRUST: Trust()}
    for _ in range(3):
        await someone.ok("GET", "/v1/users/me")
    refused = await someone.refused("slow_down", "GET", "/v1/users/me")
    assert (refused["status"], refused["retry_after_s"] > 0) == (429, True)
    await other.ok("GET", "/v1/users/me")


async def test_a_key_is_changed_for_a_token_that_opens_what_the_key_opens_now(register, guest, settings: Settings):
    owner = await register()
    organization_id = await owner.organization()
    path = f"/v1/organizations/{organization_id}/api-keys"
    made = await owner.ok("POST", path, {"name": "Till", "scopes": ["catalogue.read"]}, 201)
    shown = {"Authorization": f"Bearer {made['key']}"}
    token = await guest.ok("POST", "/v1/auth/token", headers=shown)
    assert (token["scope"], token["organization_id"], token["expires_in"]) == ("catalogue.read", organization_id, 900)
    key = settings.jwt_key.get_secret_value()
    said = jwt.decode(token["access_token"], key, algorithms=["HS256"], audience="onsale")
    assert (said["org"], said["scope"], said["sub"]) == (organization_id, "catalogue.read", made["id"])
    program = Someone(guest.client, token["access_token"])
    await program.ok("GET", f"/v1/organizations/{organization_id}")
    venue = {"organization_id": organization_id, "name": "V", "timezone": "UTC"}
    await program.refused("scope_missing", "POST", "/v1/venues", venue)
    await program.refused("key_refused", "GET", "/v1/users/me")
    await program.refused("malformed", "POST", "/v1/auth/token")
    await guest.refused("malformed", "POST", "/v1/auth/token")
    wrong = {"Authorization": f"Bearer {made['key'][:-1]}"}
    await guest.refused("unauthenticated", "POST", "/v1/auth/token", headers=wrong)
    await owner.ok("DELETE", f"{path}/{made['id']}", status=204)
    await program.refused("unauthenticated", "GET", f"/v1/organizations/{organization_id}")
