"""A payment that was refused: the link that continues, once, and not to somebody who paid meanwhile."""

from __future__ import annotations

from tests.shop import Shop

DECLINED = "pm_card_visa_chargeDeclined"


async def due(shop: Shop) -> None:
    """The time that a buyer has to try again is over."""
    pool = shop.services.common.pool
    await pool.execute("UPDATE outbox SET available_at = now() WHERE topic = 'mail.payment_failed'")
    await shop.work("outbox_relay")


async def declined(shop: Shop) -> object:
    await shop.open_event()
    order = await shop.ordered()
    await shop.pay(order, DECLINED)
    await shop.services.money.payments.converge(order["order_id"])
    pool = shop.services.common.pool
    assert await pool.fetchval("SELECT payment_error FROM orders") is not None
    return order


async def test_the_buyer_is_mailed_the_link_that_continues_the_order_once(shop: Shop):
    order = await declined(shop)
    await shop.work("outbox_relay")
    assert shop.mailbox.messages == [], "who pays by another card at once is not written to"
    await due(shop)
    [letter] = shop.mailbox.messages
    assert letter["Subject"] == "Your payment for Night did not go through"
    body = letter.get_body(("plain",)).get_content()
    assert f"/order/{order['order_id']}#token=" in body  # type: ignore[index]
    assert "Ada" not in body, "nobody proved to read this address"
    pool = shop.services.common.pool
    await pool.execute("UPDATE orders SET payment_error = 'Another'")
    await pool.execute(
        "INSERT INTO outbox (topic, key, payload) VALUES ('mail.payment_failed', 'x', $1)",
        {"order_id": order["order_id"]},  # type: ignore[index]
    )
    await due(shop)
    assert len(shop.mailbox.messages) == 1


async def test_somebody_who_paid_meanwhile_is_not_written_to(shop: Shop):
    order = await declined(shop)
    await shop.pay(order)  # type: ignore[arg-type]
    await shop.until(order, "paid")  # type: ignore[arg-type]
    await due(shop)
    assert [letter["Subject"] for letter in shop.mailbox.messages] == ["Your tickets for Night"]
