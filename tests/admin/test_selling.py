"""What the organizer shows of a house that sells: counts, orders, refunds, scanners, the room's console."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from admin.figures import REMEMBERED_S
from engine.foundation.bearer import Bearers
from engine.services.wiring import Services
from engine.settings import Settings
from tests.admin.organizer import Organizer, hold, platform_admin
from tests.factories import NEXT_YEAR


def legend(text: str) -> dict[str, int]:
    words = re.sub(r"<[^>]+>|\s+", " ", text)
    return {name: int(count) for name, count in re.findall(r"(Sold|Being paid|Held|Set apart|Free)\s+([\d,]+)", words)}


async def test_the_house_counts_what_is_sold_held_and_set_apart(
    organizer: Organizer, services: Services, chart: str, free_order: Callable[..., Any]
) -> None:
    _, _, event_id = await organizer.published(chart)
    at = f"/events/{event_id}"
    page = await organizer.get(at + "/live")
    assert legend(page.text) == {"Sold": 0, "Being paid": 0, "Held": 0, "Set apart": 0, "Free": 80}
    await organizer.post(at + "/allotments", {"name": "Guests", "by": "section", "section": "Floor", "quantity": "15"})
    await free_order(services, event_id, 2)
    await hold(services, event_id, 3)
    await asyncio.sleep(REMEMBERED_S + 0.3)
    page = await organizer.get(at + "/live")
    assert legend(page.text) == {"Sold": 2, "Being paid": 0, "Held": 3, "Set apart": 15, "Free": 60}
    assert "5 gone, 15 to go" in page.words
    assert "2 sold, 3 in carts, 15 free" in page.words
    board = await organizer.get("/board")
    assert "2 sold" in board.words


async def test_orders_are_found_by_name_address_and_number(
    organizer: Organizer, services: Services, chart: str, free_order: Callable[..., Any]
) -> None:
    _, _, event_id = await organizer.published(chart)
    order_id = await free_order(services, event_id, 2)
    number = await services.common.pool.fetchval("SELECT order_number FROM orders WHERE id = $1", order_id)
    at = f"/events/{event_id}/orders"
    for text in ("ada", "ADA@EXAMPLE", number, number.lower()):
        assert order_id in (await organizer.get(f"{at}?q={text}")).text, text
    for text in ("bob", "%25", "_", number[1:] + "%00"):
        page = await organizer.get(f"{at}?q={text}")
        assert page.status == 200
        assert order_id not in page.text, text
    assert order_id not in (await organizer.get(f"{at}?status=pending")).text
    piece = await organizer.get(f"{at}?q=ada", **{"HX-Request": "true"})
    assert "<html" not in piece.text
    page = await organizer.get(f"{at}/{order_id}")
    assert "Stalls/" in page.text
    assert "2 issued" in page.words
    assert "Give money back" not in page.text


async def test_orders_leave_as_a_table_that_no_spreadsheet_runs(
    organizer: Organizer,
    services: Services,
    chart: str,
    free_order: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, _, event_id = await organizer.published(chart)
    ids = [await free_order(services, event_id, 1) for _ in range(5)]
    await services.common.pool.execute("UPDATE orders SET buyer_name = '=1+1' WHERE id = $1", ids[0])
    monkeypatch.setattr("engine.services.insight.order_sheets.PAGE", 2)
    page = await organizer.get(f"/events/{event_id}/orders.csv")
    assert page.headers["Content-Type"].startswith("text/csv")
    table = list(csv.DictReader(io.StringIO(page.text)))
    assert [row["buyer_name"] for row in table] == ["Ada Byron"] * 4 + ["'=1+1"]
    assert {row["status"] for row in table} == {"paid"}


async def test_the_books_agree_until_somebody_meddles(
    organizer: Organizer, services: Services, chart: str, free_order: Callable[..., Any]
) -> None:
    _, _, event_id = await organizer.published(chart)
    order_id = await free_order(services, event_id, 2)
    assert "Everything agrees" in (await organizer.get(f"/events/{event_id}/books")).text
    await services.common.pool.execute("DELETE FROM tickets WHERE order_id = $1 AND line = 0", order_id)
    page = await organizer.get(f"/events/{event_id}/books")
    assert "disagreement" in page.text
    assert "paid without a ticket" in page.text


async def test_an_event_remembers_who_did_what(organizer: Organizer, chart: str) -> None:
    _, _, event_id = await organizer.published(chart)
    await organizer.post(f"/events/{event_id}/promos", {"code": "EARLY", "kind": "percent", "value": "10"})
    words = (await organizer.get(f"/events/{event_id}/history")).words
    deeds = ["Promo code made", "Event published", "On-sale schedule saved", "Ticket type created", "Event created"]
    assert "price CA$45.00" in words, "money is written as money"
    assert "waiting room: no" in words
    places = [words.index(deed) for deed in deeds]
    assert places == sorted(places)
    assert "Some One" in words
    assert (await organizer.get(f"/events/{event_id}/history?before=1")).words.count("Event created") == 0
    assert (await organizer.get(f"/events/{event_id}/history?before=²")).status == 200


async def test_a_copy_is_a_draft_on_another_date_with_the_same_types(
    organizer: Organizer, services: Services, chart: str
) -> None:
    _, _, event_id = await organizer.published(chart)
    page = await organizer.post(
        f"/events/{event_id}/copy", {"starts_at": f"{NEXT_YEAR}-03-08T19:30", "title": "Night, again"}
    )
    assert "is a draft for another date" in page.text
    copy_id = page.url.path.rpartition("/")[2]
    row = await services.common.pool.fetchrow(
        "SELECT title, status, ends_at - starts_at AS lasts FROM events WHERE id = $1", copy_id
    )
    assert row is not None
    assert (row["title"], row["status"], row["lasts"].total_seconds()) == ("Night, again", "draft", 9000)
    assert "Regular" in (await organizer.get(f"/events/{copy_id}/ticket-types")).text
    page = await organizer.post(f"/events/{event_id}/copy", {"starts_at": "soon"})
    assert "Not copied" in page.text


async def test_a_platform_admin_shuts_an_account_and_suspends_a_house(
    organizer: Organizer, browser: Callable[[], Organizer], services: Services, chart: str
) -> None:
    organization_id = await organizer.organization()
    venue_id = await organizer.venue(organization_id, chart)
    event_id = await organizer.event(organization_id, venue_id)
    root = browser()
    await root.sign_in(await platform_admin(services))
    page = await root.post(f"/o/{organization_id}/suspend", {"typed_name": "No", "reason": "Fraud"})
    assert "Not suspended" in page.words
    name = await services.common.pool.fetchval("SELECT name FROM organizations WHERE id = $1", organization_id)
    await root.post(f"/o/{organization_id}/suspend", {"typed_name": name, "reason": "Nobody knows the hall"})
    assert "Nobody knows the hall" in (await organizer.get(f"/o/{organization_id}")).words
    page = await organizer.post(f"/events/{event_id}/publish", {})
    assert "organization_active" in page.text
    await root.post(f"/o/{organization_id}/reinstate", {})
    page = await organizer.post(f"/events/{event_id}/publish", {})
    assert "organization_active" not in page.text
    user_id = await services.common.pool.fetchval("SELECT id FROM users WHERE email = $1", organizer.email)
    assert organizer.email in (await root.get(f"/people?q={organizer.email}")).text
    await root.post(f"/people/{user_id}/disable", {})
    assert (await organizer.get("/", follow=False)).status == 303
    await root.post(f"/people/{user_id}/enable", {})
    assert (await organizer.sign_in(organizer.email)).status == 200
    root_id = await services.common.pool.fetchval("SELECT id FROM users WHERE email = 'root@example.test'")
    assert "platform admin" in (await root.post(f"/people/{root_id}/disable", {})).text


async def test_a_refund_form_sent_twice_refunds_once(
    organizer: Organizer, services: Services, chart: str, free_order: Callable[..., Any]
) -> None:
    _, _, event_id = await organizer.published(chart)
    order_id = await free_order(services, event_id, 2)
    await services.common.pool.execute(
        "UPDATE orders SET amount_cents = 5000, payment_intent_id = 'pi_x',"
        " price = price || '{\"total_cents\": 5000}' WHERE id = $1",
        order_id,
    )
    at = f"/events/{event_id}/orders/{order_id}"
    page = await organizer.get(at)
    key = page.text.split('name="key" value="')[1].partition('"')[0]
    fields = {"key": key, "what": "amount", "amount_cents": "20.00", "reason": "Rain"}
    first, second = await asyncio.gather(
        organizer.post(at + "/refunds", fields), organizer.post(at + "/refunds", fields)
    )
    assert {first.status, second.status} <= {200, 422}
    assert (await organizer.post(at + "/refunds", fields)).status == 200
    rows = await services.common.pool.fetch("SELECT amount_cents, reason FROM refunds WHERE order_id = $1", order_id)
    assert [tuple(row) for row in rows] == [(2000, "Rain")]
    page = await organizer.post(
        at + "/refunds", {"key": "k" * 20, "what": "amount", "amount_cents": "30.01", "reason": "x"}
    )
    assert page.status == 422
    assert "more than is left" in page.text
    page = await organizer.post(at + "/refunds", {"key": "k" * 20, "what": "lines", "reason": ""})
    assert page.status == 422
    assert 'href="#f-reason"' in page.text


async def test_a_scanners_credential_is_shown_once_and_works_until_it_is_revoked(
    organizer: Organizer, services: Services, chart: str
) -> None:
    _, _, event_id = await organizer.published(chart)
    at = f"/events/{event_id}/devices"
    page = await organizer.post(at, {"name": "North door", "gates": "North, South"})
    assert page.status == 201
    assert 'class="qr"' in page.text
    found = re.search(r'id="credential">(dev_[^<]+)<', page.text)
    assert found
    credential = found[1]
    scanner = await services.gates.devices.verify(credential)
    assert scanner.gates == ("North", "South")
    listed = await organizer.get(at)
    assert credential.partition(".")[2] not in listed.text
    assert "North door" in listed.text
    await organizer.post(f"{at}/{scanner.device_id}/revoke", {})
    from engine.services.gates.devices import DeviceRevoked

    with pytest.raises(DeviceRevoked):
        await services.gates.devices.verify(credential)


async def test_the_doors_rules_are_kept_with_their_gates(organizer: Organizer, services: Services, chart: str) -> None:
    _, _, event_id = await organizer.published(chart)
    await services.common.pool.execute(
        """UPDATE events SET entry_rules = '{"gates": {"North": {"sections": ["Stalls"]}}}' WHERE id = $1""", event_id
    )
    await asyncio.sleep(1.1)
    page = await organizer.post(
        f"/events/{event_id}/doors", {"allow_reentry": "true", "max_entries": "3", "exit_all_at": "04:00"}
    )
    assert "new rules" in page.text
    rules = (await services.gates.gate_events.get(event_id)).entry.rules
    assert (rules.allow_reentry, rules.max_entries, rules.exit_all_at) == (True, 3, "04:00")
    assert rules.gates["North"].sections == ["Stalls"]
    page = await organizer.post(f"/events/{event_id}/doors", {"allow_reentry": "true", "exit_all_at": "at night"})
    assert page.status == 422
    assert "Give a clock time like 04:00" in page.text


async def test_a_published_events_title_must_be_typed_to_cancel_it(
    organizer: Organizer, services: Services, chart: str
) -> None:
    _, _, event_id = await organizer.published(chart)
    at = f"/events/{event_id}"
    page = await organizer.post(at + "/cancel", {"title": "Something else"})
    assert "Not cancelled" in page.text
    title = await services.common.pool.fetchval("SELECT title FROM events WHERE id = $1", event_id)
    page = await organizer.post(at + "/cancel", {"title": title, "message": "x" * 2001})
    assert "Not cancelled" in page.text
    page = await organizer.post(at + "/cancel", {"title": title.upper(), "message": "The roof leaks."})
    assert "is cancelled" in page.text
    assert await services.common.pool.fetchval("SELECT status FROM events WHERE id = $1", event_id) == "cancelled"
    assert await services.common.pool.fetchval("SELECT message FROM event_news") == "The roof leaks."


async def test_another_time_or_place_of_a_published_event_asks_for_a_message_to_ticket_holders(
    organizer: Organizer, services: Services, chart: str
) -> None:
    organization_id, venue_id, event_id = await organizer.published(chart)
    pool, at = services.common.pool, f"/events/{event_id}/settings"
    # To the second, as a program may have written it: a form knows minutes, and saving it moves nothing.
    await pool.execute("UPDATE events SET starts_at = starts_at + interval '7 seconds'")
    begins = await pool.fetchval("SELECT starts_at FROM events")
    other = await organizer.venue(organization_id, chart)
    page = await organizer.get(at)
    assert "Message to ticket holders" in page.words
    fields = {"title": "Lamps", "starts_at": f"{NEXT_YEAR}-03-01T19:30", "ends_at": f"{NEXT_YEAR}-03-01T22:00",
              "currency": "CAD", "venue_id": venue_id, "hold_minutes": "10"}  # fmt: skip

    async def save(**changes: str) -> str:
        version = await pool.fetchval("SELECT version FROM events")
        return (await organizer.post(at, {**fields, "version": str(version), **changes})).words

    assert "Saved." in await save()
    assert await pool.fetchval("SELECT starts_at FROM events") == begins
    assert await pool.fetchval("SELECT count(*) FROM event_news") == 0
    for change in ({"ends_at": f"{NEXT_YEAR}-03-01T22:30"}, {"venue_id": other}, {"timezone": "America/Toronto"}):
        assert "this goes to everybody who has a ticket" in await save(**change)
        assert "Saved." not in await save(**change)
    assert await pool.fetchval("SELECT count(*) FROM event_news") == 0
    assert "Saved." in await save(starts_at=f"{NEXT_YEAR}-03-01T20:00", venue_id=other, message="More room for all")
    [news] = await pool.fetch("SELECT kind, message, after FROM event_news")
    assert (news["kind"], news["message"]) == ("changed", "More room for all")


async def test_a_draft_says_what_is_missing_and_cannot_be_published_before(organizer: Organizer, chart: str) -> None:
    organization_id = await organizer.organization()
    venue_id = await organizer.venue(organization_id, chart)
    event_id = await organizer.event(organization_id, venue_id)
    page = await organizer.get(f"/events/{event_id}")
    assert page.text.count('aria-label="To do"') == 3
    page = await organizer.post(f"/events/{event_id}/publish", {})
    assert "Missing: ticket_types, on_sale" in page.text


@dataclass
class Room:
    """A waiting room that remembers what it was asked."""

    bearers: Bearers
    paused: bool = False
    limited_by: str = "capacity"
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    broken: int = 0

    async def answer(self, request: web.Request) -> web.Response:
        person = self.bearers.verify(request.headers["Authorization"].removeprefix("Bearer "))
        body = await request.json() if request.can_read_body else None
        self.asked.append((request.method, person.user_id, body))
        if self.broken and (request.method == "PATCH" or self.broken >= 500):
            return web.json_response({"detail": "The draw is fixed"}, status=self.broken)
        if body and "paused" in body:
            self.paused = body["paused"]
        return web.json_response(CONSOLE | {"paused": self.paused, "limited_by": self.limited_by})


CONSOLE = {
    "phase": "open", "rate_per_min": 500, "capacity": 200, "paused": False, "message": "", "queued": 7100,
    "waiting": 6543, "called": 900, "leases": 200, "offers": 3, "admitted": 880, "admitted_per_s": 8.3, "no_shows": 20,
    "no_show_share": 0.02, "left": 50, "abandon_share": 0.01, "wait_error_share": 0.08, "units_free": 60,
    "limited_by": "capacity", "epoch": 1, "serving": 900, "tail": 8000, "server_now_ms": 0,
}  # fmt: skip


@pytest.fixture
async def room(settings: Settings) -> AsyncIterator[tuple[Room, Settings]]:
    room = Room(Bearers(settings.jwt_key.get_secret_value().encode()))
    app = web.Application()
    app.router.add_route("*", "/v1/rooms/{event}/{what}", room.answer)
    server = TestServer(app)
    await server.start_server()
    yield room, settings.model_copy(update={"waitingroom_url": str(server.make_url("")).rstrip("/")})
    await server.close()


async def test_an_operator_sees_why_admission_is_limited_and_turns_the_tap(
    room: tuple[Room, Settings], redis_client: object, chart: str
) -> None:
    from admin.app import create_app

    waiting, settings = room
    server = TestServer(create_app(settings))
    await server.start_server()
    organizer = Organizer(server.make_url("/"))
    try:
        await organizer.register()
        _, _, event_id = await organizer.published(chart)
        at = f"/events/{event_id}"
        assert "no waiting room" in (await organizer.get(at + "/console")).text
        await organizer.post(at + "/on-sale", {"opens_at": "2026-01-01T10:00", "enabled": "true"})
        for binding, sentence in (("none", "before the sale opens"), ("sold_out", "admission has stopped")):
            waiting.limited_by = binding
            assert sentence in (await organizer.get(at + "/console/figures")).words
        waiting.limited_by = "capacity"
        waiting.asked.clear()
        page = await organizer.get(at + "/console")
        assert "6,543" in page.text
        assert "The shop is full" in page.text
        page = await organizer.post(at + "/console/controls", {"do": "pause"})
        assert "Admission is paused" in page.text or "Resume" in page.text
        await organizer.post(at + "/console/controls", {"do": "pace", "rate_per_min": "900", "capacity": "300"})
        await organizer.post(at + "/console/controls", {"do": "message", "message": "Soon"})
        bodies = [body for method, _, body in waiting.asked if method == "PATCH"]
        assert bodies == [{"paused": True}, {"rate_per_min": 900, "capacity": 300}, {"message": "Soon"}]
        page = await organizer.post(at + "/console/controls", {"do": "pace", "rate_per_min": "0"})
        assert page.status == 422
        waiting.broken = 409
        page = await organizer.post(at + "/console/controls", {"do": "open_now"})
        assert page.status == 422
        assert "The draw is fixed" in page.text
        waiting.broken = 500
        page = await organizer.get(at + "/console")
        assert page.status == 200
        assert "Tickets out" in page.text
    finally:
        await organizer.client.close()
        await server.close()


async def test_a_silent_room_leaves_the_rest_of_the_console_standing(organizer: Organizer, chart: str) -> None:
    _, _, event_id = await organizer.published(chart)
    await organizer.post(f"/events/{event_id}/on-sale", {"opens_at": "2026-01-01T10:00", "enabled": "true"})
    page = await organizer.get(f"/events/{event_id}/console")
    assert page.status == 200
    assert "does not answer" in page.text
    assert "Controls" not in page.text


async def test_a_venue_lists_what_comes_up_there(organizer: Organizer, services: Services, chart: str) -> None:
    _, venue_id, event_id = await organizer.published(chart)
    assert f'href="/events/{event_id}"' in (await organizer.get(f"/venues/{venue_id}")).text
    await organizer.post(f"/events/{event_id}/unpublish", {})
    page = await organizer.get(f"/venues/{venue_id}")
    assert event_id not in page.text, "drafts are no dates yet"
    assert "No published event" in page.words


async def test_a_hidden_type_shows_the_id_it_is_sold_by(organizer: Organizer, services: Services, chart: str) -> None:
    _, _, event_id = await organizer.published(chart)
    at = f"/events/{event_id}/ticket-types"
    kind = await services.common.pool.fetchval("SELECT id FROM ticket_types WHERE event_id = $1", event_id)
    version = re.search(r'name="version" value="([^"]+)"', (await organizer.get(f"{at}/{kind}")).text)
    assert version
    fields = {"version": version[1], "name": "Friends", "price": "45", "visibility": "hidden"}
    page = await organizer.post(f"{at}/{kind}", fields)
    assert page.status == 200, page.words
    assert f"<code>{kind}</code>" in (await organizer.get(f"{at}/{kind}")).text


async def test_what_a_published_event_offers_is_its_own_chart_not_the_venues_new_one(
    organizer: Organizer, chart: str
) -> None:
    _, venue_id, event_id = await organizer.published(chart)
    rebuilt = chart.replace('"Stalls"', '"Gallery"').replace('"Floor"', '"Pit"')
    assert "The chart is saved" in (await organizer.post(f"/venues/{venue_id}/chart", {"chart": rebuilt})).text
    at = f"/events/{event_id}"
    for path in ("/ticket-types", "/allotments"):
        page = await organizer.get(at + path)
        assert 'value="Floor"' in page.text, path
        assert 'value="Pit"' not in page.text, path
    kind = [("name", "Standing"), ("price", "30"), ("categories", "Floor")]
    assert (await organizer.post(at + "/ticket-types", kind)).status == 200
    apart = {"name": "Guests", "by": "section", "section": "Floor", "quantity": "5"}
    assert (await organizer.post(at + "/allotments", apart)).status == 200
