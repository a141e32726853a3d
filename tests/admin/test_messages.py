"""What organizers see of messages, and sending tickets again to the address that was meant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.domain.errands import MailTickets
from engine.services.wiring import Services
from tests.admin.organizer import Organizer

ROW = (
    "INSERT INTO notifications (id, cause, kind, channel, recipient, locale, subject, content_hash, status, said,"
    " attempts, order_id, event_id) VALUES ('msg_' || $1, $1, 'tickets', 'email', 'fan@exmaple.test', 'en',"
    " 'Your tickets', '', $2, '550 5.1.1 No such person', 1, $3, $4)"
)


async def test_what_came_back_is_told_on_the_board_the_event_and_the_order(
    organizer: Organizer, services: Services, chart: str, free_order: Callable[..., Any]
) -> None:
    _, _, event_id = await organizer.published(chart)
    order_id = await free_order(services, event_id, 1)
    at, pool = f"/events/{event_id}", services.common.pool
    assert "No messages yet" in (await organizer.get(at + "/messages")).words
    assert "not delivered" not in (await organizer.get("/")).words
    await pool.execute(ROW, "1", "bounced", order_id, event_id)
    await pool.execute(ROW, "2", "sent", order_id, event_id)
    assert "1 message not delivered" in (await organizer.get("/")).words
    words = (await organizer.get(at + "/messages?status=bounced")).words
    for said in ("Came back", "550 5.1.1 No such person", "fan@exmaple.test", "SMS is off", "Reminders are on"):
        assert said in words
    assert words.count("fan@exmaple.test") == 1, "the one that was sent is left out"
    assert "Came back" in (await organizer.get(f"{at}/orders/{order_id}")).words


async def test_tickets_are_sent_again_to_the_address_that_was_meant(
    organizer: Organizer, services: Services, chart: str, free_order: Callable[..., Any]
) -> None:
    _, _, event_id = await organizer.published(chart)
    order_id = await free_order(services, event_id, 1)
    at, pool = f"/events/{event_id}/orders/{order_id}", services.common.pool
    await pool.execute("UPDATE orders SET mail_refused = '550 5.1.1 No such person'")
    await pool.execute("DELETE FROM outbox")
    before = await pool.fetchrow("SELECT * FROM orders WHERE id = $1", order_id)
    page = await organizer.post(at + "/send-again", {"email": "no address"})
    assert page.status == 422
    assert "This is not an e-mail address" in page.words
    assert 'value="no address"' in page.text
    assert await pool.fetchrow("SELECT * FROM orders WHERE id = $1", order_id) == before
    page = await organizer.post(at + "/send-again", {"email": " Right@Example.test "})
    assert "The tickets are on their way to right@example.test." in page.words
    assert "did not arrive" not in page.words
    after = await pool.fetchrow("SELECT * FROM orders WHERE id = $1", order_id)
    assert (after["buyer_email"], after["mail_refused"]) == ("right@example.test", None)
    assert after["link_generation"] == before["link_generation"] + 1, "links that went elsewhere end"
    assert await pool.fetchval("SELECT holder_email FROM tickets WHERE order_id = $1", order_id) == "right@example.test"
    [errand] = await pool.fetch("SELECT payload FROM outbox WHERE topic = $1", MailTickets.topic)
    assert errand["payload"]["asked"] is True
    assert "Tickets mailed again" in page.words
    for _ in range(4):
        await organizer.post(at + "/send-again", {"email": "right@example.test"})
    page = await organizer.post(at + "/send-again", {"email": "right@example.test"})
    assert (page.status, "a moment ago" in page.words) == (422, True)
    assert await pool.fetchval("SELECT count(*) FROM outbox WHERE topic = $1", MailTickets.topic) == 5


async def test_reminders_are_switched_off_in_the_settings(organizer: Organizer, services: Services, chart: str) -> None:
    organization_id = await organizer.organization()
    venue_id = await organizer.venue(organization_id, chart)
    event_id = await organizer.event(organization_id, venue_id)
    assert await services.common.pool.fetchval("SELECT reminders FROM events WHERE id = $1", event_id)
    event_id = await organizer.event(organization_id, venue_id, reminders="off")
    assert not await services.common.pool.fetchval("SELECT reminders FROM events WHERE id = $1", event_id)
    assert "Reminders are off" in (await organizer.get(f"/events/{event_id}/messages")).words
