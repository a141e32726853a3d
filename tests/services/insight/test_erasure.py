"""After an erasure nothing tells of the person: not the ledger, Redis or the logs. What they bought stays good."""

from __future__ import annotations

from typing import Any

import pyotp
import pytest

from engine.foundation.clock import now_ms
from engine.foundation.connections import RedisClient
from tests.services.insight.traces import everything
from tests.shop import Shop
from tests.web.organizer import PASSWORD

EMAIL, NAME, NETWORK = "ada.lovelace@example.test", "Augusta Ada Lovelace", "192.0.2.77"
BROWSER = "Mozilla/5.0 (X11; Linux) Firefox/140.0"
ANSWER, GUEST_OF_ADA = "step-free to the byronic box", "Byron Milbanke"
TRACES = (EMAIL, "lovelace", "6045550100", NETWORK, "firefox", "byron", "milbanke")
STEP_S = 30


async def in_redis(redis: RedisClient) -> str:
    """Every key with all that it holds, as text."""
    found: list[Any] = []
    async for key in redis.scan_iter(count=1_000):
        kind = (await redis.type(key)).decode()
        held = {
            "string": lambda key: redis.get(key),
            "hash": lambda key: redis.hgetall(key),
            "set": lambda key: redis.smembers(key),
            "zset": lambda key: redis.zrange(key, 0, -1),
            "list": lambda key: redis.lrange(key, 0, -1),
            "stream": lambda key: redis.xrange(key),
        }[kind]
        found.append((key, await held(key)))
    return repr(found)


async def scan(shop: Shop, device: str, code: str) -> dict[str, Any]:
    body = {"code": code, "nonce": code[-12:], "location": {"lat": 49.28, "lng": -123.12}}
    answer = await shop.ask("POST", "/v1/tickets/validate", body, Authorization=device)
    assert answer.status == 200, answer.body
    return dict(answer.body)


async def test_an_erased_person_leaves_no_trace_and_their_tickets_scan(
    shop: Shop, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
):
    pool, redis = shop.services.common.pool, shop.services.common.redis
    made = await shop.ask(
        "POST", "/v1/auth/register", {"email": EMAIL, "password": PASSWORD, "name": NAME}, User_Agent=BROWSER
    )
    me = {"Authorization": f"Bearer {made['access_token']}", "User_Agent": BROWSER}
    await pool.execute("UPDATE users SET email_verified_at = now(), address_claimed_at = now() WHERE email = $1", EMAIL)
    begun = await shop.ask("POST", "/v1/auth/2fa/enable", {"password": PASSWORD}, **me)
    app, step = pyotp.TOTP(begun["secret"]), now_ms() // 1000 // STEP_S
    codes = (await shop.ask("POST", "/v1/auth/2fa/verify", {"code": app.generate_otp(step)}, **me))["recovery_codes"]
    wanted = [{"purpose": "platform_marketing", "given": True}]
    changed = await shop.ask("PATCH", "/v1/users/me/preferences", {"phone": "+16045550100", "consents": wanted}, **me)
    assert changed.status == 200, changed.body

    await shop.open_event()
    owner = await shop.organizer()
    asked = {"questions": [{"label": "What do you need?"}], "named_tickets": "optional"}
    put = await shop.ask("PUT", f"/v1/events/{shop.event_id}/questions", asked, Authorization=owner)
    assert put.status == 200, put.body
    scanner = await shop.ask("POST", f"/v1/events/{shop.event_id}/devices", {"name": "D"}, Authorization=owner)
    device = f"Device {scanner['device_id']}.{scanner['secret']}"
    hold = await shop.hold(2)
    body = {
        "hold_id": hold["id"], "user_info": {"name": NAME, "email": EMAIL}, "consents": {"marketing": True},
        "answers": [{"question_id": put["questions"][0]["id"], "value": ANSWER}],
        "attendees": [{"name": NAME}, {"name": GUEST_OF_ADA, "email": "byron@example.test"}],
    }  # fmt: skip
    headers = {**me, "X_Order_Token": hold["hold_token"], "Idempotency_Key": shop.key()}
    order = await shop.ask("POST", "/v1/orders", body, **headers)
    assert order.status == 201, order.body
    assert (await shop.pay(order))[0] == 200
    await shop.until(order, "paid")
    await pool.execute("UPDATE orders SET ip_address = $1", NETWORK)
    await shop.work("outbox_relay", "webhook_retry", rounds=2)
    first, second = await shop.tickets(order)
    assert (await scan(shop, device, first["code"]))["result"] == "admit"
    before = await pool.fetchrow("SELECT status, amount_cents, price, accepted FROM orders")
    known = (await everything(pool)).lower()
    assert [trace for trace in TRACES if trace not in known] == []
    capfd.readouterr()
    caplog.clear()

    gone = {"password": PASSWORD}
    for wrong in (gone, {**gone, "code": "000000"}):
        refused = await shop.ask("DELETE", "/v1/users/me", wrong, **me)
        assert (refused.status, refused["code"]) == (401, "second_factor_wrong")
    assert (await shop.ask("DELETE", "/v1/users/me", {**gone, "code": codes[0]}, **me)).status == 202
    await shop.work("outbox_relay", rounds=3)
    await pool.execute("DELETE FROM idempotency_keys")  # they go within a day by themselves

    said = "".join(capfd.readouterr()) + caplog.text
    left = {"ledger": await everything(pool), "redis": await in_redis(redis), "logs": said}
    found = {place: [trace for trace in TRACES if trace in text.lower()] for place, text in left.items()}
    assert found == {place: [] for place in left}
    assert await pool.fetchrow("SELECT status, amount_cents, price, accepted FROM orders") == before
    (report,) = await shop.services.insight.audit.check(shop.event_id)
    assert report["problems"] == []
    verdict = await scan(shop, device, second["code"])
    assert (verdict["result"], verdict["attendee"]) == ("admit", "Erased")
    login = await shop.ask("POST", "/v1/auth/login", {"email": EMAIL, "password": PASSWORD})
    assert (login.status, login["code"]) == (401, "sign_in_refused")
