"""Corrections over HTTP: mails once more, names and addresses with proof, a new code for one that was seen."""

from __future__ import annotations

from tests.handing_on import codes, handed_on, mailed, scan, scanner, start, text_of
from tests.shop import Answer, Shop

ADA, NEW = "ada@example.test", "lovelace@example.test"


async def bought(shop: Shop, quantity: int = 1) -> tuple[Answer, list[dict], dict[str, str], str]:
    await shop.open_event()
    order = await shop.paid(quantity)
    await mailed(shop)
    own = {"X_Order_Token": order["order_token"]}
    return order, await shop.tickets(order), own, f"/v1/orders/{order['order_id']}"


async def test_a_buyer_has_the_tickets_mailed_three_times_an_hour_and_staff_as_they_like(shop: Shop):
    _, _, own, path = await bought(shop)
    for _ in range(3):
        assert (await shop.ask("POST", f"{path}/resend", **own)).status == 202
        assert len(await mailed(shop)) == 1
    often = await shop.ask("POST", f"{path}/resend", **own)
    assert (often.status, often["code"]) == (429, "resent_too_often")
    staff = {"Authorization": await shop.organizer("box_office")}
    assert (await shop.ask("POST", f"{path}/resend", **staff)).status == 202
    assert (await shop.ask("POST", f"{path}/resend", Authorization=await shop.organizer("finance"))).status == 403


async def test_a_buyer_corrects_the_order_with_a_code_from_the_old_address(shop: Shop):
    order, _, own, path = await bought(shop)
    asked = await shop.ask("PATCH", path, {"email": NEW, "name": "Augusta"}, **own)
    assert (asked.status, asked["status"]) == (202, "code_mailed")
    sent = await codes(shop)
    assert set(sent) == {ADA}, "not to the new one"
    wrong = "000000" if sent[ADA] != "000000" else "111111"
    assert (await shop.ask("PATCH", path, {"email": NEW, "code": wrong}, **own))["code"] == "otp_wrong"
    assert (await shop.ask("GET", path, **own))["buyer"]["email"] == ADA
    given = {"email": NEW, "name": "Augusta", "code": sent[ADA]}
    done = await shop.ask("PATCH", f"/api{path}", given, **own)
    assert (done.status, done["buyer"]["email"], done["buyer"]["name"]) == (200, NEW, "Augusta")
    [ticket] = await shop.tickets(order)
    assert (ticket["attendee"], ticket["attendee_email"], ticket["version"]) == ("Augusta", NEW, 1)
    told = [(message["To"].addresses[0].addr_spec, text_of(message)) for message in await mailed(shop)]
    assert sorted(address for address, _ in told) == [ADA, NEW, NEW], "both are told, the new one has the tickets"
    assert all(order["order_id"] not in text for address, text in told if address == ADA), "no way in for the old one"
    used = await shop.ask("PATCH", path, {"name": "Again", "code": sent[ADA]}, **own)
    assert (used.status, used["code"]) == (410, "otp_expired"), "a code is good once"


async def test_staff_correct_an_order_with_a_reason_that_stands_in_its_history(shop: Shop):
    order, _, _, path = await bought(shop)
    staff = {"Authorization": await shop.organizer()}
    silent = await shop.ask("PATCH", path, {"email": NEW}, **staff)
    assert (silent.status, silent["errors"][0]["pointer"]) == (422, "/reason")
    assert (await shop.ask("PATCH", path, {"reason": "why"}, **staff)).status == 422
    assert (await shop.ask("PATCH", path, {"email": "no", "reason": "why"}, **staff)).status == 422
    done = await shop.ask("PATCH", path, {"email": NEW, "reason": "typed wrongly, on the phone"}, **staff)
    assert (done.status, done["buyer"]["email"]) == (200, NEW)
    facts = await shop.services.common.pool.fetchval(
        "SELECT facts FROM audit_log WHERE action = 'order.corrected' AND target = $1", order["order_id"]
    )
    assert (facts["by"], facts["reason"], facts["fields"]) == ("organizer", "typed wrongly, on the phone", ["email"])
    assert NEW not in str(facts)
    assert (await shop.ask("PATCH", path, {"name": "X", "reason": "r"}, Authorization=await shop.organizer("finance"))
            ).status == 403  # fmt: skip


async def test_who_comes_is_named_on_the_ticket_and_at_the_door(shop: Shop):
    _, [ticket], own, _ = await bought(shop)
    path = f"/v1/tickets/{ticket['id']}"
    named = await shop.ask("PATCH", path, {"attendee_name": "Grace", "attendee_email": "G@Example.test"}, **own)
    assert (named.status, named["attendee"], named["attendee_email"]) == (200, "Grace", "g@example.test")
    assert (named["code"], named["version"]) == (ticket["code"], 1)
    for bad in ({}, {"attendee_name": "www.evil.test"}, {"attendee_email": "no"}):
        assert (await shop.ask("PATCH", path, bad, **own)).status == 422, bad
    assert (await shop.ask("PATCH", path, {"attendee_name": "X"}, X_Order_Token="x")).status == 404
    device = await scanner(shop)
    answer = await shop.ask("POST", "/v1/tickets/validate", {"code": ticket["code"]}, Authorization=device)
    assert answer["attendee"] == "Grace"


async def test_a_ticket_issued_again_has_one_code_and_the_old_one_is_stale(shop: Shop):
    _, [ticket], own, _ = await bought(shop)
    device, path = await scanner(shop), f"/v1/tickets/{ticket['id']}"
    again = await shop.ask("POST", f"{path}/reissue", **own)
    assert (again.status, again["version"]) == (201, 2)
    assert again["code"] != ticket["code"]
    assert len(await mailed(shop)) == 1
    assert await scan(shop, device, ticket["code"]) == ("reject", "stale_version")
    assert await scan(shop, device, again["code"]) == ("admit", "ok")
    other = await shop.paid()
    [second] = await shop.tickets(other)
    held = await handed_on(shop, other, second)
    await mailed(shop)
    theirs = await shop.ask("POST", f"/v1/tickets/{second['id']}/reissue", X_Ticket_Token=held)
    assert (theirs.status, theirs["version"]) == (201, 3)
    [message] = await mailed(shop)
    assert message["To"].addresses[0].addr_spec == "grace@example.test"
    gone = await shop.ask("POST", f"/v1/tickets/{second['id']}/reissue", X_Order_Token=other["order_token"])
    assert (gone.status, gone["code"]) == (403, "ticket_handed_on")


async def test_nothing_of_a_ticket_on_its_way_is_corrected(shop: Shop):
    order, [ticket], own, _ = await bought(shop)
    assert (await start(shop, order, ticket)).status == 201
    path = f"/v1/tickets/{ticket['id']}"
    assert (await shop.ask("POST", f"{path}/reissue", **own))["code"] == "transfer_pending"
    assert (await shop.ask("PATCH", path, {"attendee_name": "X"}, **own))["code"] == "transfer_pending"
