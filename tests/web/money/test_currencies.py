"""Every currency from the quote to the provider's books and back, and what cannot be paid refused before it is held."""

from __future__ import annotations

import pytest

from engine.foundation.world.currencies import CHARGEABLE, find, money
from tests.shop import Shop

TWENTIETH_BP = 500


async def _intent(shop: Shop, order) -> dict:
    async with shop.http.get(f"{shop.stripe_url}/_sandbox/payment_intents") as response:
        rows = await response.json()
    wanted = order["client_secret"].partition("_secret_")[0]
    return next(row for row in rows["data"] if row["id"] == wanted)


@pytest.mark.parametrize("codes", [CHARGEABLE[n::4] for n in range(4)], ids=["a", "b", "c", "d"])
async def test_every_currency_is_quoted_held_charged_refunded_and_audited_to_its_last_unit(shop: Shop, codes):
    for code in codes:
        currency = find(code)
        cents = currency.least + 7 * currency.step
        await shop.open_event(
            types=[{"categories": ["Floor"], "price_cents": cents}],
            currency=code,
            taxes=[{"name": "VAT", "rate_bp": TWENTIETH_BP}],
        )
        items = [{"ticket_type_id": shop.types[0], "quantity": 2}]
        quoted = await shop.ask("POST", "/v1/orders/quote", {"event_id": shop.event_id, "items": items})
        order = await shop.paid(2)
        assert order["amount_cents"] == quoted["total_cents"], code
        asked = await _intent(shop, order)
        assert (asked["amount"], asked["currency"]) == (currency.to_provider(order["amount_cents"]), code.lower())
        organizer, path = await shop.organizer("owner"), f"/v1/orders/{order['order_id']}/refunds"
        ticket = (await shop.tickets(order))[0]
        refund = await shop.ask(
            "POST", path, {"lines": [ticket["id"]], "reason": "x"}, Authorization=organizer, Idempotency_Key=shop.key()
        )
        assert (refund.status, refund["status"]) == (201, "succeeded"), (code, refund.body)
        assert (await _intent(shop, order))["amount_refunded"] == currency.to_provider(refund["amount_cents"])
        rest = await shop.ask("POST", path, {"reason": "x"}, Authorization=organizer, Idempotency_Key=shop.key())
        assert rest["amount_cents"] + refund["amount_cents"] == order["amount_cents"]
        assert (await _intent(shop, order))["amount_refunded"] == asked["amount"]
    await shop.settled_errands()
    for report in await shop.services.insight.audit.check(provider=True):
        assert report["ok"], report


@pytest.mark.parametrize(
    ("code", "cents", "least"),
    [("GBP", 29, 30), ("HUF", 10_000, 17_500), ("CAD", 49, 50), ("JPY", 49, 50), ("KWD", 490, 500), ("MXN", 999, 1000)],
)
async def test_less_than_the_currencys_least_is_refused_at_quote_and_hold_and_sets_nothing_aside(
    shop: Shop, code: str, cents: int, least: int
):
    await shop.open_event(types=[{"categories": ["Floor"], "price_cents": cents}], currency=code)
    items = [{"ticket_type_id": shop.types[0], "quantity": 1}]
    for answer in (await shop.ask("POST", "/v1/orders/quote", {"event_id": shop.event_id, "items": items}),
                   await shop.hold()):  # fmt: skip
        assert (answer.status, answer["code"], answer["min_cents"]) == (422, "amount_too_small", least)
        assert money(least, code) in answer["detail"]
    assert (await shop.pulse())["free"] == 100


async def test_forty_pence_can_be_paid(shop: Shop):
    await shop.open_event(types=[{"categories": ["Floor"], "price_cents": 40}], currency="GBP")
    assert (await shop.paid())["amount_cents"] == 40


