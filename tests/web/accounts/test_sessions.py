"""One's own sessions over HTTP, and accounts of an address that has one."""

from __future__ import annotations

import asyncpg
import pytest

from engine.domain.accounts.sessions import device_of
from tests.web.organizer import PASSWORD, Someone

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Safari/604.1"


@pytest.mark.parametrize(
    ("agent", "said"),
    [(FIREFOX, "Firefox, Linux"), (EDGE, "Edge, Windows"), (PHONE, "Safari, iPhone"), ("curl/8.5.0", "curl"), ("", ""),
     ("<script>", ""), ("\0", "")],
)  # fmt: skip
def test_a_device_is_said_in_two_words_and_never_as_it_was_sent(agent: str, said: str):
    assert device_of(agent) == said


async def signed_in(someone: Someone, agent: str, password: str = PASSWORD) -> Someone:
    body = {"email": someone.email, "password": password}
    session = await Someone(someone.client).ok("POST", "/v1/auth/login", body, 200, headers={"User-Agent": agent})
    return Someone(someone.client, session["access_token"], someone.email, session)


async def test_a_session_is_listed_and_ended_and_the_others_go_on(register):
    someone = await register()
    other = await signed_in(someone, PHONE)
    renewed = await someone.ok("POST", "/v1/auth/refresh", {"refresh_token": other.session["refresh_token"]})
    other = Someone(someone.client, renewed["access_token"], someone.email, renewed)
    listed = (await someone.ok("GET", "/v1/users/me/sessions"))["data"]
    assert {(row["device"], row["current"]) for row in listed} == {
        ("Safari, iPhone", False),
        (listed[-1]["device"], True),
    }
    assert all(row["place"] for row in listed)
    stranger = await register()
    (theirs,) = [row["id"] for row in listed if row["device"] == "Safari, iPhone"]
    path = f"/v1/users/me/sessions/{theirs}"
    await stranger.refused("session_unknown", "DELETE", path)
    await other.ok("GET", "/v1/users/me")
    await someone.ok("DELETE", path, status=204)
    await someone.refused("session_unknown", "DELETE", path)
    await other.refused("unauthenticated", "GET", "/v1/users/me")
    await someone.refused("refresh_refused", "POST", "/v1/auth/refresh", {"refresh_token": renewed["refresh_token"]})
    assert [row["current"] for row in (await someone.ok("GET", "/v1/users/me/sessions"))["data"]] == [True]


async def test_a_new_device_is_mailed_once_and_only_to_an_address_that_is_proven(register, pool: asyncpg.Pool):
    someone = await register()
    count = "SELECT count(*) FROM outbox WHERE topic = 'mail.account_notice'"
    await signed_in(someone, EDGE)
    assert await pool.fetchval(count) == 0
    await pool.execute("UPDATE users SET email_verified_at = now()")
    for agent, mails in ((EDGE, 0), (FIREFOX, 1), (FIREFOX, 1), (PHONE, 2)):
        await signed_in(someone, agent)
        assert await pool.fetchval(count) == mails, agent
    told = await pool.fetchval("SELECT payload FROM outbox WHERE topic = 'mail.account_notice' ORDER BY id LIMIT 1")
    assert (told["kind"], told["device"], told["email"]) == ("new_device", "Firefox, Linux", someone.email)


async def test_registering_and_signing_in_tell_nobody_who_has_an_account(register, guest, pool: asyncpg.Pool):
    """Whatever a stranger sees with an address that has an account, they see with one that has none."""
    known = await register()
    await pool.execute("UPDATE users SET email_verified_at = now()")
    await known.ok("PUT", "/v1/users/me/password", {"current_password": PASSWORD, "new_password": PASSWORD + " again"})
    await pool.execute("DELETE FROM outbox")
    for email in (known.email, "fresh@example.test"):
        body = {"email": email, "password": "quite another passphrase", "name": "Somebody"}
        session = await guest.ok("POST", "/v1/auth/register", body, 201)
        assert (session["user"]["email"], session["user"]["email_verified_at"]) == (email, None)
        assert (await signed_in(Someone(guest.client, None, email), "", body["password"])).session["user"] == session[
            "user"
        ]
        await guest.refused(
            "sign_in_refused", "POST", "/v1/auth/login", {"email": email, "password": "neither of them"}
        )
        await guest.ok("POST", "/v1/auth/register", {**body, "password": "a third passphrase"}, 201)
        await signed_in(Someone(guest.client, None, email), "", body["password"])
    assert (await signed_in(known, "", PASSWORD + " again")).session["user"]["email_verified_at"] is not None
    # One salt an address: the password is worked at once, however many accounts there are.
    hashes = [row["password_hash"] for row in await pool.fetch("SELECT * FROM users WHERE email = $1", known.email)]
    assert (len(hashes), len({each.split("$")[4] for each in hashes})) == (3, 1)
    told = await pool.fetch(
        "SELECT payload->>'kind' AS kind, payload->>'email' AS email FROM outbox"
        " WHERE topic = 'mail.account_notice' AND payload->>'kind' <> 'new_device'"
    )
    assert {(row["kind"], row["email"]) for row in told} == {
        ("registered_again", known.email), ("registered_again", "fresh@example.test")}  # fmt: skip


async def test_one_address_is_registered_three_times_a_day_whether_or_not_it_is_known(guest):
    for n in range(3):
        await guest.ok("POST", "/v1/auth/register", {"email": "fan@example.test", "password": PASSWORD + str(n)}, 201)
    last = {"email": "Fan@example.test", "password": PASSWORD + " last"}
    refused = await guest.refused("registration_throttled", "POST", "/v1/auth/register", last)
    assert refused["retry_after_s"] > 0


async def test_what_one_says_of_oneself_is_folded_and_preferences_are_merged(register):
    someone = await register()
    given = {"first_name": "Ada", "last_name": "Lovelace", "phone": "+44 (20) 7946-0958", "locale": "es-MX"}
    changed = await someone.ok("PATCH", "/v1/users/me", {**given, "preferences": {"reminders": True, "theme": "dark"}})
    assert (changed["name"], changed["phone"], changed["locale"]) == ("Ada Lovelace", "+442079460958", "es")
    given = {"preferences": {"theme": None, "font_size": 3}, "phone": None}
    changed = await someone.ok("PATCH", "/v1/users/me/preferences", given)
    assert (changed["preferences"], changed["phone"]) == ({"reminders": True, "font_size": 3}, None)
    assert changed.pop("consents") == []
    assert await someone.ok("GET", "/v1/users/me") == changed


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"phone": "604 555 0100"}, "/phone"),
        ({"phone": "+1 604 CALL ME"}, "/phone"),
        ({"locale": "tlh"}, "/locale"),
        ({"first_name": "\u200b"}, "/first_name"),
        ({"preferences": {f"p{n}": n for n in range(51)}}, "/preferences"),
        ({"preferences": {"theme": ["dark"]}}, "/preferences/..."),
    ],
)
async def test_what_makes_no_sense_of_oneself_is_refused_and_nothing_is_kept(register, given, pointer):
    someone = await register()
    before = await someone.ok("GET", "/v1/users/me")
    refused = await someone.refused("invalid", "PATCH", "/v1/users/me", {"last_name": "Lovelace", **given})
    assert refused["errors"][0]["pointer"].startswith(pointer.rstrip("."))
    assert await someone.ok("GET", "/v1/users/me") == before
