"""Tokens of tickets and transfers: each opens one thing for one person, and none is an order's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import hotpath_rs
from engine.domain.tickets.order_links import LINKS_END_AFTER, OrderLink
from engine.domain.tickets.ticket_links import HolderLink, mint_side, side_of

PLATFORM = hotpath_rs.Keyring([(1, b"1" * 32)]).platform()
OTHER = hotpath_rs.Keyring([(1, b"2" * 32)]).platform()
NOW = datetime(2027, 1, 1, tzinfo=UTC)
TICKET, TRANSFER = "tkt_01ARZ3NDEKTSV4RRFFQ69G5FAV", "trf_01ARZ3NDEKTSV4RRFFQ69G5FAV"


def link(handed_on: int, ends_at: datetime = NOW) -> HolderLink:
    return HolderLink(TICKET, handed_on, ends_at)


def test_a_holders_token_ends_with_the_next_transfer_and_thirty_days_after_the_event():
    token = link(1).mint(PLATFORM)
    assert link(1).opens(PLATFORM, token, NOW)
    assert not link(2).opens(PLATFORM, token, NOW)
    assert not link(1, NOW - LINKS_END_AFTER).opens(PLATFORM, token, NOW)
    assert not HolderLink(TICKET[:-1] + "W", 1, NOW).opens(PLATFORM, token, NOW)
    assert not link(1).opens(OTHER, token, NOW)


def test_nobody_has_a_token_of_a_ticket_that_was_never_handed_on():
    assert not link(0).opens(PLATFORM, link(0).mint(PLATFORM), NOW)


def test_tokens_of_tickets_transfers_and_orders_open_nothing_of_each_other():
    order = OrderLink("ord_01ARZ3NDEKTSV4RRFFQ69G5FAV", 0, NOW + timedelta(days=1))
    tokens = {
        "ticket": link(1).mint(PLATFORM),
        "order": order.mint(PLATFORM),
        "side": mint_side(PLATFORM, TRANSFER, "sender"),
    }
    assert [name for name, token in tokens.items() if link(1).opens(PLATFORM, token, NOW)] == ["ticket"]
    assert [name for name, token in tokens.items() if order.opens(PLATFORM, token, NOW)] == ["order"]
    assert [name for name, token in tokens.items() if side_of(PLATFORM, TRANSFER, token)] == ["side"]


def test_each_side_of_a_transfer_has_a_token_of_its_own():
    assert side_of(PLATFORM, TRANSFER, mint_side(PLATFORM, TRANSFER, "recipient")) == "recipient"
    assert side_of(PLATFORM, TRANSFER[:-1] + "W", mint_side(PLATFORM, TRANSFER, "sender")) is None
    for junk in (None, "", "x", "x" * 4000, PLATFORM.mint_order_token(f"{TRANSFER}.owner")):
        assert side_of(PLATFORM, TRANSFER, junk) is None
