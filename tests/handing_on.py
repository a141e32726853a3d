"""A buyer's steps of handing a ticket on: the codes come out of the mail, as they do for people."""

from __future__ import annotations

import re
from typing import Any

from tests.shop import Answer, Shop

TO = "grace@example.test"
_CODE = re.compile(r"^(\d{6})$", re.MULTILINE)
_LINK = re.compile(r"\S+\?token=\S+")


def text_of(message: Any) -> str:
    """The plain text of a mail."""
    return str(message.get_body(("plain",)).get_content()).replace("\r\n", "\n")


async def mailed(shop: Shop) -> list[Any]:
    """The mails that are due now, sent."""
    before = len(shop.mailbox.messages)
    for _ in range(5):
        await shop.work("outbox_relay")
    return shop.mailbox.messages[before:]


async def codes(shop: Shop) -> dict[str, str]:
    """The codes of the mails that are due now, by address."""
    found = {}
    for message in await mailed(shop):
        code = _CODE.search(text_of(message))
        if code:
            found[message["To"].addresses[0].addr_spec] = code[1]
    return found


def link_in(message: Any) -> str:
    """The address with ``?token=`` in a mail."""
    found = _LINK.search(text_of(message))
    assert found, text_of(message)
    return found[0]


async def start(shop: Shop, order: Answer, ticket: dict[str, Any], to: str = TO, **more: str) -> Answer:
    """Begin to hand a ticket on."""
    path = f"/v1/tickets/{ticket['id']}/transfer"
    given = {"to_email": to, "to_name": "Grace Hopper"}
    return await shop.ask("POST", path, given, **(more or {"X_Order_Token": order["order_token"]}))


async def step(shop: Shop, transfer: Answer, name: str, body: Any = None, **headers: str) -> Answer:
    """One step of a transfer: confirm, accept, cancel, resend-code."""
    return await shop.ask("POST", f"/v1/transfers/{transfer['transfer_id']}/{name}", body, **headers)


async def handed_on(shop: Shop, order: Answer, ticket: dict[str, Any], to: str = TO, **more: str) -> str:
    """The whole way; the token of the new holder."""
    transfer = await start(shop, order, ticket, to, **more)
    assert transfer.status == 201, transfer.body
    sent = await codes(shop)
    sender = next(code for address, code in sent.items() if address != to)
    assert (await step(shop, transfer, "confirm", {"code": sender})).status == 200
    done = await step(shop, transfer, "accept", {"code": sent[to], "name": "Grace Hopper"})
    assert (done.status, done["status"]) == (200, "completed"), done.body
    return str(done["ticket_token"])


async def scanner(shop: Shop) -> str:
    """The Authorization of a scanner of the event."""
    made = await shop.ask(
        "POST", f"/v1/events/{shop.event_id}/devices", {"name": "Door"}, Authorization=await shop.organizer()
    )
    assert made.status == 201, made.body
    return f"Device {made['device_id']}.{made['secret']}"


async def scan(shop: Shop, device: str, code: str) -> tuple[str, str]:
    """(result, reason) of a code at the door."""
    answer = await shop.ask("POST", "/v1/tickets/validate", {"code": code}, Authorization=device)
    assert answer.status == 200, answer.body
    return answer["result"], answer["reason"]
