"""Handing a ticket on over HTTP: two codes in either order, one good code at any time, and every way of no."""

from __future__ import annotations

import pytest

from engine.domain.accounts.errors import MailThrottled
from engine.domain.tickets.transfers import FREE_TO_ONE_ADDRESS_A_DAY_MAX, NewTransfer
from engine.services.tickets.tickets import Asker
from engine.stores.gates.gate_bundles import live_tickets
from tests.handing_on import TO, codes, handed_on, link_in, mailed, scan, scanner, start, step, text_of
from tests.shop import Answer, Shop

ADA = "ada@example.test"


async def bought(shop: Shop, quantity: int = 1, **columns: object) -> tuple[Answer, list[dict]]:
    await shop.open_event(**columns)
    order = await shop.paid(quantity)
    await mailed(shop)
    return order, await shop.tickets(order)


@pytest.mark.parametrize("first", ["confirm", "accept"])
async def test_a_ticket_changes_hands_once_both_have_shown_their_codes(shop: Shop, first: str):
    order, [ticket] = await bought(shop)
    device, old = await scanner(shop), ticket["code"]
    transfer = await start(shop, order, ticket)
    assert (transfer.status, transfer["status"]) == (201, "pending"), transfer.body
    assert await scan(shop, device, old) == ("reject", "transfer_pending")
    sent = await codes(shop)
    assert set(sent) == {ADA, TO}
    bodies = {"confirm": {"code": sent[ADA]}, "accept": {"code": sent[TO], "name": "Grace Hopper"}}
    last = "accept" if first == "confirm" else "confirm"
    half = await step(shop, transfer, first, bodies[first])
    assert (half.status, half["status"], half["ticket_token"]) == (200, "pending", None)
    assert await scan(shop, device, old) == ("reject", "transfer_pending")
    done = await step(shop, transfer, last, bodies[last])
    assert (done.status, done["status"]) == (200, "completed")
    # The recipient asks again and hears the same; the sender never hears the token.
    again = await step(shop, transfer, "accept", bodies["accept"])
    assert (await step(shop, transfer, "confirm", bodies["confirm"]))["ticket_token"] is None
    mine = {"X_Ticket_Token": again["ticket_token"]}
    path = f"/v1/tickets/{ticket['id']}"
    seen = await shop.ask("GET", path, **mine)
    assert (seen["version"], seen["attendee"], seen["attendee_email"]) == (2, "Grace Hopper", TO)
    for face in ("qr.svg", "qr.png", "pdf"):
        assert (await shop.ask("GET", f"{path}/{face}", **mine)).status == 200
        gone = await shop.ask("GET", f"{path}/{face}", X_Order_Token=order["order_token"])
        assert (gone.status, gone["code"]) == (403, "ticket_handed_on")
    theirs = await shop.ask("GET", path, X_Order_Token=order["order_token"])
    assert (theirs["status"], theirs["code"], theirs["attendee"]) == ("transferred", None, "")
    assert [(each["status"], each["code"]) for each in await shop.tickets(order)] == [("transferred", None)]
    assert await scan(shop, device, old) == ("reject", "stale_version")
    assert await scan(shop, device, seen["code"]) == ("admit", "ok")
    told = {message["To"].addresses[0].addr_spec: message for message in await mailed(shop)}
    assert set(told) == {ADA, TO}
    assert any(part.get_content_type() == "application/pdf" for part in told[TO].walk())
    assert not any(part.get_content_type() == "application/pdf" for part in told[ADA].walk())
    assert again["ticket_token"] in link_in(told[TO])
    assert again["ticket_token"] not in text_of(told[ADA])


async def test_what_gates_take_offline_follows_each_step(shop: Shop):
    order, [ticket] = await bought(shop)
    bundles, pool = shop.services.gates.gate_bundles, shop.services.common.pool

    async def listed() -> tuple[list[int], tuple[str, int]]:
        """Versions in the list of codes; (reason, least good version) of the newest change."""
        feed = await bundles.changes(shop.event_id, 0, 100)
        versions = [each.version for each in await live_tickets(pool, shop.event_id)]
        return versions, (feed[-1]["reason"], feed[-1]["min_version"])

    transfer = await start(shop, order, ticket)
    assert await listed() == ([], ("transfer_pending", 65536))
    await step(shop, transfer, "cancel", X_Order_Token=order["order_token"])
    assert await listed() == ([1], ("valid", 1))
    await mailed(shop)
    await handed_on(shop, order, ticket)
    assert await listed() == ([2], ("valid", 2))


async def test_a_buyers_mail_holds_no_ticket_that_was_handed_on(shop: Shop):
    order, tickets = await bought(shop, 2)
    await handed_on(shop, order, tickets[0])
    await mailed(shop)
    token = {"X_Order_Token": order["order_token"]}
    assert (await shop.ask("POST", f"/v1/orders/{order['order_id']}/resend", **token)).status == 202
    [message] = await mailed(shop)
    images = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert len(images) == 1


