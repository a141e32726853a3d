"""A restarted sandbox knows its payments again."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest
import stripe

if TYPE_CHECKING:
    from tests.loadtest.conftest import Ear

BODY = {"amount": 4525, "currency": "cad"}


async def test_payments_refunds_and_keys_survive_a_restart(start_sandbox, tmp_path):
    path = tmp_path / "state.jsonl"
    first = await start_sandbox(path)
    paid = await first.stripe.v1.payment_intents.create_async(
        BODY | {"confirm": True, "payment_method": "pm_card_visa"}, {"idempotency_key": "k1"}
    )
    await first.stripe.v1.refunds.create_async({"payment_intent": paid.id, "amount": 1_000})
    await first.stop()

    second = await start_sandbox(path)
    found = await second.stripe.v1.payment_intents.retrieve_async(paid.id, {"expand": ["latest_charge"]})
    assert (found.status, found.latest_charge.amount_refunded) == ("succeeded", 1_000)
    again = await second.stripe.v1.payment_intents.create_async(
        BODY | {"confirm": True, "payment_method": "pm_card_visa"}, {"idempotency_key": "k1"}
    )
    assert again.id == paid.id
    with pytest.raises(stripe.InvalidRequestError):
        await second.stripe.v1.refunds.create_async({"payment_intent": paid.id, "amount": 3_526})
    totals = await second.see("state")
    assert (totals["captured_total_cents"], totals["refunded_total_cents"]) == (4525, 1_000)


async def test_what_was_pending_goes_on_after_a_restart(start_sandbox, ear: Ear, tmp_path):
    path = tmp_path / "state.jsonl"
    first = await start_sandbox(path, processing_ms=60_000, webhook_retry_base_ms=60_000)
    ear.answers = [500] * 20
    late = await first.stripe.v1.payment_intents.create_async(
        BODY | {"confirm": True, "payment_method": "pm_usBankAccount_success"}
    )
    await ear.hears("payment_intent.processing")
    await asyncio.sleep(0.05)
    await first.stop()
    ear.heard.clear()
    ear.answers.clear()

    second = await start_sandbox(path, processing_ms=100)
    await ear.hears("payment_intent.processing")  # it was refused before the restart, so it comes again
    await ear.hears("payment_intent.succeeded")
    assert (await second.stripe.v1.payment_intents.retrieve_async(late.id)).status == "succeeded"


async def test_a_torn_last_line_is_forgiven(start_sandbox, tmp_path):
    path = tmp_path / "state.jsonl"
    first = await start_sandbox(path)
    kept = await first.stripe.v1.payment_intents.create_async(BODY)
    await first.stop()
    with path.open("ab") as journal:
        journal.write(b'["payment_intents", {"id": "pi_torn", "amou')
    second = await start_sandbox(path)
    assert (await second.stripe.v1.payment_intents.list_async({})).data[0].id == kept.id
    assert b"pi_torn" not in path.read_bytes()


async def test_writes_reach_the_file_within_half_a_second(start_sandbox, tmp_path):
    path = tmp_path / "state.jsonl"
    sandbox = await start_sandbox(path)
    made = await sandbox.stripe.v1.payment_intents.create_async(BODY)
    deadline = time.monotonic() + 2
    while made.id.encode() not in path.read_bytes() and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    assert made.id.encode() in path.read_bytes()
