"""Everybody who has a ticket hears once of another time or place, and of a cancellation, whatever dies in between."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from engine.domain.errands import MailEventNews, TellHolders
from engine.foundation.ids import new_id
from engine.services.messages import event_news
from engine.stores.messages.letter import Letter
from engine.stores.messages.mail import MailGateway
from tests import factories
from tests.shop import Answer, Shop

START = datetime(datetime.now(UTC).year + 1, 7, 9, tzinfo=UTC)  # 20:00 the day before in New York
FREE = {"name": "Guests", "price_cents": 0, "categories": ["Floor"]}
PAID = {"name": "Standing", "price_cents": 2500, "categories": ["Floor"]}
CANCELLED_JOBS = ("outbox_relay", "refund_push", "payment_reconciler")
_people = itertools.count(1)


@pytest.fixture
async def night(shop: Shop) -> Shop:
    await shop.open_event(
        types=[PAID, FREE],
        title="Night of Lanterns",
        starts_at=START,
        ends_at=START + timedelta(hours=3),
        timezone="America/New_York",
    )
    return shop


async def buy(shop: Shop, *, free: bool = False, email: str = "") -> tuple[Answer, str]:
    email = email or f"fan{next(_people)}@example.test"
    hold = await shop.hold(1, type=shop.types[1 if free else 0])
    order = await shop.order(hold, user_info={"name": "Ada, Lovelace", "email": email})
    assert order.status == 201, order.body
    if not free:
        assert (await shop.pay(order))[0] == 200
    await shop.until(order, "paid")
    await relay(shop)
    shop.mailbox.messages.clear()
    return order, email


async def change(shop: Shop, **fields: Any) -> Answer:
    body = {name: each.isoformat() if isinstance(each, datetime) else each for name, each in fields.items()}
    path = f"/v1/events/{shop.event_id}"
    answer = await shop.ask("PATCH", path, body, Authorization=await shop.organizer(), If_Match="*")
    assert answer.status == 200, answer.body
    return answer


async def cancel(shop: Shop, body: Any = None) -> Answer:
    return await shop.ask("POST", f"/v1/events/{shop.event_id}/cancel", body, Authorization=await shop.organizer())


async def prove(shop: Shop, email: str = "") -> None:
    """Who has this address reads its mail; without one, who owns the organization."""
    await shop.services.common.pool.execute(
        "UPDATE users SET email_verified_at = now() WHERE email = $2 OR $2 = '' AND id IN"
        " (SELECT user_id FROM members WHERE organization_id = $1 AND role = 'owner')",
        shop.organization_id,
        email,
    )


async def relay(shop: Shop) -> None:
    """Everything that waits in the outbox is done, pauses left out.

    What is locked was done just now, and its row goes with the next batch: unlocked, it would be mailed a second time.
    """
    for _ in range(20):
        await shop.services.common.pool.execute("UPDATE outbox SET available_at = now() WHERE locked_until IS NULL")
        await shop.work("outbox_relay")
        await asyncio.sleep(0.02)
        if not await shop.services.common.pool.fetchval("SELECT count(*) FROM outbox WHERE dead_at IS NULL"):
            return


def news(shop: Shop, email: str, words: str = "has changed") -> list[EmailMessage]:
    return [each for each in shop.mailbox.messages if each["To"] == email and words in each["Subject"]]


def text(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return " ".join(str(part.get_content()).replace("\u202f", " ").split())


async def test_everybody_hears_once_of_another_time_with_old_and_new_next_to_each_other(night: Shop) -> None:
    (_, paid), (_, free) = await buy(night), await buy(night, free=True)
    later = START + timedelta(days=7, hours=1)
    message = "The singer is ill.\nAll tickets stay good & true <3"
    await change(night, starts_at=later, ends_at=later + timedelta(hours=3), message=message)
    await relay(night)
    await relay(night)
    assert len(night.mailbox.messages) == 2
    for email in (paid, free):
        [told] = news(night, email)
        said = text(told)
        old = "20:00 to 23:00, New York time"
        assert old in said
        assert said.index(old) < said.index("21:00 to")
        assert f"8 July {START.year}" in said
        assert f"15 July {START.year}" in said
        assert "The singer is ill. All tickets stay good & true <3" in said
        assert "/order/ord_" in said
        page = told.get_body(("html",))
        assert page is not None
        assert "good &amp; true &lt;3" in page.get_content()
        assert "Before</th>" in page.get_content()


async def test_the_next_change_tells_the_newer_one_and_the_same_again_tells_nothing(night: Shop) -> None:
    _, email = await buy(night)
    for hours in (1, 2):
        await change(night, starts_at=START + timedelta(hours=hours))
        await relay(night)
    first, second = news(night, email)
    assert "20:00 to" in text(first)
    assert "21:00 to" in text(second).partition("Now:")[0]
    assert "22:00 to" in text(second).partition("Now:")[2]
    assert first["Message-ID"] != second["Message-ID"]
    for same in ({"starts_at": START + timedelta(hours=2)}, {"title": "Night of Lamps"}, {"message": "Hello"}):
        await change(night, **same)
    await relay(night)
    assert len(news(night, email)) == 2


async def test_changes_that_came_before_the_mail_left_are_one_and_there_and_back_is_none(night: Shop) -> None:
    _, email = await buy(night)
    await change(night, starts_at=START + timedelta(hours=1), message="First")
    await change(night, timezone="America/Chicago")
    await relay(night)
    [told] = news(night, email)
    assert "New York time" in text(told).partition("Now:")[0]
    assert "20:00 to 22:00, Chicago time" in text(told).partition("Now:")[2]
    assert "First" in text(told)
    await change(night, starts_at=START)
    await change(night, starts_at=START + timedelta(hours=1))
    await relay(night)
    assert len(news(night, email)) == 1


async def test_another_place_is_told_and_the_seats_stay_as_they_were_sold(night: Shop) -> None:
    order, email = await buy(night)
    before = await night.tickets(order)
    pool = night.services.common.pool
    venue_id = new_id("ven")
    await pool.execute(
        "INSERT INTO venues (id, organization_id, name, city, address, timezone)"
        " VALUES ($1, $2, 'Orpheum', 'Burnaby', '1 Long Road', 'America/Vancouver')",
        venue_id,
        night.organization_id,
    )
    await change(night, venue_id=venue_id, message="More room for all")
    await relay(night)
    [told] = news(night, email)
    assert "Hall" in text(told).partition("Now:")[0]
    assert "Orpheum, 1 Long Road, Burnaby" in text(told).partition("Now:")[2]
    assert [each["code"] for each in await night.tickets(order)] == [each["code"] for each in before]
    strange = await factories.organization(pool)
    foreign = new_id("ven")
    await pool.execute(
        "INSERT INTO venues (id, organization_id, name, timezone) VALUES ($1, $2, 'X', 'UTC')", foreign, strange
    )
    answer = await night.ask(
        "PATCH", f"/v1/events/{night.event_id}", {"venue_id": foreign},
        Authorization=await night.organizer(), If_Match="*",
    )  # fmt: skip
    assert (answer.status, answer["errors"][0]["pointer"]) == (422, "/venue_id")


async def test_a_cancellation_reaches_everybody_once_and_the_refund_says_why(night: Shop) -> None:
    (paid_order, paid), (free_order, free) = await buy(night), await buy(night, free=True)
    for body in ({"message": "The roof leaks."}, {"message": "Again?"}, None):
        answer = await cancel(night, body)
        assert (answer.status, answer["status"]) == (200, "cancelled")
    await night.work(*CANCELLED_JOBS, rounds=3)
    await relay(night)
    for email in (paid, free):
        [told] = news(night, email, "is cancelled")
        assert "The roof leaks." in text(told)
        assert "20:00 to 23:00, New York time" in text(told)
    assert "goes back the way it was paid" in text(news(night, paid, "is cancelled")[0])
    assert "cost nothing" in text(news(night, free, "is cancelled")[0])
    [refund] = [each for each in night.mailbox.messages if "efund" in each["Subject"]]
    assert "Cancelled" in refund["Subject"]
    assert "Night of Lanterns is cancelled." in text(refund)
    assert len(night.mailbox.messages) == 3
    assert (await night.status(paid_order))["status"] == "refunded"
    assert (await night.status(free_order))["status"] == "cancelled"


async def test_an_organizer_who_proved_and_sold_nothing_has_no_words_for_addresses_that_proved_nothing(
    night: Shop,
) -> None:
    (_, stranger), (_, fan) = await buy(night, free=True), await buy(night, free=True)
    insert = "INSERT INTO users (id, email, name, password_hash) VALUES ($1, $2, 'Fan', 'x')"
    await night.services.common.pool.execute(insert, new_id("usr"), fan)

    async def words(hours: int) -> dict[str, bool]:
        night.mailbox.messages.clear()
        await change(night, starts_at=START + timedelta(hours=hours), message="See evil.example")
        await relay(night)
        return {who: "evil.example" in text(news(night, who)[0]) for who in (stranger, fan)}

    assert await words(1) == {stranger: False, fan: False}
    await prove(night, fan)
    assert await words(2) == {stranger: False, fan: True}
    await prove(night)
    assert await words(1) == {stranger: True, fan: True}
    await night.services.common.pool.execute("UPDATE organizations SET status = 'suspended'")
    assert await words(2) == {stranger: False, fan: False}


async def test_who_sold_for_money_may_say_why_to_guests_too(night: Shop) -> None:
    (_, paid), (_, free) = await buy(night), await buy(night, free=True)
    assert (await cancel(night, {"message": "The roof leaks."})).status == 200
    await relay(night)
    for email in (paid, free):
        assert "The roof leaks." in text(news(night, email, "is cancelled")[0])


async def test_who_was_not_told_of_a_change_hears_of_the_cancellation_alone(night: Shop) -> None:
    _, email = await buy(night, free=True)
    await change(night, starts_at=START + timedelta(hours=1))
    assert (await cancel(night, {"message": "No."})).status == 200
    await relay(night)
    assert [each["Subject"] for each in night.mailbox.messages] == ["Night of Lanterns is cancelled"]
    assert news(night, email, "is cancelled")


async def test_who_buys_after_the_change_or_gave_the_tickets_back_is_not_told(night: Shop) -> None:
    order, gone = await buy(night)
    ticket = (await night.tickets(order))[0]["id"]
    body = {"lines": [ticket], "reason": "asked"}
    path = f"/v1/orders/{order['order_id']}/refunds"
    answer = await night.ask("POST", path, body, Authorization=await night.organizer(), Idempotency_Key=night.key())
    assert answer.status == 201, answer.body
    await night.work("refund_push")
    await change(night, starts_at=START + timedelta(hours=1))
    _, late = await buy(night)
    await relay(night)
    assert not news(night, gone)
    assert not news(night, late)


async def test_one_address_with_two_orders_hears_once_of_both(night: Shop) -> None:
    first, email = await buy(night)
    second, _ = await buy(night, free=True, email=email.upper())
    await change(night, ends_at=START + timedelta(hours=4))
    await relay(night)
    assert len(night.mailbox.messages) == 1
    [told] = news(night, email)
    for order in (first, second):
        assert f"/order/{order['order_id']}#token=" in text(told)


async def test_a_mail_that_did_not_leave_is_told_later_and_one_that_left_never_again(
    night: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, email = await buy(night)
    await change(night, starts_at=START + timedelta(hours=1))
    real, fail = MailGateway.send, [OSError("away"), OSError("away")]

    async def send(self: MailGateway, letter: Letter) -> None:
        if fail:
            raise fail.pop()
        await real(self, letter)

    monkeypatch.setattr(MailGateway, "send", send)
    await relay(night)
    await relay(night)
    assert len(news(night, email)) == 1
    # The process died after it had sent and before it had crossed the errand out.
    pool = night.services.common.pool
    await pool.execute(
        "INSERT INTO outbox (topic, key, payload, available_at) VALUES ('mail.event_news', 'x', $1, now())",
        {"event_id": night.event_id, "email": email},
    )
    await relay(night)
    assert len(news(night, email)) == 1


async def test_two_workers_with_the_same_mail_send_it_once(night: Shop) -> None:
    _, email = await buy(night)
    await change(night, starts_at=START + timedelta(hours=1))
    handlers = night.services.common.outbox._handlers
    errand = MailEventNews(night.event_id, email)
    await asyncio.gather(*(handlers[MailEventNews](errand, False) for _ in range(4)))
    assert len(news(night, email)) == 1


async def test_ten_thousand_holders_are_told_page_by_page_and_a_page_done_twice_orders_nothing_twice(
    night: Shop,
) -> None:
    pool = night.services.common.pool
    await pool.execute(
        """INSERT INTO orders (id, order_number, event_id, hold_id, status, buyer_name, buyer_email, currency,
                               amount_cents, price, expires_at, reconcile_at, paid_at)
           SELECT 'ord_' || n, 'N' || n, $1, 'hld_' || n, 'paid', 'Ada', 'fan' || n || '@example.test', 'CAD', 0, '{}',
                  now(), now(), now() FROM generate_series(1, 10000) n""",
        night.event_id,
    )
    await change(night, starts_at=START + timedelta(hours=1))
    tell = night.services.common.outbox._handlers[TellHolders]
    waiting = "SELECT count(*) FROM outbox WHERE topic = 'mail.event_news'"
    ordered, pages = 0, 0
    while row := await pool.fetchrow("DELETE FROM outbox WHERE topic = 'event.news' RETURNING payload"):
        errand = TellHolders(**row["payload"])
        await tell(errand, False)
        await tell(errand, True)  # the process died before it crossed the errand out
        now_ordered = await pool.fetchval(waiting)
        assert now_ordered - ordered <= event_news.RECIPIENTS_PER_PAGE
        ordered, pages = now_ordered, pages + 1
    assert ordered == 10_000
    assert pages >= 10_000 // event_news.RECIPIENTS_PER_PAGE
    addresses = await pool.fetchval("SELECT count(DISTINCT payload->>'email') FROM outbox")
    assert addresses == 10_000


@pytest.mark.parametrize("message", ["x" * 2001, "a\0b", 7, None])
async def test_a_message_that_cannot_be_one_is_refused_and_changes_nothing(night: Shop, message: Any) -> None:
    later = (START + timedelta(hours=1)).isoformat()
    path, who = f"/v1/events/{night.event_id}", {"Authorization": await night.organizer(), "If_Match": "*"}
    for method, where, body in (("PATCH", path, {"starts_at": later, "message": message}),
                                ("POST", f"{path}/cancel", {"message": message})):  # fmt: skip
        answer = await night.ask(method, where, body, **who)
        assert (answer.status, answer["errors"][0]["pointer"]) == (422, "/message")
    row = await night.services.common.pool.fetchrow("SELECT status, starts_at FROM events")
    assert tuple(row.values()) == ("published", START)


async def test_pages_and_tickets_say_cancelled_from_the_first_moment(night: Shop) -> None:
    orders = [(await buy(night))[0], (await buy(night, free=True))[0]]
    slug = night.event_id.lower()
    shown = [await page(night, f"/e/{slug}"), *[await order_page(night, order) for order in orders]]
    assert "Cancelled" not in shown[0]
    assert all("You are going." in each for each in shown[1:])
    assert (await cancel(night, {"message": "The roof leaks."})).status == 200
    event = await page(night, f"/e/{slug}")
    assert "Cancelled" in event
    assert "The roof leaks." in event
    assert "The roof leaks." in await page(night, f"/e/{slug}/shop")
    for order in orders:
        html = await order_page(night, order)
        assert "Night of Lanterns is cancelled." in html
        assert "You are going." not in html
        assert "The roof leaks." in html
        assert "ticket-code" not in html or "<svg" not in html.partition("ticket-code")[2].partition("</li>")[0]
        [ticket] = await night.tickets(order)
        assert (ticket["status"], ticket["code"]) == ("cancelled", None)
        path = f"/v1/tickets/{ticket['id']}"
        for kind in ("qr.svg", "qr.png", "pdf"):
            assert (await night.ask("GET", f"{path}/{kind}", X_Order_Token=order["order_token"])).status == 409
    await night.work(*CANCELLED_JOBS, rounds=3)
    for order in orders:
        html = await order_page(night, order)
        assert "Night of Lanterns is cancelled." in html
        assert "given up before it was paid" not in html


async def test_pages_show_what_was_and_what_is_now_from_the_first_moment(night: Shop) -> None:
    order, _ = await buy(night)
    slug = night.event_id.lower()
    await page(night, f"/e/{slug}")
    await change(night, starts_at=START + timedelta(days=1), ends_at=START + timedelta(days=1, hours=3), message="Rain")
    late, _ = await buy(night)
    for html in (await page(night, f"/e/{slug}"), await page(night, f"/e/{slug}/shop"), await order_page(night, order)):
        assert "This event has changed" in html
        assert f"8 July {START.year}, 20:00" in html
        assert f"9 July {START.year}, 20:00" in html
        assert "Rain" in html
    assert "This event has changed" not in await order_page(night, late)
    assert "You are going." in await order_page(night, order)


async def page(shop: Shop, path: str, **headers: str) -> str:
    async with shop.http.get(shop.url + path, headers={"Accept": "text/html", **headers}) as response:
        assert response.status == 200, await response.text()
        return await response.text()


async def order_page(shop: Shop, order: Answer) -> str:
    cookie = f"onsale_order={order['order_token']}"
    return await page(shop, f"/order/{order['order_id']}", Cookie=cookie)
