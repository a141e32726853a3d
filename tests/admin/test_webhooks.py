"""Webhooks in the admin app: added with a secret that is shown once, watched, sent again, switched on, deleted."""

from __future__ import annotations

import re

from engine.foundation.ids import new_id
from engine.services.wiring import Services
from tests.admin.organizer import Organizer

URL = "https://hooks.example.test/in"


async def test_a_webhook_is_added_with_a_secret_that_one_page_shows_and_refusals_keep_what_was_typed(
    organizer: Organizer, services: Services
) -> None:
    at = f"/o/{await organizer.organization()}/webhooks"
    assert "None yet" in (await organizer.get(at)).words
    refused = await organizer.post(at, [("url", "https://127.0.0.1/in"), ("events", "order.paid")])
    assert (refused.status, "Only addresses of the public internet" in refused.words) == (422, True)
    assert 'value="https://127.0.0.1/in"' in refused.text
    assert re.search(r'value="order.paid" checked', refused.text)
    nothing = await organizer.post(at, {"url": URL})
    assert (nothing.status, 'id="e-events"' in nothing.text) == (422, True)
    made = await organizer.post(at, [("url", URL), ("events", "order.paid"), ("events", "ticket.issued")])
    secret = re.search(r"whsec_[\w+/]+=*", made.text)
    assert (made.status, secret is not None) == (201, True)
    page = await organizer.get(at)
    assert "order.paid, ticket.issued" in page.words
    assert "whsec_" not in page.text
    endpoint_id = await services.common.pool.fetchval("SELECT id FROM webhook_endpoints")
    another = await organizer.post(f"{at}/{endpoint_id}/secret", {})
    assert "whsec_" in another.text
    assert secret is not None
    assert secret[0] not in another.text
    assert "whsec_" not in (await organizer.get(f"{at}/{endpoint_id}")).text


async def test_tries_are_told_as_they_were_and_messages_are_sent_again_by_a_click(
    organizer: Organizer, services: Services
) -> None:
    organization_id = await organizer.organization()
    at, pool = f"/o/{organization_id}/webhooks", services.common.pool
    await organizer.post(at, {"url": URL, "events": "order.paid"})
    endpoint_id, message_id = await pool.fetchval("SELECT id FROM webhook_endpoints"), new_id("msg")
    await pool.execute(
        "INSERT INTO webhook_messages (id, organization_id, kind, object_id, subject, sequence, cause, happened_at)"
        " VALUES ($1, $2, 'order.paid', 'ord_x', '', 7, 'c', now())", message_id, organization_id,
    )  # fmt: skip
    await pool.execute(
        "INSERT INTO webhook_attempts (id, endpoint_id, message_id, number, status, error, response, took_ms)"
        " VALUES ($1, $2, $3, 1, 500, '', '<script>alert(1)</script>', 12)",
        new_id("wha"), endpoint_id, message_id,
    )  # fmt: skip
    one = f"{at}/{endpoint_id}"
    page = await organizer.get(one)
    for words in ("Failed", "500", "12 ms", "no. 7 of ord_x", "<script>alert(1)</script>"):
        assert words in page.words, words
    assert "<script>alert" not in page.text
    again = await organizer.post(f"{one}/replay", {"message_id": message_id})
    assert "1 message will be sent again." in again.words
    assert "1 message waiting" in again.words
    assert "1 message will be sent again." in (await organizer.post(f"{one}/replay", {"hours": "24"})).words
    assert "There is no such message" in (await organizer.post(f"{one}/replay", {"message_id": new_id("msg")})).words
    saved = await organizer.post(one, {"version": "1", "url": URL, "events": "event.changed"})
    assert "Off" in saved.words
    refused = await organizer.post(f"{one}/replay", {"hours": "24"})
    assert (refused.status, "switched off: switch it on first" in refused.words) == (422, True)
    stale = await organizer.post(one, {"version": "1", "url": URL, "events": "order.paid", "enabled": "true"})
    assert (stale.status, "Somebody else changed this" in stale.words) == (422, True)
    await organizer.post(f"{one}/delete", {})
    assert (await organizer.get(one)).status == 404
    assert await pool.fetchval("SELECT count(*) FROM webhook_attempts") == 0
