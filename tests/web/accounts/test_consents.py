"""What one wants to be written about: shown and changed with the other preferences, or not at all."""

from __future__ import annotations

from typing import Any

import asyncpg

from tests.web.organizer import Someone

AT = "/v1/users/me/preferences"


def change(purpose: str, *, given: bool, **more: str) -> dict[str, Any]:
    return {"consents": [{"purpose": purpose, "given": given, **more}]}


async def proven(pool: asyncpg.Pool, someone: Someone) -> None:
    await pool.execute(
        "UPDATE users SET email_verified_at = now(), address_claimed_at = now() WHERE email = $1", someone.email
    )


async def test_a_consent_is_given_withdrawn_and_given_again_and_each_stays_as_evidence(register, pool: asyncpg.Pool):
    someone = await register()
    house = await someone.organization()
    await proven(pool, someone)
    given = change("organizer_marketing", given=True, organization_id=house)
    (shown,) = (await someone.ok("PATCH", AT, given))["consents"]
    assert (shown["purpose"], shown["organization_id"], shown["source"]) == ("organizer_marketing", house, "account")
    assert (shown["wording"], shown["withdrawn_at"]) == ("account-1/en", None)
    await someone.ok("PATCH", AT, given)  # again is nothing new
    (shown,) = (await someone.ok("PATCH", AT, change("organizer_marketing", given=False, organization_id=house)))[
        "consents"
    ]
    assert shown["withdrawn_at"] is not None
    again = await someone.ok("PATCH", AT, {**given, "preferences": {"theme": "dark"}})
    assert (again["consents"][0]["withdrawn_at"], again["preferences"]) == (None, {"theme": "dark"})
    assert (await someone.ok("GET", AT))["consents"] == again["consents"]
    kept = await pool.fetch("SELECT withdrawn_at IS NULL AS lives FROM consents ORDER BY id")
    assert [row["lives"] for row in kept] == [False, True]
    mails = await pool.fetch("SELECT payload->>'purpose' AS purpose FROM outbox WHERE topic = 'mail.consent'")
    assert [row["purpose"] for row in mails] == ["organizer_marketing"] * 2


async def test_nothing_is_agreed_to_for_an_address_that_is_not_proven_and_nothing_else_is_changed(
    register, pool: asyncpg.Pool
):
    someone = await register()
    given = change("platform_marketing", given=True)
    await someone.refused("email_unverified", "PATCH", AT, {**given, "first_name": "Mallory"})
    assert (await someone.ok("GET", AT))["first_name"] is None
    await proven(pool, someone)
    await someone.refused("invalid", "PATCH", AT, change("organizer_marketing", given=True))
    wrong = change("platform_marketing", given=True, organization_id="org_1")
    await someone.refused("invalid", "PATCH", AT, wrong)
    unknown = change("organizer_marketing", given=True, organization_id="org_" + "0" * 26)
    await someone.refused("organization_unknown", "PATCH", AT, unknown)
    assert await pool.fetchval("SELECT count(*) FROM consents") == 0
