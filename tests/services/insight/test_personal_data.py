"""What is held about a person: all of it is named, handed over, and gone when they ask."""

from __future__ import annotations

import io
import json
import re
import zipfile

import asyncpg
import pytest

from engine.domain.insight.personal_data import HELD, NOBODYS
from engine.foundation.bearer import Person
from engine.stores.insight.personal_data import FILES
from tests.services.insight.traces import everything
from tests.shop import Shop
from tests.web.organizer import PASSWORD

EMAIL = "ada.lovelace@example.test"
NAME = "Augusta Ada Lovelace"
# How columns are called that tell of somebody.
TELLING = re.compile(
    r"(?:^|_)(?:email|phone|address|agent|holder|buyer|person|user|invited_by|birth|consents|locale|preferences|answers|attendee)(?:_|$)"
    r"|first_name|last_name"
)


async def test_every_column_that_may_tell_of_a_person_is_named(pool: asyncpg.Pool):
    rows = await pool.fetch(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
    )
    columns = {f"{row['table_name']}.{row['column_name']}" for row in rows}
    telling = {each for each in columns if each.startswith("users.") or TELLING.search(each.partition(".")[2])}
    assert telling - set(HELD) - set(NOBODYS) == set(), "say in HELD in which file of an export it stands"
    assert (set(HELD) | set(NOBODYS)) - columns == set(), "there is no such column any more"
    assert {file for file in HELD.values() if file} <= set(FILES)


@pytest.mark.parametrize("name", FILES)
async def test_every_file_of_an_export_holds_the_columns_that_are_said_to_be_in_it(pool: asyncpg.Pool, name: str):
    statement = await pool.acquire()
    try:
        prepared = await statement.prepare(FILES[name])
        columns = {attribute.name for attribute in prepared.get_attributes()}
    finally:
        await pool.release(statement)
    assert {column.partition(".")[2] for column, file in HELD.items() if file == name} <= columns


async def bought(shop: Shop) -> tuple[dict[str, str], str]:
    """Somebody with a proven address, a paid order with two tickets, and an invitation; their Authorization."""
    body = {"email": EMAIL, "password": PASSWORD, "name": NAME}
    made = await shop.ask("POST", "/v1/auth/register", body, User_Agent="Mozilla/5.0 (X11; Linux) Firefox/140.0")
    assert made.status == 201, made.body
    pool = shop.services.common.pool
    await pool.execute("UPDATE users SET email_verified_at = now(), address_claimed_at = now() WHERE email = $1", EMAIL)
    me = {"Authorization": f"Bearer {made['access_token']}"}
    changed = await shop.ask("PATCH", "/v1/users/me", {"phone": "+1 (604) 555-0100", "locale": "fr-CA"}, **me)
    assert (changed["phone"], changed["locale"]) == ("+16045550100", "fr")
    await shop.open_event(types=[{"categories": ["Floor"], "price_cents": 0}])
    order = await shop.ordered(2)
    await pool.execute("UPDATE orders SET buyer_email = $1, buyer_name = $2, user_id = $3, ip_address = '192.0.2.77'",
                       EMAIL, NAME, made["user"]["id"])  # fmt: skip
    await pool.execute("UPDATE tickets SET holder_email = $1, holder_name = $2", EMAIL, NAME)
    return me, order["order_id"]