async def test_what_is_called_back_has_the_same_code_again(shop: Shop):
    order, [ticket] = await bought(shop)
    device = await scanner(shop)
    transfer = await start(shop, order, ticket)
    sent = await codes(shop)
    token = {"X_Order_Token": order["order_token"]}
    gone = await step(shop, transfer, "cancel", **token)
    assert (gone.status, gone["status"]) == (200, "cancelled")
    late = await step(shop, transfer, "accept", {"code": sent[TO], "name": "G"})
    assert (late.status, late["code"], late["transfer_status"]) == (409, "transfer_over", "cancelled")
    assert (await step(shop, transfer, "cancel", **token))["code"] == "transfer_over"
    assert (await step(shop, transfer, "resend-code"))["code"] == "transfer_over"
    [again] = await shop.tickets(order)
    assert (again["code"], again["version"], again["status"]) == (ticket["code"], 1, "valid")
    assert {message["To"].addresses[0].addr_spec for message in await mailed(shop)} == {ADA, TO}
    assert await scan(shop, device, ticket["code"]) == ("admit", "ok")


@pytest.mark.parametrize("over", ["48 hours", "the doors"])
async def test_time_ends_it_and_the_same_code_is_good_again(shop: Shop, over: str):
    order, [ticket] = await bought(shop)
    device, pool = await scanner(shop), shop.services.common.pool
    transfer = await start(shop, order, ticket)
    sent = await codes(shop)
    if over == "48 hours":
        await pool.execute("UPDATE ticket_transfers SET expires_at = now() - interval '1 second'")
        early = await step(shop, transfer, "confirm", {"code": sent[ADA]})
        assert (early.status, early["transfer_status"]) == (409, "expired"), "nobody need wait for the job"
    else:
        await pool.execute("UPDATE events SET starts_at = now() - interval '1 s', ends_at = now() + interval '3 h'")
    await shop.work("transfer_expiry")
    assert await pool.fetchval("SELECT status FROM ticket_transfers") == "expired"
    [again] = await shop.tickets(order)
    assert (again["code"], again["version"]) == (ticket["code"], 1)
    assert await scan(shop, device, ticket["code"]) == ("admit", "ok")


async def test_wrong_expired_and_locked_codes_are_told_apart_and_another_is_mailed(shop: Shop):
    order, [ticket] = await bought(shop)
    transfer = await start(shop, order, ticket)
    sent = await codes(shop)
    wrong = {"code": "000000" if sent[TO] != "000000" else "111111", "name": "G"}
    for left in (4, 3, 2, 1, 0):
        refused = await step(shop, transfer, "accept", wrong)
        assert (refused.status, refused["code"], refused["tries_left"]) == (422, "otp_wrong", left)
    locked = await step(shop, transfer, "accept", {"code": sent[TO], "name": "G"})
    assert (locked.status, locked["code"]) == (429, "otp_locked"), "the right one comes too late"
    assert (await step(shop, transfer, "confirm", {"code": sent[TO]}))["code"] == "otp_wrong", "it is another's"
    fresh = {}
    for _ in range(3):
        assert (await step(shop, transfer, "resend-code", {"to": "recipient"})).status == 202
        fresh = await codes(shop)
        assert set(fresh) == {TO}
    often = await step(shop, transfer, "resend-code", {"to": "recipient"})
    assert (often.status, often["code"]) == (429, "resend_limit_reached")
    pool = shop.services.common.pool
    await pool.execute("UPDATE one_time_codes SET expires_at = now() - interval '1 second' WHERE part = 'recipient'")
    old = await step(shop, transfer, "accept", {"code": fresh[TO], "name": "G"})
    assert (old.status, old["code"]) == (410, "otp_expired")
    await pool.execute("UPDATE one_time_codes SET expires_at = now() + interval '9 minutes'")
    assert (await step(shop, transfer, "confirm", {"code": sent[ADA]})).status == 200
    assert (await step(shop, transfer, "accept", {"code": fresh[TO], "name": "G"}))["status"] == "completed"
    kept = await pool.fetch("SELECT code_hash FROM one_time_codes")
    assert all(fresh[TO].encode() not in row["code_hash"] for row in kept)


