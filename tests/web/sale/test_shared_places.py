"""Two ticket types that share places: each has its own held and sold, and everywhere they add up."""

from __future__ import annotations

from typing import Any

from engine.stores.insight import reports
from tests import factories
from tests.shop import Shop

TYPES: list[dict[str, Any]] = [
    {"categories": ["Floor"], "name": "Standard"},
    {"categories": ["Floor"], "name": "Reduced", "price_cents": 500},
    {"categories": ["Floor", "Stalls"], "name": "Anywhere"},
]


async def rows(shop: Shop, **head: str) -> dict[str, tuple[int, int, int]]:
    """(free, held, sold) by type, as the organizer reads them."""
    answer = await shop.ask("GET", f"/v1/events/{shop.event_id}/availability", **head)
    assert answer.status == 200, answer.body
    return {row["id"]: (row["free"], row["held"], row["sold"]) for row in answer["ticket_types"]}


async def test_types_that_share_places_have_each_their_own_held_and_sold(shop: Shop):
    await shop.open_event(factories.general("Floor", 20), factories.general("Stalls", 10), types=TYPES)
    standard, reduced, anywhere = shop.types
    owner = {"Authorization": await shop.organizer()}
    await shop.hold(2, type=standard)
    await shop.hold(1, type=reduced)
    await shop.paid(3, type=reduced)
    await shop.ordered(1, type=anywhere, section="Stalls")
    told = await rows(shop, **owner)
    assert {kind: (held, sold) for kind, (_, held, sold) in told.items()} == {
        standard: (2, 0),
        reduced: (1, 3),
        anywhere: (0, 1),
    }
    pulse = await shop.pulse()
    assert sum(held for _, held, _ in told.values()) == pulse["held"] == 3
    assert sum(sold for _, _, sold in told.values()) == pulse["sold"] + pulse["ordered"] == 4
    assert told[standard][0] == told[reduced][0] == 14
    for kind in shop.types:  # one type asked alone says the same
        alone = await shop.ask("GET", f"/v1/events/{shop.event_id}/ticket-types/{kind}/availability", **owner)
        assert (alone["free"], alone["held"], alone["sold"]) == told[kind]
    sold = {row["id"]: row["sold"] for row in await reports.by_type(shop.services.common.pool, shop.event_id)}
    assert sold == {standard: 0, reduced: 3, anywhere: 0}, "reports count what is paid"


async def test_what_is_given_back_leaves_its_own_type_alone(shop: Shop):
    await shop.open_event(types=TYPES[:2])
    standard, reduced = shop.types
    owner = {"Authorization": await shop.organizer()}
    first = await shop.hold(2, type=standard)
    await shop.hold(3, type=reduced)
    released = await shop.ask("DELETE", f"/v1/holds/{first['id']}", X_Order_Token=first["hold_token"])
    assert released.status in {200, 204}
    told = await rows(shop, **owner)
    assert {kind: numbers[1:] for kind, numbers in told.items()} == {standard: (0, 0), reduced: (3, 0)}