async def test_a_person_is_handed_everything_and_forgotten_and_their_tickets_stay_good(shop: Shop):
    me, order_id = await bought(shop)
    pool = shop.services.common.pool
    async with shop.http.get(shop.url + "/v1/users/me/export", headers=me) as answer:
        assert (answer.status, answer.content_type) == (200, "application/zip")
        archive = zipfile.ZipFile(io.BytesIO(await answer.read()))
    manifest = json.loads(archive.read("manifest.json"))
    assert {each["name"]: each["rows"] for each in manifest["files"]} == {
        **dict.fromkeys(FILES, 0), "profile": 1, "sessions": 1, "orders": 1, "tickets": 2,
        "mailed_links": 0,
    }  # fmt: skip
    assert json.loads(archive.read("orders.json"))[0]["ip_address"] == "192.0.2.77"
    assert {f"{name}.{ending}" for name in FILES for ending in ("json", "csv")} < set(archive.namelist())
    assert "argon2" not in "".join(archive.read(name).decode() for name in archive.namelist())

    refused = await shop.ask("DELETE", "/v1/users/me", {"password": "not the password"}, **me)
    assert refused.status == 401
    await shop.work("outbox_relay")  # no mail of hers is on its way any more
    asked = await shop.ask("DELETE", "/v1/users/me", {"password": PASSWORD}, **me)
    assert (asked.status, "erased_by" in asked.body) == (202, True)
    assert (await shop.ask("GET", "/v1/users/me", **me)).status == 401
    before = await pool.fetchrow("SELECT status, amount_cents, price FROM orders WHERE id = $1", order_id)
    await pool.execute("DELETE FROM idempotency_keys")  # they go within a day by themselves
    await shop.work("outbox_relay", rounds=2)
    left = await everything(pool)
    found = [word for word in (EMAIL, "lovelace", "Lovelace", "192.0.2.77", "6045550100", "Firefox") if word in left]
    assert not found
    assert await pool.fetchrow("SELECT status, amount_cents, price FROM orders WHERE id = $1", order_id) == before
    assert await pool.fetchval("SELECT count(*) FROM tickets WHERE status = 'valid'") == 2
    assert await pool.fetchval("SELECT done_at FROM erasures") is not None
    login = await shop.ask("POST", "/v1/auth/login", {"email": EMAIL, "password": PASSWORD})
    assert (login.status, login["code"]) == (401, "sign_in_refused")


@pytest.mark.parametrize("clicked", [False, True], ids=["unproven", "confirmed by the reader of the mail"])
async def test_an_address_of_others_hands_nobody_their_orders_and_erases_none(shop: Shop, clicked: bool):
    await shop.open_event(types=[{"categories": ["Floor"], "price_cents": 0}])
    order = await shop.ordered(1)
    pool, data = shop.services.common.pool, shop.services.insight.personal_data
    email = await pool.fetchval("SELECT lower(buyer_email) FROM orders WHERE id = $1", order["order_id"])
    made = await shop.ask("POST", "/v1/auth/register", {"email": email, "password": PASSWORD, "name": "Mallory"})
    if clicked:
        links = shop.services.accounts.mailed_links
        issued = await links.issue("verify_email", email)
        assert issued is not None
        await links.verify(issued.token, None)
        assert await pool.fetchval("SELECT email_verified_at FROM users WHERE email = $1", email) is not None
    archive = zipfile.ZipFile(io.BytesIO(await data.export(Person(made["user"]["id"], is_admin=False))))
    assert json.loads(archive.read("orders.json")) == []
    me = {"Authorization": f"Bearer {made['access_token']}"}
    assert (await shop.ask("DELETE", "/v1/users/me", {"password": PASSWORD}, **me)).status == 202
    await shop.work("outbox_relay", rounds=2)
    assert await pool.fetchval("SELECT lower(buyer_email) FROM orders WHERE id = $1", order["order_id"]) == email


async def test_the_only_owner_of_an_organization_hands_it_over_first(shop: Shop):
    made = await shop.ask("POST", "/v1/auth/register", {"email": EMAIL, "password": PASSWORD, "name": NAME})
    me = {"Authorization": f"Bearer {made['access_token']}"}
    assert (await shop.ask("POST", "/v1/organizations", {"name": "House"}, **me)).status == 201
    refused = await shop.ask("DELETE", "/v1/users/me", {"password": PASSWORD}, **me)
    assert (refused.status, refused["code"]) == (409, "last_owner")
    assert (await shop.ask("GET", "/v1/users/me", **me)).status == 200
