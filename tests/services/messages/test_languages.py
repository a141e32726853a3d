"""A buyer is written to in the language of the order: mail, paper and calendar, each of a group in its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import icalendar
import pytest

from engine.foundation.ids import new_id
from tests import factories, papers
from tests.shop import Answer, Shop

START = datetime(datetime.now(UTC).year + 1, 7, 10, 3, tzinfo=UTC)  # 20:00 the day before in Vancouver


@pytest.fixture
async def night(shop: Shop) -> Shop:
    await shop.open_event(
        factories.seated("Parkett", 2, 8),
        types=[{"name": "Adult", "price_cents": 123_450, "categories": ["Parkett"]}],
        title="Night of Lanterns",
        starts_at=START,
        ends_at=START + timedelta(hours=3),
        timezone="America/Vancouver",
    )
    return shop


async def bought(shop: Shop, locale: str | None, **headers: str) -> Answer:
    """One ticket, paid for; its mail waits to be written."""
    hold = await shop.hold(1)
    body = {"hold_id": hold["id"], "user_info": {"name": "Ada", "email": f"{locale or 'ada'}@example.test"}}
    body |= {"locale": locale} if locale else {}
    order = await shop.ask(
        "POST", "/v1/orders", body, X_Order_Token=hold["hold_token"], Idempotency_Key=shop.key(), **headers
    )
    assert order.status == 201, order.body
    assert (await shop.pay(order))[0] == 200
    await shop.until(order, "paid")
    return order


async def locale_of(shop: Shop, order: Answer) -> str:
    answer = await shop.ask("GET", f"/v1/orders/{order['order_id']}", X_Order_Token=order["order_token"])
    return str(answer["locale"])


def said(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def attached(message: EmailMessage, kind: str) -> bytes:
    [part] = [each for each in message.iter_attachments() if each.get_content_type() == kind]
    return part.get_payload(decode=True)  # type: ignore[return-value]


async def test_a_german_buyer_has_a_german_mail_with_german_paper_and_a_calendar_entry(night: Shop):
    order = await bought(night, "de-AT")
    assert await locale_of(night, order) == "de"
    await night.work("outbox_relay")
    [message] = night.mailbox.messages
    assert message["Subject"] == "Ihre Tickets für Night of Lanterns"
    text, html = said(message), said(message, "html")
    assert '<html lang="de" dir="ltr">' in html
    for words in (text, html):
        assert "Guten Tag Ada," in words
        assert "Ihre Zahlung ist eingegangen." in words
        assert f"Juli {START.year}, 20:00" in words
        assert "Vancouver" in words
        assert "Parkett, Reihe\u00a01, Platz" in words
        assert "1.234,50" in words
        assert f"/e/{night.event_id.lower()}/calendar.ics" in words
    pdf = attached(message, "application/pdf")
    [page] = papers.read(pdf)
    for printed in (
        "PLATZ",
        "Parkett, Reihe 1, Platz",
        f"Juli {START.year}, 20:00",
        "Zeigen Sie diesen Code am Einlass",
    ):
        assert page.says(printed), printed
    assert b"/Lang(de)" in pdf
    [entry] = icalendar.Calendar.from_ical(attached(message, "text/calendar")).walk("VEVENT")
    assert (str(entry["SUMMARY"]), entry.decoded("DTSTART")) == ("Night of Lanterns", START)
    assert await night.settled_errands() == 0


async def test_mails_of_one_group_are_each_in_their_own_language_and_so_is_what_is_printed(night: Shop):
    tags = ("ar", "en", "fr", "es", "pt", "de")
    orders = {tag: await bought(night, tag) for tag in tags}
    await night.work("outbox_relay")
    mails = {message["To"].addresses[0].username: message for message in night.mailbox.messages}
    subjects = {tag: mails[tag]["Subject"].partition("Night")[0].strip() for tag in tags}
    assert subjects == {
        "ar": "تذاكرك لحضور",
        "en": "Your tickets for",
        "fr": "Vos billets pour",
        "es": "Sus entradas para",
        "pt": "Seus ingressos para",
        "de": "Ihre Tickets für",
    }
    for tag in tags:
        assert f'<html lang="{tag}" dir="{"rtl" if tag == "ar" else "ltr"}">' in said(mails[tag], "html")
        pdf = attached(mails[tag], "application/pdf")
        assert f"/Lang({tag})".encode() in pdf
        path, token = f"/order/{orders[tag]['order_id']}", orders[tag]["order_token"]
        download = await night.ask("GET", f"{path}/tickets.pdf", Cookie=f"onsale_order={token}")
        assert download.body == pdf  # in the language of the order, whatever the browser speaks
    [page] = papers.read(attached(mails["ar"], "application/pdf"))
    assert page.says("المكان")
    assert page.codes


ASKED = (
    ({}, "en"),
    ({"Accept_Language": "ja, fr-CA;q=0.7, de;q=0.4"}, "fr"),
    ({"Accept_Language": "fr", "Cookie": "onsale_language=pt"}, "pt"),
    ({"Cookie": "onsale_language=xx"}, "en"),
)


async def test_an_order_that_names_no_language_has_that_of_its_page_else_of_its_browser(night: Shop):
    for headers, language in ASKED:
        assert await locale_of(night, await bought(night, None, **headers)) == language


async def test_an_order_in_a_language_that_we_do_not_speak_is_refused_and_writes_nothing(night: Shop):
    hold = await night.hold(1)
    for locale in ("tlh", "e", "", "x" * 36, 7, "../de"):
        refused = await night.order(hold, locale=locale)
        assert (refused.status, refused["errors"][0]["pointer"]) == (422, "/locale")
    assert await night.services.common.pool.fetchval("SELECT count(*) FROM orders") == 0
    assert (await night.order(hold, locale="ar")).status == 201


async def test_refunds_and_news_are_told_in_the_language_of_the_order(night: Shop):
    orders = {tag: await bought(night, tag) for tag in ("fr", "ar")}
    await night.work("outbox_relay")
    night.mailbox.messages.clear()
    who = await night.organizer()
    refund = {"reason": "requested_by_customer"}
    path = f"/v1/orders/{orders['fr']['order_id']}/refunds"
    assert (await night.ask("POST", path, refund, Authorization=who, Idempotency_Key=new_id("k"))).status == 201
    await night.work("refund_push", "outbox_relay", rounds=3)
    [message] = night.mailbox.messages
    assert message["Subject"] == "Remboursement pour Night of Lanterns"
    assert "1 billet de votre commande ne donne plus accès." in said(message)
    night.mailbox.messages.clear()
    late = {"starts_at": (START + timedelta(hours=1)).isoformat()}
    path = f"/v1/events/{night.event_id}"
    assert (await night.ask("PATCH", path, late, Authorization=who, If_Match="*")).status == 200
    await night.services.common.pool.execute("UPDATE outbox SET available_at = now() WHERE locked_until IS NULL")
    await night.work("outbox_relay", rounds=3)
    [told] = [each for each in night.mailbox.messages if each["To"].addresses[0].username == "ar"]
    assert told["Subject"] == "تغيّر Night of Lanterns"
    assert "20:00 إلى 23:00" in said(told)
    assert 'align="right" style="padding:6px 0' in said(told, "html")
