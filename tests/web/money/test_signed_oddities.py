"""What the provider signs is taken, whatever it says: read, kept or ignored, and never a dead letter."""

from __future__ import annotations

import time
from typing import Any

import orjson
import pytest
import stripe

from tests.shop import Answer, Shop
from tests.stripe_events import SECRET, deliver, event_of, intent_of


async def send(shop: Shop, body: bytes) -> Answer:
    at_s = int(time.time())
    signature = stripe.WebhookSignature._compute_signature(f"{at_s}.{body.decode()}", SECRET)
    return await shop.ask("POST", "/v1/webhooks/stripe", body, Stripe_Signature=f"t={at_s},v1={signature}")


async def left(shop: Shop) -> list[tuple[str, str]]:
    """Events that wait to be tried again, or never will be."""
    rows = await shop.services.common.pool.fetch(
        "SELECT id, status FROM webhook_events WHERE status NOT IN ('processed', 'ignored')"
    )
    return [(row["id"], row["status"]) for row in rows]


OBJECTS: list[Any] = [
    None, [], {}, "pi_1", 7, {"id": None}, {"id": 7}, {"id": {"id": "pi_1"}}, {"id": ""}, {"id": "pi_\0"},
    {"id": "pi_1", "metadata": None}, {"id": "pi_1", "metadata": []}, {"id": "pi_1", "metadata": "ord_1"},
    {"id": "pi_1", "metadata": {"order_id": None}}, {"id": "pi_1", "metadata": {"order_id": 7}},
    {"id": "pi_1", "metadata": {"order_id": {"a": 1}}}, {"id": "pi_1", "metadata": {"order_id": "ord_\0"}},
    {"id": "pi_1", "metadata": {"order_id": "x" * 10_000}}, {"id": "y" * 10_000},
    {"id": "re_1", "payment_intent": None}, {"id": "re_1", "payment_intent": 7}, {"id": "re_1", "payment_intent": []},
    {"id": "re_1", "payment_intent": {}}, {"id": "re_1", "payment_intent": {"id": None, "metadata": None}},
    {"id": "re_1", "payment_intent": "pi_\0"}, {"id": "pi_1", "amount": 10**18, "note": "a\0b", "a\0b": {"\0": "\0"}},
]  # fmt: skip
KINDS = ["payment_intent.succeeded", "charge.refunded", "refund.updated", "charge.dispute.created",
         "checkout.session.completed", "charge.dispute.closed", "nothing.we.know", "\0", "."]  # fmt: skip


async def test_whatever_a_field_holds_the_event_is_taken_and_nothing_waits(shop: Shop):
    for number, about in enumerate(OBJECTS):
        for kind in KINDS:
            answer = await deliver(shop, event_of(kind, about, f"evt_{number}_{KINDS.index(kind)}"))
            assert answer.status == 200, (kind, about, answer.body)
    assert await left(shop) == []


BODIES = [
    b'{"id":"evt_a","type":"payment_intent.succeeded","data":null}',
    b'{"id":"evt_b","type":"payment_intent.succeeded"}',
    b'{"id":"evt_c","type":"charge.refunded","data":[]}', b'{"id":"evt_d","type":"charge.refunded","data":"x"}',
    b'{"id":"evt_e","type":"payment_intent.succeeded","data":{"object":{"id":"pi_\\u0000","amount":1e999}}}',
    b'{"id":"evt_f","type":"payment_intent.succeeded","data":{"object":{"amount":' + b"9" * 6_000 + b"}}}",
    b'{"id":"evt_g","type":"payment_intent.succeeded","data":{"object":{"name":"\\ud800"}}}',
    b'{"id":"evt_h","type":"payment_intent.succeeded","data":{"object":{"amount":NaN,"other":-Infinity}}}',
    b'{"id":"evt_i\\u0000","type":"payment\\u0000","data":{}}', b'{"id":7,"type":"charge.refunded","data":{}}',
    b'{"type":"charge.refunded","data":{}}', b'{"id":"evt_k","data":{}}', b'{"id":null,"type":null}', b"[]", b"null",
    b"7", b'"text"', b"", b"{", b"not json", b"\0", b'{"id":"' + b"z" * 5_000 + b'","type":"charge.refunded"}',
    b'{"id":"evt_l","type":"' + b"t" * 5_000 + b'"}', b"[" * 5_000, b'{"data":' * 3_000 + b"1" + b"}" * 3_000,
    b'{"id":"evt_m","type":"charge.refunded","data":{"object":' + b'{"a":' * 900 + b"1" + b"}" * 902,
    b'{"id":"evt_n","type":"charge.refunded","data":{"object":{"id":"\x01"}}}',
    b'{"id":"evt_o","type":"charge.refunded","id":"evt_p","data":{"object":{"amount":123456789012345678901234567890}}}',
]  # fmt: skip


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
async def test_no_signed_body_is_refused(shop: Shop, body: bytes):
    for _ in range(2):
        answer = await send(shop, body)
        assert answer.status == 200, answer.body
    assert await left(shop) == []


@pytest.mark.parametrize("expanded", [False, True])
async def test_an_expanded_payment_is_read_as_its_id_is(shop: Shop, expanded: bool):
    await shop.open_event()
    order = await shop.paid(2)
    await shop.switch(webhook_enabled=False)
    dispute = await shop.sandbox("disputes", {"payment_intent": intent_of(order)})
    intent = {"id": intent_of(order), "object": "payment_intent", "metadata": None} if expanded else intent_of(order)
    about = {"id": dispute["id"], "charge": {"id": "ch_1"}, "payment_intent": intent, "reason": None}
    assert (await deliver(shop, event_of("charge.dispute.created", about, "evt_dispute"))).status == 200
    assert {ticket["status"] for ticket in await shop.tickets(order)} == {"blocked"}
    assert await left(shop) == []


async def test_a_payment_that_the_provider_does_not_know_is_ignored(shop: Shop):
    await shop.open_event(types=[{"categories": ["Floor"], "price_cents": 0}])
    order = await shop.ordered()
    about = {"id": "pi_unheard_of", "metadata": {"order_id": order["order_id"]}}
    pool = shop.services.common.pool
    await pool.execute("UPDATE orders SET status = 'pending', amount_cents = 500 WHERE id = $1", order["order_id"])
    assert (await deliver(shop, event_of("payment_intent.succeeded", about, "evt_unheard"))).status == 200
    assert await left(shop) == []


async def test_a_kept_event_holds_what_was_sent_as_far_as_it_can_be_kept(shop: Shop):
    about = b'{"id":"ch_1","note":"a\\u0000b","n":[1,2.5,true,null]}'
    body = b'{"id":"evt_kept","type":"charge.refunded","data":{"object":' + about + b"}}"
    assert (await send(shop, body)).status == 200
    row = await shop.services.common.pool.fetchrow("SELECT object_id, payload::text AS kept FROM webhook_events")
    kept = orjson.loads(row["kept"])["data"]["object"]
    assert (row["object_id"], kept) == ("ch_1", {"id": "ch_1", "note": "a\ufffdb", "n": [1, 2.5, True, None]})
