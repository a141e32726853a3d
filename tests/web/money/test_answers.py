"""What buyers are asked, over HTTP: from the organizer's list to the order, its tickets, the door and the tables."""

from __future__ import annotations

import csv
import io
from typing import Any

from tests.shop import Answer, Shop

WRITTEN = "SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM order_units) + (SELECT count(*) FROM outbox)"


async def asked(shop: Shop, *questions: dict[str, Any], **more: Any) -> tuple[str, list[str]]:
    """(the organizer's credential, the ids of these questions) once they are asked of buyers."""
    owner = await shop.organizer()
    path = f"/v1/events/{shop.event_id}/questions"
    answer = await shop.ask("PUT", path, {"questions": list(questions), **more}, Authorization=owner)
    assert answer.status == 200, answer.body
    shop.services.sale.selling.forget(shop.event_id)
    return owner, [question["id"] for question in answer["questions"] if not question["retired"]]


def table(answer: Answer) -> list[dict[str, str]]:
    assert answer.status == 200, answer.body
    return list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"))))


async def test_answers_and_names_go_from_the_checkout_to_tickets_door_and_tables(shop: Shop):
    await shop.open_event()
    owner, (how, shirt) = await asked(
        shop, {"label": "How did you hear of us?"},
        {"label": "Shirt", "kind": "choice", "choices": ["S", "M"], "per": "attendee", "required": True},
        named_tickets="required",
    )  # fmt: skip
    public = await shop.ask("GET", f"/v1/events/{shop.event_id}")
    assert (public["named_tickets"], [question["id"] for question in public["questions"]]) == ("required", [how, shirt])

    hold = await shop.hold(2)
    written = await shop.services.common.pool.fetchval(WRITTEN)
    refused = await shop.order(hold, attendees=[{"name": "Bo", "answers": [{"question_id": shirt, "value": "XL"}]}])
    assert (refused.status, {fault["pointer"] for fault in refused["errors"]}) == (
        422, {"/attendees/0/answers/0/value", "/attendees/1/name", "/attendees/1/answers"},
    )  # fmt: skip
    assert await shop.services.common.pool.fetchval(WRITTEN) == written

    attendees = [
        {"name": "Bo", "email": "Bo@x.test", "answers": [{"question_id": shirt, "value": "M"}]},
        {"name": "=Cy", "answers": [{"question_id": shirt, "value": "S"}]},
    ]
    order = await shop.order(hold, answers=[{"question_id": how, "value": "a poster"}], attendees=attendees)
    assert order.status == 201, order.body
    await shop.pay(order)
    await shop.until(order, "paid")
    read = await shop.ask("GET", f"/v1/orders/{order['order_id']}", X_Order_Token=order["order_token"])
    assert [each["value"] for each in read["answers"]] == ["a poster"]
    assert [item["attendee"]["answers"][0]["label"] for item in read["items"]] == ["Shirt", "Shirt"]
    tickets = await shop.tickets(order)
    assert [(each["attendee"], each["attendee_email"]) for each in tickets] == [
        ("Bo", "bo@x.test"), ("=Cy", "ada@example.test"),
    ]  # fmt: skip

    made = await shop.ask("POST", f"/v1/events/{shop.event_id}/devices", {"name": "Door"}, Authorization=owner)
    device = f"Device {made['device_id']}.{made['secret']}"
    verdict = await shop.ask("POST", "/v1/tickets/validate", {"code": tickets[0]["code"]}, Authorization=device)
    assert (verdict["result"], verdict["attendee"]) == ("admit", "Bo")

    await asked(shop, {"id": how, "label": "Who told you?"})
    (line,) = table(await shop.ask("GET", f"/v1/events/{shop.event_id}/export.csv", Authorization=owner))
    assert line["Who told you?"] == "a poster"
    door = table(await shop.ask("GET", f"/v1/events/{shop.event_id}/door-list.csv", Authorization=owner))
    assert [(row["attendee_name"], row["Shirt"], row["status"]) for row in door] == [
        ("Bo", "M", "used"), ("'=Cy", "S", "valid"),
    ]  # fmt: skip


async def test_an_order_of_an_event_that_asks_nothing_is_written_without_answers(shop: Shop):
    await shop.open_event()
    order = await shop.paid()
    row = await shop.services.common.pool.fetchrow(
        "SELECT o.answers, u.attendee, t.holder_name FROM orders o JOIN order_units u ON u.order_id = o.id"
        " JOIN tickets t ON t.order_id = o.id"
    )
    assert tuple(row) == (None, None, "Ada")
    refused = await shop.order(await shop.hold(), answers=[{"question_id": "qst_1", "value": "x"}])
    assert (refused.status, refused["errors"][0]["code"]) == (422, "unknown_question")
    assert order["status"] == "pending"


async def test_a_question_once_published_is_retired_and_nobody_else_sets_them(shop: Shop):
    await shop.open_event()
    owner, (first,) = await asked(shop, {"label": "A", "kind": "checkbox", "required": True})
    _, (second,) = await asked(shop, {"label": "B"})
    path = f"/v1/events/{shop.event_id}/questions"
    kept = await shop.ask("GET", path, Authorization=owner)
    assert [(each["id"], each["retired"]) for each in kept["questions"]] == [(second, False), (first, True)]
    refused = await shop.order(await shop.hold(), answers=[{"question_id": first, "value": True}])
    assert refused.status == 422
    for head, status in ((await shop.organizer("finance"), 403), (None, 401)):
        answer = await shop.ask("PUT", path, {"questions": []}, **({"Authorization": head} if head else {}))
        assert answer.status == status, answer.body
