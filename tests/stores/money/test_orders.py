"""The ledger decides: one live owner a unit, an order with all its units or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from engine.domain.money.orders import NewOrder, OrderLine, new_number
from engine.foundation.clock import now
from engine.foundation.ids import new_id
from engine.stores.money.orders import OrderStore
from engine.stores.money.payments import PaymentStore, Settlement
from engine.stores.money.webhook_events import Received
from tests import factories


@pytest.fixture
async def books(pool: asyncpg.Pool) -> AsyncIterator[list[OrderStore]]:
    """Two processes' books."""
    both = [OrderStore(pool), OrderStore(pool)]
    yield both
    for book in both:
        await book.close()


@pytest.fixture
async def event(pool: asyncpg.Pool) -> tuple[str, str]:
    event_id, types = await factories.event(
        pool, factories.chart(factories.general("Floor", 1000)), [{"categories": ["Floor"]}]
    )
    return event_id, types[0]


def order(event: tuple[str, str], *units: int, hold_id: str | None = None, **more) -> NewOrder:
    lines = tuple(OrderLine(i, unit, event[1], "Floor", None, 1000, 0, 0, {}, 1000) for i, unit in enumerate(units))
    return NewOrder(
        id=new_id("ord"), number=new_number(), event_id=event[0], hold_id=hold_id or new_id("hld"), user_id=None,
        buyer_name="Ada", buyer_email="a@b.test", consents={}, currency="CAD",
        amount_cents=1000 * len(units), price={"taxes": {}}, lines=lines,
        expires_at=now() + timedelta(minutes=10), **more,
    )  # fmt: skip


async def test_buyers_who_meet_in_the_ledger_never_share_a_unit(pool, books, event):
    offered = [order(event, unit % 40, (unit * 7) % 40 + 40, (unit * 11) % 40 + 80) for unit in range(120)]
    placed = await asyncio.gather(*(books[index % 2].place(new) for index, new in enumerate(offered)))
    won = [new for new, answer in zip(offered, placed, strict=True) if answer.placed]
    owned = [line.unit for new in won for line in new.lines]
    assert won
    assert len(owned) == len(set(owned))
    assert await pool.fetchval("SELECT count(*) FROM orders") == len(won)
    assert await pool.fetchval("SELECT count(*) FROM order_units") == 3 * len(won)
    assert await pool.fetchval("SELECT count(*) FROM outbox") == len(won)


async def test_a_loser_writes_nothing_and_takes_nobody_along(pool, books, event):
    assert (await books[0].place(order(event, 5))).placed
    loser, others = order(event, 4, 5), [order(event, 10 + i) for i in range(20)]
    answers = await asyncio.gather(*(books[0].place(new) for new in [loser, *others]))
    assert [answer.placed for answer in answers] == [False] + [True] * 20
    assert await books[0].read(loser.id) is None
    assert (await books[0].place(order(event, 4))).placed


async def test_one_address_owns_no_more_than_a_buyer_may_whoever_asks_at_once(pool, books, event):
    pairs = [order(event, 2 * i, 2 * i + 1, buyer_units_max=6) for i in range(12)]
    spelled = [replace(new, buyer_email="A@B.test") if i % 2 else new for i, new in enumerate(pairs)]
    others = [replace(order(event, 100 + i, buyer_units_max=6), buyer_email=f"{i}@b.test") for i in range(12)]
    answers = await asyncio.gather(*(books[i % 2].place(new) for i, new in enumerate([*spelled, *others])))
    assert (
        sorted((answer.placed, answer.beyond_limit) for answer in answers[:12])
        == [(False, True)] * 9 + [(True, False)] * 3
    )
    assert all(answer.placed for answer in answers[12:])
    assert await pool.fetchval("SELECT count(*) FROM order_units WHERE unit < 100") == 6


async def test_a_hold_becomes_one_order_whoever_is_first(pool, books, event):
    hold_id = new_id("hld")
    answers = await asyncio.gather(*(books[i % 2].place(order(event, 3, hold_id=hold_id)) for i in range(10)))
    assert sum(answer.placed for answer in answers) == 1
    found = await books[0].of_hold(hold_id)
    assert found is not None
    assert found.units == [3]


