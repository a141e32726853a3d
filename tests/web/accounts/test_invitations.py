"""Who was invited gets in, by the mail of the address and nothing else."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from engine.services.accounts import throttle
from engine.services.appkeys import INVITATIONS
from tests.web.organizer import PASSWORD, Someone, join, mailed_token


async def invited(owner: Someone, email: str, role: str = "manager") -> tuple[str, dict]:
    """The organization's path, and the invitation as it was answered."""
    path = f"/v1/organizations/{await owner.organization()}"
    return path, await owner.ok("POST", f"{path}/members", {"email": email, "role": role}, 201)


async def verified(pool: asyncpg.Pool, someone: Someone) -> Someone:
    await pool.execute("UPDATE users SET email_verified_at = now() WHERE email = $1", someone.email)
    return someone


@pytest.mark.parametrize("role", ["owner", "manager", "finance", "box_office"])
async def test_a_squatter_of_an_invited_address_gets_nothing(register, pool: asyncpg.Pool, role: str):
    squatter, owner = await register("cfo@company.test"), await register()
    path, made = await invited(owner, "CFO@Company.Test", role)
    assert (made["status"], made["email"], made["role"]) == ("pending", "cfo@company.test", role)
    assert [row["email"] for row in (await owner.ok("GET", f"{path}/members"))["data"]] == [owner.email]
    await squatter.refused("organization_unknown", "GET", path)
    assert (await squatter.ok("GET", "/v1/users/me"))["organizations"] == []
    token = await mailed_token(pool, "invitation", invitation_id=made["invitation_id"])
    refused = await squatter.refused("email_unverified", "POST", "/v1/invitations/accept", {"token": token})
    assert refused["status"] == 403
    assert await pool.fetchval("SELECT count(*) FROM members") == 1


async def test_the_proven_person_of_the_address_accepts_once(register, pool: asyncpg.Pool):
    owner, clerk = await register(), await verified(pool, await register())
    path, made = await invited(owner, clerk.email, "finance")
    token = await mailed_token(pool, "invitation", invitation_id=made["invitation_id"])
    again = await mailed_token(pool, "invitation", invitation_id=made["invitation_id"])
    member = await clerk.ok("POST", "/v1/invitations/accept", {"token": token}, 200)
    assert (member["email"], member["role"]) == (clerk.email, "finance")
    assert (await clerk.ok("GET", "/v1/users/me"))["organizations"][0]["role"] == "finance"
    for used in (token, again):
        refused = await clerk.refused("token_invalid", "POST", "/v1/invitations/accept", {"token": used})
        assert refused["status"] == 400
    assert (await owner.ok("GET", f"{path}/invitations"))["data"] == []


async def test_one_link_opened_many_times_at_once_lets_in_once(register, pool: asyncpg.Pool):
    owner, clerk = await register(), await verified(pool, await register())
    _, made = await invited(owner, clerk.email)
    tokens = [await mailed_token(pool, "invitation", invitation_id=made["invitation_id"]) for _ in range(3)]
    answers = await asyncio.gather(
        *(clerk.ask("POST", "/v1/invitations/accept", {"token": token}) for token in tokens * 2)
    )
    assert sorted(answer.status for answer in answers) == [200, 400, 400, 400, 400, 400]


async def test_somebody_elses_invitation_is_of_no_use(register, guest, pool: asyncpg.Pool):
    owner, other = await register(), await verified(pool, await register())
    _, made = await invited(owner, "cfo@company.test")
    token = await mailed_token(pool, "invitation", invitation_id=made["invitation_id"])
    await other.refused("invitation_of_another", "POST", "/v1/invitations/accept", {"token": token})
    await guest.refused("unauthenticated", "POST", "/v1/invitations/accept", {"token": token})
    for wrong in ("x" * 43, token[:-1], token + "A", "\N{SNOWMAN}"):
        await other.refused("token_invalid", "POST", "/v1/invitations/accept", {"token": wrong})
    assert await pool.fetchval("SELECT count(*) FROM mailed_links WHERE used_at IS NOT NULL") == 0


