"""The audit finds nothing in a shop that works, and each kind of damage in one that does not."""

from __future__ import annotations

import pytest

from engine.domain.money.refund_requests import RefundRequest
from engine.services.insight import audit, provider_books
from tests.shop import Shop

CAPACITY = 100


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(audit, "LOOK_AGAIN_S", 0.01)


async def open_shop(shop: Shop) -> None:
    """One hold, one order being paid for, one paid order of two tickets."""
    await shop.open_event()
    assert (await shop.hold(3)).status == 201
    await shop.ordered(1)
    await shop.paid(2)
    await shop.settled_errands()


async def audited(shop: Shop) -> dict:
    (report,) = await shop.services.insight.audit.check(shop.event_id)
    return report


async def test_a_shop_at_work_keeps_every_promise(shop: Shop):
    await open_shop(shop)
    report = await audited(shop)
    assert report["ok"], report["problems"]
    assert report["redis_matches_postgres"]
    assert (report["capacity"], report["sold"], report["ordered"], report["on_hold"]) == (CAPACITY, 2, 1, 3)
    assert report["sold"] + report["held"] + report["free"] == CAPACITY
    assert (report["unit_conflicts"], report["orders_unsettled"]) == (0, 0)


async def test_every_event_with_an_inventory_is_audited(shop: Shop):
    await shop.open_event()
    first = shop.event_id
    await shop.open_event()
    reports = await shop.services.insight.audit.check()
    assert {report["event_id"] for report in reports} == {first, shop.event_id}
    assert all(report["ok"] for report in reports)


LEDGER_DAMAGE = {
    "money: {order} is": "UPDATE orders SET amount_cents = amount_cents + 1 WHERE id = $1",
    "without a payment": "UPDATE orders SET payment_intent_id = NULL WHERE id = $1",
    "is paid without a ticket": "DELETE FROM tickets WHERE order_id = $1 AND line = 0",
    "says unit 90": "UPDATE tickets SET unit = 90 WHERE order_id = $1 AND line = 0",
    "is not live though the order is paid": "UPDATE order_units SET live = false WHERE order_id = $1 AND line = 0",
    "is live though the order is expired": "UPDATE orders SET status = 'expired' WHERE id = $1",
    "its ticket is refunded and no refund": "UPDATE tickets SET status = 'refunded' WHERE order_id = $1 AND line = 0",
    "its ticket is cancelled and no refund": "UPDATE tickets SET status = 'cancelled' WHERE order_id = $1 AND line = 0",
    "does not exist in the chart": "UPDATE order_units SET unit = 1000 WHERE order_id = $1 AND line = 0",
    "the ledger knows no owner": "UPDATE order_units SET unit = 95 WHERE order_id = $1 AND line = 0",
}


@pytest.mark.parametrize("said", LEDGER_DAMAGE)
async def test_damage_to_the_ledger_is_found(shop: Shop, said: str):
    await open_shop(shop)
    order = await shop.services.common.pool.fetchval("SELECT id FROM orders WHERE status = 'paid'")
    await shop.services.common.pool.execute(LEDGER_DAMAGE[said], order)
    report = await audited(shop)
    assert not report["ok"]
    assert any(said.format(order=order) in problem for problem in report["problems"]), report["problems"]


async def _refund_claimed(shop: Shop) -> tuple[str, list[str]]:
    """A refund of one of the two paid tickets that has not reached the provider: the order, its tickets."""
    pool = shop.services.common.pool
    order = await pool.fetchval("SELECT id FROM orders WHERE status = 'paid'")
    tickets = [row["id"] for row in await pool.fetch("SELECT id FROM tickets WHERE order_id = $1 ORDER BY line", order)]
    await shop.services.money.refunds.claim(order, RefundRequest("asked for", lines=tickets[:1]))
    return order, tickets


