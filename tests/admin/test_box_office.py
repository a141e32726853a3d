"""The box office's pages: a sale, its receipt and labels, the drawer, the guests, and places kept from sale."""

from __future__ import annotations

import re
from typing import Any

from engine.services.wiring import Services
from tests.admin.organizer import Organizer, Page

KEY = "k" * 24


async def sell(organizer: Organizer, services: Services, event_id: str, quantity: str = "1", **more: str) -> Page:
    kind = await services.common.pool.fetchval("SELECT id FROM ticket_types WHERE event_id = $1", event_id)
    fields = {"key": KEY, "kinds": kind, "quantities": quantity, "paid_by": "cash", **more}
    return await organizer.post(f"/events/{event_id}/box-office", fields)


async def test_a_clerk_sells_and_sees_change_receipt_and_labels(
    organizer: Organizer, services: Services, chart: str
) -> None:
    _, _, event_id = await organizer.published(chart)
    at = f"/events/{event_id}/box-office"
    counter = await organizer.get(at)
    assert "Regular" in counter.words
    assert "CA$45.00 20 free" in counter.words
    total = await organizer.get(f"{at}/total?kinds=x&quantities=1", **{"HX-Request": "true"})
    assert "no such ticket type" in total.words
    page = await sell(organizer, services, event_id, "2", received="100", name="Grace Hopper")
    assert page.status == 200, page.words
    assert page.url.path.startswith(f"{at}/sold/ord_")
    assert "2 tickets sold" in page.words
    assert re.search(r"Change CA\$10\.00", page.words)
    again = await sell(organizer, services, event_id, "2", received="100", name="Grace Hopper")
    assert again.url == page.url, "the same form sells once"
    other = await sell(organizer, services, event_id, "3", received="200")
    assert other.status == 422
    assert "sent before with something else" in other.words
    labels = await organizer.get(page.url.path + "/labels")
    assert labels.text.count("data:image/png;base64,") == 2
    assert "Grace Hopper" in labels.words
    async with organizer.client.get(organizer.base.join(page.url) / "tickets.pdf") as sheet:
        assert (sheet.status, sheet.content_type, (await sheet.read())[:5]) == (200, "application/pdf", b"%PDF-")
    order = await organizer.get(page.url.path.replace("box-office/sold", "orders"))
    assert "Sold at the box office Cash" in order.words


async def test_what_the_clerk_got_wrong_stands_at_its_field_with_what_was_typed(
    organizer: Organizer, services: Services, chart: str
) -> None:
    _, _, event_id = await organizer.published(chart)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"quantity": "0"}, "Say how many tickets"),
        ({"quantity": "two"}, "Write a number from 0 to 50"),
        ({"received": "44"}, "It costs CA$45.00"),
        ({"paid_by": "comp"}, "Say why these tickets are given away"),
        ({"email": "nobody"}, "This is not an e-mail address"),
        ({"seats": "Stalls/Z/1"}, "has no such seat"),
    ]
    for more, told in cases:
        page = await sell(organizer, services, event_id, more.pop("quantity", "1"), **more)
        assert page.status == 422, page.words
        assert told in page.words, (more, page.words)
        assert all(f'value="{typed}"' in page.text for typed in more.values()), more
    assert await services.common.pool.fetchval("SELECT count(*) FROM orders") == 0


async def test_a_drawer_is_opened_counted_and_listed(organizer: Organizer, services: Services, chart: str) -> None:
    _, _, event_id = await organizer.published(chart)
    at = f"/events/{event_id}/box-office"
    assert "Your drawer is open" in (await organizer.post(f"{at}/drawer/open", {"float_cents": "50"})).words
    assert "open already" in (await organizer.post(f"{at}/drawer/open", {})).words
    await sell(organizer, services, event_id, "1")
    assert "Taken, 1 sale CA$45.00" in (await organizer.get(at)).words
    assert "Write an amount" in (await organizer.post(f"{at}/drawer/close", {"counted_cents": "much"})).words
    page = await organizer.post(f"{at}/drawer/close", {"counted_cents": "94.50"})
    assert "Your drawer is closed" in page.words
    assert "CA$95.00 CA$94.50 -CA$0.50" in page.words


async def test_a_guest_list_is_tried_then_given_and_the_door_sees_it(
    organizer: Organizer, services: Services, chart: str
) -> None:
    _, _, event_id = await organizer.published(chart)
    at = f"/events/{event_id}/guests"
    given = {"key": KEY, "guests": "name;quantity\nAda;2\n;1\n", "what": "give"}
    page = await organizer.post(at, given)
    assert "Nobody was given a ticket: 1 fault" in page.words
    assert "3 A guest has a name" in page.words
    assert "Ada;2" in page.text, "the list stands there to be mended"
    given["guests"] = "name;quantity\nAda;2\nBob;1\n"
    page = await organizer.post(at, given | {"what": "try"})
    assert "The list is in order" in page.words
    page = await organizer.post(at, given)
    assert "2 guests now have 3 tickets" in page.words
    assert "0 of 3 in" in page.words
    assert "Bob" not in (await organizer.get(f"{at}?q=ada")).words


async def test_places_are_blocked_and_put_on_sale_again(organizer: Organizer, services: Services, chart: str) -> None:
    _, _, event_id = await organizer.published(chart)
    at = f"/events/{event_id}/blocked"
    page = await organizer.post(at, {"seats": "Stalls/A/2", "reason": "Pillar"})
    assert "1 place is kept from sale" in page.words
    assert "Stalls/A/2 Pillar" in page.words
    await organizer.post(at, {"section": "Floor", "quantity": "3", "reason": "Riser"})
    page = await organizer.post(at, {"seats": "Stalls/A/2", "reason": "Again"})
    assert (page.status, "not free" in page.words) == (422, True)
    assert (await organizer.post(at, {"reason": "Nothing named"})).status == 422
    page = await organizer.post(f"{at}/free", {"section": "Floor", "quantity": "3"})
    assert "3 places are on sale again" in page.words
    assert "1 place" in page.words