async def test_an_invitation_ends_after_a_week_and_when_it_is_called_back(register, pool: asyncpg.Pool):
    owner, clerk = await register(), await verified(pool, await register())
    path, made = await invited(owner, clerk.email)
    token = await mailed_token(pool, "invitation", invitation_id=made["invitation_id"])
    days = await pool.fetchval("SELECT expires_at - created_at FROM mailed_links")
    assert days.days == 7
    await pool.execute("UPDATE mailed_links SET expires_at = now() - interval '1 second'")
    refused = await clerk.refused("token_expired", "POST", "/v1/invitations/accept", {"token": token})
    assert refused["status"] == 410
    fresh = await mailed_token(pool, "invitation", invitation_id=made["invitation_id"])
    one = f"{path}/invitations/{made['invitation_id']}"
    await owner.ok("DELETE", one, status=204)
    await clerk.refused("token_invalid", "POST", "/v1/invitations/accept", {"token": fresh})
    await owner.refused("invitation_unknown", "DELETE", one)
    await owner.refused("invitation_unknown", "POST", f"{one}/resend")


async def test_inviting_again_changes_the_role_of_the_one_invitation(register, pool: asyncpg.Pool):
    owner = await register()
    path, first = await invited(owner, "new@company.test", "finance")
    second = await owner.ok("POST", f"{path}/members", {"email": "New@company.test", "role": "owner"}, 201)
    assert (second["invitation_id"], second["role"]) == (first["invitation_id"], "owner")
    listed = (await owner.ok("GET", f"{path}/invitations"))["data"]
    assert [(row["email"], row["status"]) for row in listed] == [("new@company.test", "pending")]
    assert await pool.fetchval("SELECT count(*) FROM outbox WHERE topic = 'mail.invitation'") == 1
    refused = await owner.refused("mail_throttled", "POST", f"{path}/invitations/{first['invitation_id']}/resend")
    assert refused["status"] == 429
    await pool.execute("UPDATE invitations SET mailed_at = now() - interval '1 hour'")
    await owner.ok("POST", f"{path}/invitations/{first['invitation_id']}/resend", status=202)
    assert await pool.fetchval("SELECT count(*) FROM outbox WHERE topic = 'mail.invitation'") == 2


async def test_an_owner_who_is_let_out_has_invited_nobody(register, pool: asyncpg.Pool):
    owner, second = await register(), await register()
    organization_id = await owner.organization()
    second_id = await join(pool, owner, organization_id, second, "owner")
    path = f"/v1/organizations/{organization_id}"
    sock_puppet = await verified(pool, await register())
    made = await second.ok("POST", f"{path}/members", {"email": sock_puppet.email, "role": "owner"}, 201)
    token = await mailed_token(pool, "invitation", invitation_id=made["invitation_id"])
    await owner.ok("DELETE", f"{path}/members/{second_id}", status=204)
    await sock_puppet.refused("token_invalid", "POST", "/v1/invitations/accept", {"token": token})
    await sock_puppet.refused("organization_unknown", "GET", path)


async def test_who_registers_with_an_invitation_has_proven_the_address(register, guest, pool: asyncpg.Pool):
    owner = await register()
    _, made = await invited(owner, "new@company.test")
    token = await mailed_token(pool, "invitation", invitation_id=made["invitation_id"])
    body = {"email": "other@company.test", "password": PASSWORD, "invitation": token}
    await guest.refused("invitation_of_another", "POST", "/v1/auth/register", body)
    await guest.refused("token_invalid", "POST", "/v1/auth/register", {**body, "invitation": "x" * 43})
    session = await guest.ok("POST", "/v1/auth/register", {**body, "email": "NEW@company.test"}, 201)
    assert session["user"]["email_verified_at"] is not None
    clerk = Someone(guest.client, session["access_token"], "new@company.test")
    await clerk.ok("POST", "/v1/invitations/accept", {"token": token}, 200)


async def test_inviting_tells_nothing_about_who_has_an_account(register, pool: asyncpg.Pool):
    owner, known = await register(), await register()
    path = f"/v1/organizations/{await owner.organization()}/members"
    answers = [await owner.ok("POST", path, {"email": email, "role": "finance"}, 201)
               for email in (known.email, "nobody@company.test")]  # fmt: skip
    assert {tuple(answer) for answer in answers} == {tuple(answers[0])}
    assert "user_id" not in answers[0]