async def test_a_refund_under_way_explains_its_own_tickets_and_no_other(shop: Shop):
    await open_shop(shop)
    order, (_, other) = await _refund_claimed(shop)
    assert (await audited(shop))["problems"] == []
    await shop.services.common.pool.execute("UPDATE tickets SET status = 'refunded' WHERE id = $1", other)
    (problem,) = (await audited(shop))["problems"]
    assert problem.startswith("tickets: unit ")
    assert f"of {order} is paid, its ticket is refunded" in problem


async def test_a_refund_that_was_refused_explains_nothing(shop: Shop):
    await open_shop(shop)
    await _refund_claimed(shop)
    await shop.services.common.pool.execute("UPDATE refunds SET status = 'failed'")
    assert any("no refund is under way" in problem for problem in (await audited(shop))["problems"])


async def test_a_cancelled_event_explains_tickets_that_admit_no_more(shop: Shop):
    await open_shop(shop)
    await shop.services.common.pool.execute("UPDATE events SET status = 'cancelled'")
    await shop.services.common.pool.execute("UPDATE tickets SET status = 'cancelled'")
    shop.services.sale.selling.forget(shop.event_id)
    assert not any("no refund is under way" in problem for problem in (await audited(shop))["problems"])


async def test_two_live_owners_of_a_unit_are_a_conflict(shop: Shop):
    await open_shop(shop)
    await shop.services.common.pool.execute("DROP INDEX order_units_one_live_owner")
    await shop.services.common.pool.execute(
        "UPDATE order_units SET unit = (SELECT min(unit) FROM order_units) WHERE order_id IN"
        " (SELECT id FROM orders WHERE status = 'paid')"
    )
    report = await audited(shop)
    assert report["unit_conflicts"] == 1
    assert "3 live owners" in report["problems"][0], "the cause comes before what follows from it"


async def test_an_order_long_past_its_deadline_is_unsettled(shop: Shop):
    await open_shop(shop)
    await shop.services.common.pool.execute("UPDATE orders SET expires_at = now() - interval '121 seconds'")
    report = await audited(shop)
    assert report["orders_unsettled"] == 1
    order = await shop.services.common.pool.fetchval("SELECT id FROM orders WHERE status = 'pending'")
    assert report["problems"] == [f"orders: {order} is pending, unsettled past its deadline + 120 s"]


async def _stolen_at_the_provider(shop: Shop, amount: int, **metadata: str) -> str:
    """A payment made and captured past us, in our account."""
    form = {"amount": str(amount), "currency": "cad", "confirm": "true", "payment_method": "pm_card_visa"}
    form |= {f"metadata[{name}]": value for name, value in metadata.items()}
    async with shop.http.post(
        f"{shop.stripe_url}/v1/payment_intents", data=form, headers={"Authorization": "Bearer sk_test_onsale"}
    ) as answer:
        assert answer.status == 200, await answer.text()
        return str((await answer.json())["id"])


async def _refunded_at_the_provider(shop: Shop, intent: str) -> None:
    async with shop.http.post(
        f"{shop.stripe_url}/v1/refunds",
        data={"payment_intent": intent},
        headers={"Authorization": "Bearer sk_test_onsale"},
    ) as answer:
        assert answer.status == 200, await answer.text()


async def _audited_with_the_provider(shop: Shop) -> dict:
    (report,) = await shop.services.insight.audit.check(shop.event_id, provider=True)
    return report


async def test_the_provider_says_the_same_of_a_shop_at_work_and_nothing_of_other_shops(shop: Shop):
    await open_shop(shop)
    await _stolen_at_the_provider(shop, 900, note="another shop's")
    report = await _audited_with_the_provider(shop)
    assert report["ok"], report["problems"]
    assert (report["provider_payments"], report["provider_problem"]) == (1, None)


async def test_money_the_provider_took_for_no_order_is_found(shop: Shop):
    await open_shop(shop)
    intent = await _stolen_at_the_provider(shop, 900, order_id="ord_gone")
    report = await _audited_with_the_provider(shop)
    assert report["problems"] == [
        f"money: the provider keeps 900 CAD under {intent} for ord_gone, which does not exist"
    ]
    await _refunded_at_the_provider(shop, intent)
    assert (await _audited_with_the_provider(shop))["ok"]


