"""What an access token says to who reads it, and how much one person may ask for with theirs."""

from __future__ import annotations

import jwt
import pytest

from engine.domain.accounts.api_keys import ALLOWED, scopes_of
from engine.foundation import address_limits, limits_table
from engine.foundation.manners import LIMITS
from engine.settings import Settings
from tests.web.organizer import PASSWORD


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
    someone.client.app._state[LIMITS] = counted
    for _ in range(3):
        await someone.ok("GET", "/v1/users/me")
    refused = await someone.refused("slow_down", "GET", "/v1/users/me")
    assert (refused["status"], refused["retry_after_s"] > 0) == (429, True)
    await other.ok("GET", "/v1/users/me")