async def test_called_back_and_invited_again_mails_nobody_twice(register, pool: asyncpg.Pool):
    owner = await register()
    path, made = await invited(owner, "stranger@company.test")
    body = {"email": "stranger@company.test", "role": "finance"}
    await owner.ok("DELETE", f"{path}/invitations/{made['invitation_id']}", status=204)
    answer = await owner.ask("POST", f"{path}/members", body)
    assert (answer.status, (await answer.json())["code"]) == (429, "mail_throttled")
    assert 0 < int(answer.headers["Retry-After"]) <= 600
    assert (await owner.ok("GET", f"{path}/invitations"))["data"] == []
    assert await pool.fetchval("SELECT count(*) FROM outbox WHERE topic = 'mail.invitation'") == 1
    await pool.execute("UPDATE invitations SET mailed_at = now() - interval '11 minutes'")
    await owner.ok("POST", f"{path}/members", body, 201)


async def test_all_organizations_together_mail_a_stranger_five_invitations_a_day(register, pool: asyncpg.Pool):
    clerk = await verified(pool, await register())
    for _ in range(throttle.INVITED_PER_ADDRESS_MAX):
        _, last = await invited(await register(), clerk.email)
    other = await register()
    path = f"/v1/organizations/{await other.organization()}"
    body = {"email": clerk.email.upper(), "role": "manager"}
    refused = await other.refused("mail_throttled", "POST", f"{path}/members", body)
    assert refused["status"] == 429
    assert (await other.ok("GET", f"{path}/invitations"))["data"] == []
    token = await mailed_token(pool, "invitation", invitation_id=last["invitation_id"])
    await clerk.ok("POST", "/v1/invitations/accept", {"token": token}, 200)
    await other.ok("POST", f"{path}/members", body, 201)


async def test_an_account_invites_few_until_its_own_address_is_proven(register, pool: asyncpg.Pool):
    owner = await register()
    paths = [f"/v1/organizations/{await owner.organization()}/members" for _ in range(2)]
    for number in range(throttle.INVITED_BY_UNPROVEN_MAX):
        body = {"email": f"stranger{number}@company.test", "role": "finance"}
        await owner.ok("POST", paths[number % 2], body, 201)
    more = {"email": "another@company.test", "role": "finance"}
    await owner.refused("mail_throttled", "POST", paths[0], more)
    assert await pool.fetchval("SELECT count(*) FROM outbox WHERE topic = 'mail.invitation'") == 20
    await verified(pool, owner)
    await owner.ok("POST", paths[0], more, 201)


async def test_accounts_of_one_block_invite_only_so_many(register, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(throttle, "INVITED_BY_BLOCK_MAX", 2)
    for number in range(2):
        await invited(await register(), f"stranger{number}@company.test")
    last = await register()
    path = f"/v1/organizations/{await last.organization()}/members"
    await last.refused("mail_throttled", "POST", path, {"email": "another@company.test", "role": "finance"})


async def test_a_suspended_organization_invites_nobody_and_its_owner_founds_no_other(register, pool: asyncpg.Pool):
    owner = await register()
    path, made = await invited(owner, "stranger@company.test")
    await pool.execute("UPDATE organizations SET status = 'suspended'")
    await pool.execute("UPDATE invitations SET mailed_at = now() - interval '1 hour'")
    body = {"email": "another@company.test", "role": "finance"}
    assert (await owner.refused("organization_suspended", "POST", f"{path}/members", body))["status"] == 409
    one = f"{path}/invitations/{made['invitation_id']}"
    await owner.refused("organization_suspended", "POST", f"{one}/resend")
    await owner.refused("organization_suspended", "POST", "/v1/organizations", {"name": "Lantern House"})
    invitations = owner.client.app[INVITATIONS]
    assert await invitations.issue(made["invitation_id"]) is None, "what waited for its mail has none"
    assert await pool.fetchval("SELECT count(*) FROM organizations") == 1
    assert await pool.fetchval("SELECT count(*) FROM outbox WHERE topic = 'mail.invitation'") == 1
    await pool.execute("UPDATE organizations SET status = 'active'")
    await owner.ok("POST", f"{one}/resend", status=202)
    await owner.organization()