async def test_what_cannot_be_handed_on_says_why(shop: Shop):
    order, tickets = await bought(shop, 2)
    device, pool = await scanner(shop), shop.services.common.pool
    own = await start(shop, order, tickets[0], "Ada@Example.test")
    assert (own.status, own["errors"][0]["code"]) == (422, "own_address")
    for bad in ({"to_email": "nobody"}, {"to_email": TO, "to_name": "see evil.test"}, {}):
        refused = await shop.ask(
            "POST", f"/v1/tickets/{tickets[0]['id']}/transfer", bad, X_Order_Token=order["order_token"]
        )
        assert refused.status == 422, refused.body
    assert (await start(shop, order, tickets[0], X_Order_Token="x"))["code"] == "not_found"
    assert (await start(shop, order, tickets[0])).status == 201
    assert (await start(shop, order, tickets[0]))["code"] == "transfer_pending"
    assert await scan(shop, device, tickets[1]["code"]) == ("admit", "ok")
    assert (await start(shop, order, tickets[1]))["code"] == "ticket_already_used"
    for columns, code in (
        ("allow_transfers = false", "transfers_closed"),
        ("allow_transfers = true, max_transfers = 0", "transfer_limit_reached"),
        ("max_transfers = 3, starts_at = now() - interval '1 minute'", "transfers_closed"),
    ):
        fresh = await shop.paid()
        [ticket] = await shop.tickets(fresh)
        await pool.execute(f"UPDATE events SET {columns}")
        refused = await start(shop, fresh, ticket)
        assert (refused.status, refused["code"]) == (409, code), columns
        await pool.execute(
            "UPDATE events SET allow_transfers = true, max_transfers = 3, starts_at = now() + interval '1 d'"
        )
    for status in ("refunded", "cancelled", "blocked"):
        await pool.execute("UPDATE tickets SET status = $2 WHERE id = $1", ticket["id"], status)
        refused = await start(shop, fresh, ticket)
        assert (refused.status, refused["code"], refused["ticket_status"]) == (409, "ticket_not_live", status)


async def test_a_ticket_goes_on_to_the_next_until_its_event_allows_no_more(shop: Shop):
    order, [ticket] = await bought(shop)
    await shop.services.common.pool.execute("UPDATE events SET max_transfers = 2")
    first = await handed_on(shop, order, ticket)
    assert (await start(shop, order, ticket))["code"] == "ticket_handed_on"
    second = await handed_on(shop, order, ticket, "third@example.test", X_Ticket_Token=first)
    path = f"/v1/tickets/{ticket['id']}"
    assert (await shop.ask("GET", path, X_Ticket_Token=first)).status == 404
    assert (await shop.ask("GET", path, X_Ticket_Token=second))["version"] == 3
    over = await start(shop, order, ticket, "fourth@example.test", X_Ticket_Token=second)
    assert (over["code"], over["max_transfers"]) == ("transfer_limit_reached", 2)
    staff = await shop.organizer()
    rows = (await shop.ask("GET", f"/v1/orders/{order['order_id']}/transfers", Authorization=staff))["data"]
    assert [(row["from_email"], row["to_email"], row["old_version"], row["new_version"]) for row in rows] == [
        (ADA, TO, 1, 2), (TO, "third@example.test", 2, 3)
    ]  # fmt: skip


async def test_a_refund_ends_the_transfer_and_both_are_told(shop: Shop):
    order, [ticket] = await bought(shop)
    transfer = await start(shop, order, ticket)
    sent = await codes(shop)
    staff = {"Authorization": await shop.organizer(), "Idempotency_Key": shop.key()}
    assert (await shop.ask("POST", f"/v1/orders/{order['order_id']}/refunds", {"reason": "r"}, **staff)).status == 201
    assert (await step(shop, transfer, "accept", {"code": sent[TO], "name": "G"}))["transfer_status"] == "ended"
    await shop.work("transfer_expiry")
    told = [text_of(message) for message in await mailed(shop)]
    assert sum("ended" in text for text in told) == 2
    (report,) = await shop.services.insight.audit.check(shop.event_id)
    assert report["ok"], report["problems"]


async def test_only_its_sides_and_staff_end_a_transfer(shop: Shop):
    order, [ticket] = await bought(shop)
    transfer = await start(shop, order, ticket)
    links = {message["To"].addresses[0].addr_spec: link_in(message) for message in await mailed(shop)}
    assert (await step(shop, transfer, "cancel")).status == 401
    stranger = await shop.paid()
    assert (await step(shop, transfer, "cancel", X_Order_Token=stranger["order_token"]))["code"] == "transfer_unknown"
    assert (await step(shop, transfer, "cancel", Authorization=await shop.organizer("finance"))).status == 403
    declined = await step(shop, transfer, "cancel", X_Transfer_Token=links[TO].partition("token=")[2])
    assert (declined.status, declined["status"]) == (200, "cancelled")
    nowhere = await shop.ask("POST", "/v1/transfers/trf_01ARZ3NDEKTSV4RRFFQ69G5FAV/confirm", {"code": "1"})
    assert (nowhere.status, nowhere["code"]) == (404, "transfer_unknown")


async def test_free_tickets_write_to_one_stranger_only_a_few_times(shop: Shop):
    await shop.open_event(types=[{"categories": ["Floor"], "price_cents": 0, "max_per_order": 10}])
    order = await shop.ordered(7)
    transfers, tickets = shop.services.tickets.transfers, await shop.tickets(order)
    transfers._lifted = False
    asker = Asker(order_token=order["order_token"])
    for ticket in tickets[:FREE_TO_ONE_ADDRESS_A_DAY_MAX]:
        await transfers.start(asker, ticket["id"], NewTransfer(TO))
    with pytest.raises(MailThrottled):
        await transfers.start(asker, tickets[-1]["id"], NewTransfer(TO))
    await transfers.start(asker, tickets[-1]["id"], NewTransfer("somebody.else@example.test"))
