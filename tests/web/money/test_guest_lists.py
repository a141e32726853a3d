"""Guest lists: read line by line, all or nothing for faults, and what the door sees of them."""

from __future__ import annotations

from typing import Any

from tests import factories
from tests.shop import Answer, Shop
from tests.web.money.counter import audited, written

TYPES: list[dict[str, Any]] = [
    {"categories": ["Floor"], "name": "Floor"},
    {"categories": ["Box"], "name": "Box seat", "price_cents": 9_000},
]


async def opened(shop: Shop) -> str:
    """An event with two ticket types; the Authorization of somebody who may give comps."""
    await shop.open_event(factories.general("Floor", 20), factories.general("Box", 3), types=TYPES)
    return await shop.organizer("box_office")


async def read_in(shop: Shop, clerk: str, body: Any, key: str | None = None, query: str = "", **more: str) -> Answer:
    path = f"/v1/events/{shop.event_id}/guest-list{query}"
    return await shop.ask("POST", path, body, Authorization=clerk, Idempotency_Key=key or shop.key(), **more)


async def test_a_spreadsheets_table_gives_every_guest_their_tickets_once(shop: Shop):
    clerk = await opened(shop)
    table = "\ufeffName;E-Mail;Type;Quantity\r\nAda Byron;Ada@Example.test;floor;2\r\nBob;;BOX SEAT;\r\n".encode()
    key = shop.key()
    done = await read_in(shop, clerk, table, key, Content_Type="text/csv")
    assert done.status == 200, done.body
    assert (done["created"], done["tickets"], done["faults"]) == (2, 3, [])
    assert (await read_in(shop, clerk, table, key, Content_Type="text/csv")).body == done.body
    assert await written(shop) == (2, 2, 3)
    pool = shop.services.common.pool
    await pool.execute("UPDATE tickets SET checked_in_at = now() WHERE holder_name = 'Bob'")
    guests = await shop.ask("GET", f"/v1/events/{shop.event_id}/guest-list", Authorization=clerk)
    shown = [(each["name"], each["ticket_types"], each["quantity"], each["entered"]) for each in guests["data"]]
    assert shown == [("Ada Byron", "Floor", 2, 0), ("Bob", "Box seat", 1, 1)]
    found = await shop.ask("GET", f"/v1/events/{shop.event_id}/guest-list?q=ada", Authorization=clerk)
    assert [each["email"] for each in found["data"]] == ["ada@example.test"]
    await shop.work("outbox_relay", rounds=3)
    assert len(shop.mailbox.messages) == 1
    await audited(shop)


async def test_a_list_with_faults_says_each_by_its_line_and_gives_nobody_a_ticket(shop: Shop):
    clerk = await opened(shop)
    guests = [
        {"name": "Ada", "type": "Floor", "quantity": 1},
        {"name": " ", "type": "Floor"},
        {"name": "Bob", "email": "nobody", "type": "Stalls", "quantity": "two"},
        {"name": "Cy", "type": "Floor", "quantity": 11},
        {"name": "Di", "email": "di@x.test", "type": "Box seat", "quantity": 2},
        {"name": "Di", "email": "DI@x.test", "type": "Box seat"},
        {"name": "Ed", "type": "Box seat", "quantity": 2},
    ]
    done = await read_in(shop, clerk, {"guests": guests})
    faults = [(fault["line"], fault["code"]) for fault in done["faults"]]
    assert faults == [
        (2, "invalid_name"), (3, "invalid_email"), (3, "unknown_ticket_type"), (3, "invalid_quantity"),
        (4, "max_per_order"), (6, "duplicate"), (7, "sold_out"),
    ]  # fmt: skip
    assert (done["created"], done["faults_total"]) == (0, 7)
    assert await written(shop) == (0, 0, 0)


async def test_a_dry_run_finds_the_faults_and_does_nothing(shop: Shop):
    clerk = await opened(shop)
    fine, query = {"guests": [{"name": "Ada", "type": "Floor"}], "dry_run": True}, "?dry_run=true"
    done = await read_in(shop, clerk, fine)
    assert (done["dry_run"], done["created"], done["faults"]) == (True, 0, [])
    done = await read_in(shop, clerk, b"name,type\nAda,Nowhere\n", query=query, Content_Type="text/csv")
    assert [fault["line"] for fault in done["faults"]] == [2]
    assert await written(shop) == (0, 0, 0)


async def test_what_is_no_guest_list_is_refused(shop: Shop):
    clerk = await opened(shop)
    for body in (b"", b"email\na@b.test\n", b"name\n", b"name,colour\nAda,red\n", b'name\n"Ada\n', b"name\n\xff\n"):
        refused = await read_in(shop, clerk, body, Content_Type="text/csv")
        assert (refused.status, refused["errors"][0]["pointer"]) == (422, "/guests"), body
    assert (await read_in(shop, clerk, {"guests": []})).status == 422
    assert (await read_in(shop, clerk, {"guests": [{"name": "A"}] * 5_001})).status == 422