async def test_one_order_with_nonsense_fails_alone(books, event):
    bad = order((new_id("evt"), event[1]), 1)
    worse = order((event[0], "tt_unknown"), 2)
    good = order(event, 3)
    answers = await asyncio.gather(*(books[0].place(new) for new in (bad, worse, good)), return_exceptions=True)
    assert answers[0].placed is False
    assert isinstance(answers[1], asyncpg.ForeignKeyViolationError)
    assert answers[2].placed is True


async def test_a_unit_that_was_let_go_can_be_owned_again_and_the_old_order_stays_closed(pool, books, event):
    ledger, first = PaymentStore(pool), order(event, 7)
    await books[0].place(first)
    assert await ledger.end(first.id, status="expired", note="expired")
    assert (await books[0].place(order(event, 7))).placed
    assert await ledger.settle(Settlement(first.id, "pi_1", (0,))) is None
    closed = await books[0].read(first.id)
    assert closed is not None
    assert await ledger.reclaim(closed, "pi_1", [7], new_id("hld")) is None
    assert (await books[0].read(first.id)).status == "expired"
    assert await pool.fetchval("SELECT count(*) FROM tickets") == 0
    await ledger.close()


async def test_settling_and_expiring_at_the_same_moment_end_in_exactly_one_of_them(pool, books, event):
    ledgers = [PaymentStore(pool), PaymentStore(pool)]
    offered = [order(event, unit) for unit in range(40)]
    for new in offered:
        await books[0].place(new)
    await asyncio.gather(
        *(ledgers[0].settle(Settlement(new.id, f"pi_{new.id}", (0,))) for new in offered),
        *(ledgers[1].end(new.id, status="expired", note="expired") for new in reversed(offered)),
        *(ledgers[1].settle(Settlement(new.id, f"pi_{new.id}", (0,))) for new in reversed(offered)),
    )
    rows = await pool.fetch(
        "SELECT o.status, u.live, t.id IS NOT NULL AS ticket FROM orders o JOIN order_units u ON u.order_id = o.id"
        " LEFT JOIN tickets t ON t.order_id = o.id"
    )
    assert {tuple(row) for row in rows} <= {("paid", True, True), ("expired", False, False)}
    assert len(rows) == 40
    for ledger in ledgers:
        await ledger.close()


async def test_a_payment_is_attached_to_open_orders_only(pool, books, event):
    new, ledger = order(event, 1), PaymentStore(pool)
    await books[0].place(new)
    assert await books[0].attach(new.id, "pi_1", "secret")
    assert await books[0].attach(new.id, "pi_1", "secret")
    assert not await books[0].attach(new.id, "pi_2", "secret")
    await ledger.end(new.id, status="cancelled", note="x")
    assert not await books[0].attach(new.id, "pi_1", "secret")
    await ledger.close()


async def test_the_event_that_paid_an_order_is_kept_with_it_and_no_other(pool, books, event):
    ledger, paid, closed = PaymentStore(pool), order(event, 1), order(event, 2)
    for new in (paid, closed):
        await books[0].place(new)
    assert await ledger.end(closed.id, status="expired", note="expired")
    told = {name: Received(name, "payment_intent.succeeded", None, {}) for name in ("evt_paid", "evt_closed")}
    answers = await asyncio.gather(
        ledger.settle(Settlement(paid.id, "pi_1", (0,), told["evt_paid"])),
        ledger.settle(Settlement(closed.id, "pi_2", (0,), told["evt_closed"])),
    )
    assert answers[0] is not None
    assert answers[0].was_here is False
    assert answers[1] is None
    rows = await pool.fetch("SELECT id, status FROM webhook_events ORDER BY id")
    assert [tuple(row) for row in rows] == [("evt_paid", "processed")]
    await ledger.close()


_ISSUE = """
INSERT INTO tickets (id, event_id, order_id, line, unit, ticket_type_id, section, holder_name, holder_email)
SELECT $1, event_id, order_id, line + $3::smallint, unit, ticket_type_id, section, 'Ada', 'a@b.test'
  FROM order_units WHERE order_id = $2
"""
_CODES = """
SELECT t.id, t.version, t.code_not_before_s - floor(extract(epoch FROM o.paid_at))::int AS begins,
       t.code_expires_s - floor(extract(epoch FROM e.ends_at))::int AS ends
  FROM tickets t JOIN orders o ON o.id = t.order_id JOIN events e ON e.id = t.event_id
"""


