"""Webhooks in every weather: late, doubled, lost, reordered, refused and repeated."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import stripe

if TYPE_CHECKING:
    from tests.loadtest.conftest import Ear, Running

KIND = "payment_intent.succeeded"


async def pay(sandbox: Running):
    return await sandbox.stripe.v1.payment_intents.create_async(
        {"amount": 4525, "currency": "cad", "confirm": True, "payment_method": "pm_card_visa"}
    )


async def only(sandbox: Running, **more):
    await sandbox.switch(webhook_events=[KIND], **more)


async def test_a_refused_webhook_is_repeated_until_it_is_taken(sandbox: Running, ear: Ear):
    await only(sandbox, webhook_retry_base_ms=10)
    ear.answers = [500, 404, 302]
    await pay(sandbox)
    await ear.hears(KIND, copies=4)
    assert len({event["id"] for event in ear.heard}) == 1
    await asyncio.sleep(0.05)
    assert (await sandbox.see("state"))["webhooks"] == {"attempts": 4, "delivered": 1, "refused": 3, "waiting": 0}


async def test_a_webhook_nobody_takes_is_given_up_after_its_attempts(sandbox: Running, ear: Ear):
    await only(sandbox, webhook_retry_base_ms=5, webhook_attempts_max=3)
    ear.answers = [500] * 9
    await pay(sandbox)
    await ear.hears(KIND, copies=3)
    await asyncio.sleep(0.1)
    assert len(ear.heard) == 3
    assert (await sandbox.see("state"))["webhooks"]["given_up"] == 1


async def test_each_repetition_is_signed_anew_over_the_same_bytes(sandbox: Running, ear: Ear):
    await only(sandbox, webhook_retry_base_ms=10)
    ear.answers = [500]
    await pay(sandbox)
    await ear.hears(KIND, copies=2)
    assert ear.raw[0][0] == ear.raw[1][0]
    for payload, signature in ear.raw:
        assert stripe.Webhook.construct_event(payload, signature, ear.secret).type == KIND
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(payload, signature, "whsec_other")


async def test_duplicates_are_the_same_event(sandbox: Running, ear: Ear):
    await only(sandbox, webhook_duplicate_rate=1.0, webhook_copies=5)
    await pay(sandbox)
    await ear.hears(KIND, copies=5)
    assert len({event["id"] for event in ear.heard}) == 1


async def test_a_lost_webhook_never_comes_but_can_be_sent_again(sandbox: Running, ear: Ear):
    await only(sandbox, webhook_loss_rate=1.0)
    intent = await pay(sandbox)
    await asyncio.sleep(0.05)
    assert ear.heard == []
    listed = await sandbox.stripe.v1.events.list_async({"type": KIND})
    assert listed.data[0].data.object.id == intent.id
    await sandbox.do("webhooks/resend", {"event_id": listed.data[0].id, "copies": 100})
    await ear.hears(KIND, copies=100)
    by_object = await sandbox.do("webhooks/resend", {"object_id": intent.id, "type": KIND})
    assert by_object["event_id"] == listed.data[0].id


async def test_a_held_back_webhook_is_overtaken_by_a_later_one(sandbox: Running, ear: Ear):
    await only(sandbox, webhook_reorder_rate=1.0, webhook_reorder_ms=300)
    first = await pay(sandbox)
    await sandbox.switch(webhook_reorder_rate=0.0)
    second = await pay(sandbox)
    await ear.hears(KIND, copies=2)
    assert [event["data"]["object"]["id"] for event in ear.heard] == [second.id, first.id]


async def test_a_delay_is_kept(sandbox: Running, ear: Ear):
    await only(sandbox, webhook_delay_min_ms=200, webhook_delay_max_ms=250)
    await pay(sandbox)
    await asyncio.sleep(0.1)
    assert ear.heard == []
    await ear.hears(KIND)


async def test_an_event_shows_the_object_as_it_was_then(sandbox: Running, ear: Ear):
    intent = await pay(sandbox)
    await sandbox.stripe.v1.refunds.create_async({"payment_intent": intent.id})
    await ear.hears("charge.refunded")
    assert (await ear.hears("charge.succeeded"))["data"]["object"]["amount_refunded"] == 0
    assert (await ear.hears("payment_intent.created"))["data"]["object"]["status"] == "requires_payment_method"


async def test_only_the_subscribed_kinds_are_sent(sandbox: Running, ear: Ear):
    await only(sandbox)
    await pay(sandbox)
    await ear.hears(KIND)
    await asyncio.sleep(0.05)
    assert ear.kinds() == [KIND]


async def test_an_unknown_switch_changes_nothing_and_says_so(sandbox: Running):
    for change in ({"webhook_losss": 1}, {"webhook_loss_rate": 2}, {"faults": [{"kind": "flood"}]}, ["x"]):
        async with sandbox.http.post(f"{sandbox.url}/_sandbox/controls", json=change) as answer:
            assert answer.status == 400
    shown = await sandbox.see("controls")
    assert shown["webhook_loss_rate"] == 0
    assert shown["webhook_secret"] == "set"


async def test_the_controls_do_not_answer_a_foreign_host_name(sandbox: Running):
    headers = {"Host": "evil.example"}
    async with sandbox.http.get(f"{sandbox.url}/_sandbox/controls", headers=headers) as answer:
        assert answer.status == 403
    async with sandbox.http.get(f"{sandbox.url}/_sandbox/state") as answer:
        assert "Access-Control-Allow-Origin" not in answer.headers