async def test_two_at_750_000_rupiah_can_be_paid_and_ten_at_a_million_euros_cannot(shop: Shop):
    await shop.open_event(types=[{"categories": ["Floor"], "price_cents": 75_000_000}], currency="IDR")
    await shop.paid(2)
    await shop.open_event(types=[{"categories": ["Floor"], "price_cents": 50_000_000}], currency="EUR")
    answer = await shop.hold(2)
    assert (answer.status, answer["code"], answer["max_cents"]) == (422, "amount_too_large", 99_999_999)


@pytest.mark.parametrize(
    ("code", "cents", "less"),
    [("CAD", 1000, 10), ("GBP", 1000, 29), ("HUF", 50_000, 17_000), ("JPY", 5000, 49), ("KWD", 5000, 490),
     ("MXN", 5000, 990)],
)  # fmt: skip
async def test_a_hold_that_became_too_small_to_pay_gives_its_units_back(shop: Shop, code: str, cents: int, less: int):
    await shop.open_event(types=[{"categories": ["Floor"], "price_cents": cents}], currency=code)
    hold = await shop.hold()
    await shop.services.common.pool.execute(
        "UPDATE ticket_types SET price_cents = $2 WHERE id = $1", shop.types[0], less
    )
    await shop.services.sale.inventory.changed(shop.event_id)
    answer = await shop.order(hold)
    while answer["code"] == "price_changed":  # the engine has not heard of it yet
        answer = await shop.order(hold)
    assert (answer.status, answer["code"]) == (422, "amount_too_small")
    assert (await shop.pulse())["free"] == 100
    assert (await shop.ask("GET", f"/v1/holds/{hold['id']}", X_Order_Token=hold["hold_token"])).status == 410


@pytest.mark.parametrize(("code", "wrong"), [("KWD", 1001), ("BHD", 1005), ("MGA", 150)])
async def test_a_refund_between_two_steps_is_refused(shop: Shop, code: str, wrong: int):
    currency = find(code)
    await shop.open_event(types=[{"categories": ["Floor"], "price_cents": currency.least * 10}], currency=code)
    order = await shop.paid()
    answer = await shop.ask(
        "POST", f"/v1/orders/{order['order_id']}/refunds", {"amount_cents": wrong, "reason": "x"},
        Authorization=await shop.organizer(), Idempotency_Key=shop.key(),
    )  # fmt: skip
    assert (answer.status, answer["errors"][0]["pointer"]) == (422, "/amount_cents")


async def test_a_receipt_groups_equal_tickets_and_names_the_rounding(shop: Shop):
    await shop.open_event(
        types=[{"categories": ["Floor"], "price_cents": 1413}],
        taxes=[{"name": "GST", "rate_bp": 500}, {"name": "PST", "rate_bp": 700}],
    )
    order = await shop.paid(2)
    receipt = await shop.ask("GET", f"/v1/orders/{order['order_id']}/receipt", X_Order_Token=order["order_token"])
    (group,) = receipt["groups"]
    assert (group["quantity"], group["each_cents"], group["rounding_cents"], group["total_cents"]) == (
        2,
        1583,
        -1,
        3165,
    )
    assert receipt["paid_cents"] == 3165


async def test_the_mail_tells_equal_tickets_together_and_names_the_rounding(shop: Shop):
    await shop.open_event(
        types=[{"categories": ["Floor"], "price_cents": 1413}],
        taxes=[{"name": "GST", "rate_bp": 500}, {"name": "PST", "rate_bp": 700}],
    )
    await shop.paid(2)
    await shop.work("outbox_relay")
    (message,) = shop.mailbox.messages
    for kind in ("plain", "html"):
        text = message.get_body((kind,)).get_content()
        for said in ("15.83 each", "CA$31.66", "Rounding", "-CA$0.01", "CA$31.65"):
            assert said in text, (kind, said)


async def test_a_mail_about_forint_has_the_decimals_that_were_charged(shop: Shop):
    await shop.open_event(types=[{"categories": ["Floor"], "price_cents": 500_000}], currency="HUF")
    await shop.paid()
    await shop.work("outbox_relay")
    (message,) = shop.mailbox.messages
    assert "5,000.00" in message.get_body(("html",)).get_content()