async def test_a_ticket_says_the_same_whether_settling_wrote_it_or_the_ledger_found_it_out(pool, books, event):
    ledger, settled, issued = PaymentStore(pool), order(event, 7), order(event, 8)
    for new in (settled, issued):
        await books[0].place(new)
    assert await ledger.settle(Settlement(settled.id, "pi_1", (0,)))
    await pool.execute("UPDATE orders SET status = 'paid', paid_at = now() WHERE id = $1", issued.id)
    await pool.execute(_ISSUE, new_id("tkt"), issued.id, 0)
    codes = [(row["version"], row["begins"], row["ends"]) for row in await pool.fetch(_CODES)]
    assert codes == [(1, -60, 12 * 3600)] * 2


@pytest.mark.parametrize("by_settling", [True, False])
async def test_a_unit_that_is_sold_again_has_a_newer_ticket(pool, books, event, by_settling):
    ledger, first, second = PaymentStore(pool), order(event, 7), order(event, 7)
    await books[0].place(first)
    assert await ledger.settle(Settlement(first.id, "pi_1", (0,)))
    await pool.execute("UPDATE tickets SET status = 'refunded' WHERE order_id = $1", first.id)
    await pool.execute("UPDATE order_units SET live = false WHERE order_id = $1", first.id)
    await books[0].place(second)
    if by_settling:
        assert await ledger.settle(Settlement(second.id, "pi_2", (0,)))
    else:
        await pool.execute(_ISSUE, new_id("tkt"), second.id, 0)
    assert await pool.fetchval("SELECT version FROM tickets WHERE order_id = $1", second.id) == 2
    with pytest.raises(asyncpg.UniqueViolationError):
        await pool.execute("UPDATE tickets SET version = 1 WHERE order_id = $1", second.id)


async def test_a_ticket_is_of_a_line_of_an_order(pool, books, event):
    new = order(event, 7)
    await books[0].place(new)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await pool.execute(_ISSUE, new_id("tkt"), new.id, 1)
    assert await pool.fetchval("SELECT count(*) FROM tickets") == 0


async def test_an_order_is_found_by_its_words_while_it_is_open_and_when_it_is_paid(pool, books, event):
    sought, other = replace(order(event, 1), buyer_name="Ada Lovelace"), order(event, 2)
    for new in (sought, other):
        await books[0].place(new)

    async def found() -> list[str]:
        rows = await books[0].search(event[0], search="LOVE ada", status=None, before=None, limit=10)
        return [row.id for row in rows]

    assert await found() == [sought.id]
    assert await PaymentStore(pool).settle(Settlement(sought.id, "pi_1", (0,)))
    assert await found() == [sought.id]


async def test_an_order_is_written_with_the_consent_and_the_versions_that_were_accepted(pool, books, event):
    organization_id = await pool.fetchval("SELECT organization_id FROM events WHERE id = $1", event[0])
    plain = order(event, 1)
    assert (await books[0].place(plain)).placed
    for owner, kind, version in ((None, "terms", 1), (None, "terms", 2), (organization_id, "privacy", 7)):
        await pool.execute(
            "INSERT INTO policies (organization_id, kind, version, text, published_by) VALUES ($1, $2, $3, 'T', 'u')",
            owner, kind, version,
        )  # fmt: skip
    agreed = [order(event, 2, wording="checkout-1/fr"), order(event, 3, wording="checkout-1/en"), order(event, 4)]
    assert all([(await books[0].place(each)).placed for each in agreed])
    assert not (await books[0].place(order(event, 1, wording="checkout-1/fr"))).placed
    rows = await pool.fetch("SELECT address, purpose, organization_id, wording, source, withdrawn_at FROM consents")
    kept = ("a@b.test", "organizer_marketing", organization_id, "checkout-1/fr", "checkout", None)
    assert [tuple(row) for row in rows] == [kept]
    accepted = [
        await pool.fetchval("SELECT accepted FROM orders WHERE id = $1", each.id) for each in (plain, agreed[0])
    ]
    assert accepted == [None, {"platform": {"terms": 2}, "organizer": {"privacy": 7}}]
