"""The mail that says what somebody agreed to carries the way back, for people and for mail programs."""

from __future__ import annotations

from engine.domain.accounts.consents import ConsentChange
from tests.shop import Shop


async def test_who_agrees_is_mailed_how_to_stop_it_and_nobody_who_stopped_it_already(shop: Shop):
    consents, pool = shop.services.accounts.consents, shop.services.common.pool
    token = consents.choices_url("ada@example.test").partition("token=")[2]
    yes = [ConsentChange(purpose="platform_marketing", given=True)]
    await consents.change_by_link(token, yes, "fr")
    await shop.work("outbox_relay", rounds=2)
    (mail,) = shop.mailbox.messages
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = mail["List-Unsubscribe"].strip("<>")
    assert url.startswith(shop.services.common.settings.engine_url + "/unsubscribe?token=")
    assert "Vous avez demandé" in mail.get_body(("plain",)).get_content()
    async with shop.http.post(shop.url + "/unsubscribe" + url.partition("/unsubscribe")[2]) as answer:
        assert answer.status == 200
    assert await pool.fetchval("SELECT withdrawn_at IS NOT NULL FROM consents")
    await consents.change_by_link(token, yes, "en")
    await consents.change_by_link(token, [ConsentChange(purpose="platform_marketing", given=False)], "en")
    await shop.work("outbox_relay", rounds=2)
    assert len(shop.mailbox.messages) == 1
