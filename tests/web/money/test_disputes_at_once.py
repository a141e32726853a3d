"""Disputes of one payment at one moment: each keeps what is its own, and the newest word of the provider stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from engine.domain.money.disputes import ProviderDispute
from tests.shop import Shop
from tests.web.money.banks import ADMIN, audited, close, dispute, listed, statuses

TWENTY = [{"categories": ["Floor"], "price_cents": 2000}]


async def test_a_dispute_that_is_over_gives_back_no_ticket_that_another_took(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    await shop.open_event(types=TWENTY)
    order = await shop.paid(1)
    disputes = shop.services.money.disputes
    won = await dispute(shop, order)
    await shop.until(order, "disputed")
    await close(shop, won, "won")
    await shop.until(order, "paid")
    other = await dispute(shop, order)
    await shop.until(order, "disputed")
    ask = disputes._gateway.disputes_of

    async def over_comes_last(intent_id: str) -> list[ProviderDispute]:
        """Two of one second have no order of their own."""
        return [
            replace(said, opened_at=said.opened_at + timedelta(hours=1)) if said.id == won["id"] else said
            for said in await ask(intent_id)
        ]

    monkeypatch.setattr(disputes._gateway, "disputes_of", over_comes_last)
    kept = await shop.orders.read(order["order_id"], person=ADMIN, token=None)
    for state, ticket in (("disputed", "blocked"), ("charged_back", "cancelled")):
        if ticket == "cancelled":
            await close(shop, other, "lost")
            await shop.until(order, "charged_back")
        for _ in range(3):
            await disputes.converge(kept)
            assert ((await shop.status(order))["status"], await statuses(shop, order)) == (state, [ticket])
    await audited(shop)


async def test_what_was_read_at_the_provider_before_is_not_written_over_what_was_read_after_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    await shop.open_event(types=TWENTY)
    order = await shop.paid(1)
    opened = await dispute(shop, order)
    await shop.until(order, "disputed")
    disputes = shop.services.money.disputes
    kept = await shop.orders.read(order["order_id"], person=ADMIN, token=None)
    ask, asked = disputes._gateway.disputes_of, []

    async def slowly(intent_id: str) -> list[ProviderDispute]:
        found = await ask(intent_id)
        asked.append(intent_id)
        if len(asked) == 1:  # its answer is on its way while the bank decides, and the other process hears of it
            await close(shop, opened, "lost")
            await shop.until(order, "charged_back")
        return found

    monkeypatch.setattr(disputes._gateway, "disputes_of", slowly)
    await disputes.converge(kept)
    assert len(asked) == 2
    assert ((await shop.status(order))["status"], await statuses(shop, order)) == ("charged_back", ["cancelled"])
    (row,) = await listed(shop)
    assert row["standing"] == "lost"
