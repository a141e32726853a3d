"""Organizations are paid to an account of their own: opened, followed, and every cent of it explained."""

from __future__ import annotations

from typing import Any

from tests.shop import Answer, Shop

FEE = {"rate_bp": 500, "fixed_cents": 100, "paid_by": "buyer"}
PRICED = [{"categories": ["Floor"], "price_cents": 5000}]


async def organization(shop: Shop, at: str, head: str, method: str = "GET", body: Any = None) -> Answer:
    return await shop.ask(method, f"/v1/organizations/{shop.organization_id}/{at}", body, Authorization=head)


async def sandbox(shop: Shop, method: str, path: str, **more: Any) -> Any:
    headers = {"Authorization": "Bearer sk_test_123", **more.pop("headers", {})}
    async with shop.http.request(method, shop.stripe_url + path, headers=headers, **more) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def connected(shop: Shop, head: str) -> str:
    """The account of an organization that answered everything."""
    account_id = (await organization(shop, "connect", head, "POST", {}))["account_id"]
    await sandbox(shop, "POST", f"/_sandbox/accounts/{account_id}/onboard")
    return str(account_id)


async def test_an_account_is_opened_once_and_followed_until_it_is_active(shop: Shop):
    await shop.open_event(types=PRICED)
    head = await shop.organizer()
    assert (await organization(shop, "connect", head)).body["status"] == "none"
    for at in ("payouts", "balance"):
        assert (await organization(shop, at, head))["code"] == "connect_required"
    first = await organization(shop, "connect", head, "POST", {"return_url": "https://here.test/back"})
    again = await organization(shop, "connect", head, "POST", {})
    assert (first.status, again["account_id"]) == (200, first["account_id"])
    assert first["url"].startswith(shop.stripe_url)
    pending = await organization(shop, "connect", head)
    assert (pending["status"], pending["charges_enabled"]) == ("pending", False)
    assert pending["requirements"]
    async with shop.http.post(first["url"], allow_redirects=False) as back:  # the owner answers what is asked
        assert back.status in {303, 404}, "the second link took the first one's place"
    async with shop.http.post(again["url"], allow_redirects=False) as back:
        assert (back.status, back.headers["Location"].endswith("/payouts")) == (303, True)
    assert await shop.services.money.connect.converge(first["account_id"])
    active = await organization(shop, "connect", head)
    assert (active["status"], active["payouts_enabled"], active["requirements"]) == ("active", True, [])


async def test_who_may_not_read_payouts_learns_nothing_and_may_open_no_account(shop: Shop):
    await shop.open_event(types=PRICED)
    for role in ("manager", "box_office"):
        head = await shop.organizer(role)
        assert [(await organization(shop, at, head)).status for at in ("connect", "payouts", "balance")] == [403] * 3
        assert (await organization(shop, "connect", head, "POST", {})).status == 403
    bad = await organization(shop, "connect", await shop.organizer(), "POST", {"return_url": "javascript:alert(1)"})
    assert (bad.status, bad["errors"][0]["pointer"]) == (422, "/return_url")


async def test_the_account_gets_all_but_the_fee_and_gives_its_part_of_a_refund_back(shop: Shop):
    await shop.open_event(types=PRICED, fee=FEE)
    head = await shop.organizer("finance")
    account_id = await connected(shop, head)
    assert await shop.services.money.connect.converge(account_id)
    order = await shop.paid(2)  # 2 x (50.00 + 3.50)
    row = next(
        each
        for each in (await sandbox(shop, "GET", "/_sandbox/payment_intents?limit=10"))["data"]
        if each["metadata"]["order_id"] == order["order_id"]
    )
    assert (row["amount"], row["application_fee_amount"], row["destination"]) == (10_700, 700, account_id)
    assert (await organization(shop, "balance", head))["available"] == [{"amount_cents": 10_000, "currency": "CAD"}]
    ticket = (await shop.tickets(order))[0]["id"]
    path, body = f"/v1/orders/{order['order_id']}/refunds", {"reason": "r", "lines": [ticket]}
    refund = await shop.ask("POST", path, body, Authorization=head, Idempotency_Key=shop.key())
    assert (refund["status"], refund["amount_cents"]) == ("succeeded", 5350)
    assert (await organization(shop, "balance", head))["available"] == [{"amount_cents": 5000, "currency": "CAD"}]
    paid_out = {"amount": "3000", "currency": "cad"}
    await sandbox(shop, "POST", "/v1/payouts", data=paid_out, headers={"Stripe-Account": account_id})
    (payout,) = (await organization(shop, "payouts", head))["data"]
    assert (payout["amount_cents"], payout["currency"], payout["status"]) == (3000, "CAD", "paid")
    assert (await organization(shop, "balance", head))["available"] == [{"amount_cents": 2000, "currency": "CAD"}]


async def test_while_the_account_may_take_no_charges_the_platform_does(shop: Shop):
    await shop.open_event(types=PRICED)
    head = await shop.organizer()
    pool = shop.services.common.pool
    await organization(shop, "connect", head, "POST", {})
    await organization(shop, "connect", head)
    assert (
        await pool.fetchval("SELECT stripe_account_id FROM organizations WHERE id = $1", shop.organization_id) is None
    )
    await shop.paid(1)
    rows = (await sandbox(shop, "GET", "/_sandbox/payment_intents?limit=10"))["data"]
    assert [row["destination"] for row in rows] == [None]


async def test_paid_events_of_who_is_to_be_paid_directly_wait_for_the_account(shop: Shop):
    await shop.open_event(types=PRICED)
    head = await shop.organizer()
    path = f"/v1/organizations/{shop.organization_id}"
    version = (await shop.ask("GET", path, Authorization=head)).headers["ETag"]
    changed = await shop.ask("PATCH", path, {"payouts": "own"}, Authorization=head, If_Match=version)
    assert (changed.status, changed["payouts"]) == (200, "own")
    manager = await shop.organizer("manager")
    back = await shop.ask(
        "PATCH", path, {"payouts": "platform"}, Authorization=manager, If_Match=changed.headers["ETag"]
    )
    assert back.status == 403
    pool = shop.services.common.pool
    await pool.execute("UPDATE events SET status = 'draft', published_at = NULL WHERE id = $1", shop.event_id)
    publish = f"/v1/events/{shop.event_id}/publish"
    refused = await shop.ask("POST", publish, Authorization=head)
    assert (refused.status, refused["code"]) == (409, "event_incomplete")
    assert "connect" in refused["missing"]
    assert await shop.services.money.connect.converge(await connected(shop, head))
    answer = await shop.ask("POST", publish, Authorization=head)
    assert "connect" not in (answer.body or {}).get("missing", [])
