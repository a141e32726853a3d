"""People without an account: their data by a mailed link, and nothing to be learnt by who asks for another."""

from __future__ import annotations

import io
import json
import re
import zipfile

import pytest

from engine.domain.accounts.errors import TokenExpired
from engine.domain.insight import personal_data as domain
from engine.services.insight import guest_data
from tests.services.insight.traces import everything
from tests.shop import Shop

GUEST = "ada@example.test"


async def page(shop: Shop, path: str, **form: str) -> tuple[int, str]:
    """A page of this browser, or what it answers to a form with its token."""
    async with shop.http.get(shop.url + (path if not form else "/my-data"), headers={"Accept": "text/html"}) as answer:
        text = await answer.text()
        if not form:
            return answer.status, text
    (csrf,) = set(re.findall(r'name="csrf" value="([^"]+)"', text))
    async with shop.http.post(shop.url + path, data={**form, "csrf": csrf}, headers={"Accept": "text/html"}) as done:
        return done.status, (await done.read()).decode(errors="replace")


async def mailed(shop: Shop) -> str:
    """The token of the one mail that was sent."""
    await shop.work("outbox_relay", rounds=2)
    texts = [mail.get_body(("plain",)).get_content() for mail in shop.mailbox.messages]
    (token,) = [found[1] for text in texts if (found := re.search(r"/my-data/open\?token=([\w-]+)", text))]
    return token


async def test_a_guest_downloads_and_erases_what_is_held_and_others_learn_nothing(shop: Shop):
    await shop.open_event(types=[{"categories": ["Floor"], "price_cents": 0}])
    order = await shop.order(await shop.hold(2), consents={"marketing": True})
    pool = shop.services.common.pool
    answers = {await page(shop, "/my-data", email=email) for email in (GUEST.upper(), "nobody@example.test")}
    ((status, text),) = {(status, re.sub(r'value="[\w-]{32}"', "", text)) for status, text in answers}
    assert (status, "Look at your mail" in text) == (200, True)
    token = await mailed(shop)

    status, text = await page(shop, f"/my-data/open?token={token}")
    assert (status, GUEST in text) == (200, True)
    archive = zipfile.ZipFile(io.BytesIO(await shop.services.insight.guest_data.export(token)))
    manifest = json.loads(archive.read("manifest.json"))
    assert (manifest["user_id"], manifest["address"]) == ("", GUEST)
    held = {each["name"]: each["rows"] for each in manifest["files"] if each["rows"]}
    assert held == {"orders": 1, "tickets": 2, "consents": 1, "notifications": 2}
    assert (await page(shop, "/my-data/export", token=token))[0] == 200

    assert (await page(shop, "/my-data/erase", token=token))[0] == 422
    assert await pool.fetchval("SELECT count(*) FROM erasures") == 0
    assert (await page(shop, "/my-data/erase", token=token, sure="yes"))[0] == 200
    await shop.work("outbox_relay", rounds=2)
    await pool.execute("DELETE FROM idempotency_keys")  # they go within a day by themselves
    left = await everything(pool)
    assert not [word for word in (GUEST, "example.test", ",Ada,", "'ada'") if word in left]
    assert await pool.fetchval("SELECT count(*) FROM tickets WHERE status = 'valid'") == 2
    assert await pool.fetchval("SELECT done_at IS NOT NULL FROM erasures")
    assert (await shop.status(order))["status"] == "paid"


async def test_a_link_to_data_ends_and_opens_nothing_of_an_account(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    await shop.open_event(types=[{"categories": ["Floor"], "price_cents": 0}])
    await shop.order(await shop.hold())
    pool, data = shop.services.common.pool, shop.services.insight.guest_data
    await page(shop, "/my-data", email=GUEST)
    token = await mailed(shop)
    await pool.execute(
        "INSERT INTO users (id, email, name, password_hash, email_verified_at, address_claimed_at)"
        " VALUES ('usr_1', $1, 'Ada', 'x', now(), now())",
        GUEST,
    )
    await pool.execute("UPDATE orders SET user_id = 'usr_1'")
    await data.erase(token)
    await shop.work("outbox_relay", rounds=2)
    assert await pool.fetchval("SELECT buyer_email FROM orders") == GUEST
    assert await pool.fetchval("SELECT email FROM users") == GUEST
    real = guest_data.now_ms
    monkeypatch.setattr(guest_data, "now_ms", lambda: real() + domain.LINK_GOOD_FOR_S * 1000)
    with pytest.raises(TokenExpired):
        data.address(token)