async def test_money_the_provider_took_twice_for_an_order_is_found(shop: Shop):
    await open_shop(shop)
    order = await shop.services.common.pool.fetchval("SELECT id FROM orders WHERE status = 'paid'")
    intent = await _stolen_at_the_provider(shop, 900, order_id=order)
    report = await _audited_with_the_provider(shop)
    assert any(f"under {intent}, which is not its payment" in problem for problem in report["problems"])


PROVIDER_DAMAGE = {
    "the provider captured": "UPDATE orders SET amount_cents = amount_cents + 1 WHERE id = $1",
    "is expired, the provider keeps": "UPDATE orders SET status = 'expired', expires_at = now() - interval '121 s'"
    " WHERE id = $1",
    "has refunds of 700, the provider gave back 0": "INSERT INTO refunds"
    " (id, order_id, amount_cents, net_cents, status, created_by) VALUES ('ref_1', $1, 700, 700, 'succeeded', 'test')",
}


@pytest.mark.parametrize("said", PROVIDER_DAMAGE)
async def test_what_the_ledger_says_of_money_is_held_against_the_provider(shop: Shop, said: str):
    await open_shop(shop)
    order = await shop.services.common.pool.fetchval("SELECT id FROM orders WHERE status = 'paid'")
    await shop.services.common.pool.execute(PROVIDER_DAMAGE[said], order)
    problems = (await _audited_with_the_provider(shop))["problems"]
    assert any(order in problem and said in problem for problem in problems), problems


async def test_a_provider_that_does_not_answer_is_told_and_is_no_failure(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(provider_books, "PATIENCE_S", 0.2)
    await open_shop(shop)
    await shop.switch(faults=[{"kind": "outage"}])
    report = await _audited_with_the_provider(shop)
    assert report["ok"], report["problems"]
    assert "did not answer" in report["provider_problem"]


async def _forget_the_epoch(redis, event):
    await redis.delete(b"inv:{%s}:epoch" % event)


async def _give_a_sold_unit_away(redis, event):
    unit_map = await redis.get(b"inv:{%s}:map" % event)
    await redis.setrange(b"inv:{%s}:map" % event, unit_map.index(3), b"\x40")


async def _sell_a_free_unit(redis, event):
    await redis.setrange(b"inv:{%s}:map" % event, CAPACITY - 1, b"\x03")


async def _write_nonsense(redis, event):
    await redis.setrange(b"inv:{%s}:map" % event, CAPACITY - 1, b"\x09")


async def _hold_without_a_hold(redis, event):
    await redis.setrange(b"inv:{%s}:map" % event, CAPACITY - 1, b"\x01")


async def _miscount(redis, event):
    await redis.hincrby(b"inv:{%s}:pulse" % event, "free", 1)


async def _miscount_a_type(redis, event):
    await redis.hincrby(b"inv:{%s}:types" % event, "0", 1)


REDIS_DAMAGE = {
    "has no inventory (fenced)": _forget_the_epoch,
    "is free, the ledger says sold": _give_a_sold_unit_away,
    "is sold, the ledger knows no owner": _sell_a_free_unit,
    "meaningless state 9": _write_nonsense,
    "is held by 0 holds": _hold_without_a_hold,
    "the counters say": _miscount,
    "ticket type number 0 counts": _miscount_a_type,
}


@pytest.mark.parametrize("said", REDIS_DAMAGE)
async def test_damage_to_redis_is_found_and_named_as_redis(shop: Shop, said: str):
    await open_shop(shop)
    await REDIS_DAMAGE[said](shop.services.common.redis, shop.event_id.encode())
    report = await audited(shop)
    assert not report["ok"]
    assert not report["redis_matches_postgres"]
    assert any(said in problem for problem in report["problems"]), report["problems"]
