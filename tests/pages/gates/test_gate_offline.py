"""Without a network: judged as with one, or said that it cannot be known; afterwards told in plain words."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import expect

from engine.domain.catalogue.entry_rules import EntryRules, GateRule
from engine.stores.gates import gate_events
from tests.axe import serious
from tests.pages.gates.scanner import WAIT_MS, Door, later, scan, show, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]


async def test_offline_the_wrong_gate_spent_entries_and_lonely_exits_are_judged(door: Door) -> None:
    rules = EntryRules(
        allow_reentry=True, max_entries=2, gates={"North": GateRule(sections=["Stalls"]), "South": GateRule()}
    )
    await gate_events.write_rules(door.world.pool, door.world.event_id, rules)  # of a section where nobody sits
    await asyncio.sleep(1.1)
    browser = await door.browser()
    context, page = await door.page(browser)
    await sign_in(page, await door.credential())
    # Another gate lets somebody in and out before the network goes: this scanner hears of it.
    other = await door.world.scanner("South", ["South"])
    for direction in ("entry", "exit", "entry", "exit"):
        await door.world.scan(other, 3, gate="South", direction=direction)
    await door.world.scan(other, 4, gate="South")
    await page.locator("#menu-button").click()
    await page.get_by_role("button", name="Sync now").click()
    await page.get_by_label("Gate it stands at").fill("South")
    await page.keyboard.press("Escape")
    await page.wait_for_timeout(1500)
    await context.set_offline(True)
    await scan(page, door.world.code(3), "Already in")  # both entries used
    await scan(page, door.world.code(4), "Already in")  # inside through another gate
    await scan(page, door.world.code(5), "Welcome")
    await page.get_by_role("button", name="Exit").click()
    await scan(page, door.world.code(5), "Goodbye")
    await scan(page, door.world.code(6), "Cannot tell")
    await show(page, door.world.code(5), "No entry is known to this scanner")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Entry").click()
    await scan(page, door.world.code(5), "Welcome")
    await page.locator("#menu-button").click()
    await page.get_by_label("Gate it stands at").fill("North")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Escape")
    await show(page, door.world.code(7), "This ticket belongs to another gate")
    await page.keyboard.press("Escape")
    await scan(page, door.world.code(1, event_id="evt_01JZZZZZZZZZZZZZZZZZZZZZZZ"), "another event")
    await scan(page, "nonsense", "not one of our tickets")
    await browser.close()


async def test_offline_a_scanner_keeps_to_the_gates_it_was_made_for(door: Door) -> None:
    browser = await door.browser()
    context, page = await door.page(browser)
    await sign_in(page, await door.credential("Bound", ["North", "East"]))
    await context.set_offline(True)
    await scan(page, door.world.code(1), "Welcome")
    await page.locator("#menu-button").click()
    await page.get_by_label("Gate it stands at").fill("South")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Escape")
    await scan(page, door.world.code(2), "Send them to North or East")
    await expect(page.locator("#chip-queue")).to_have_text("1 to send")
    assert await door.world.log() == []
    await browser.close()


async def test_offline_codes_have_their_times_by_the_event_as_it_is_now(door: Door) -> None:
    world = door.world
    issued_s = int((world.paid_at + timedelta(hours=1)).timestamp())
    late = world.paid_at - timedelta(hours=10, minutes=45)  # codes end in seventy minutes
    await world.pool.execute(
        "UPDATE events SET starts_at = $1, ends_at = $2, version = version + 1", late - timedelta(hours=3), late
    )
    # What the code says of its end does not matter, neither that it is over nor that it is not.
    await world.pool.execute(
        "UPDATE tickets SET code_not_before_s = $1::bigint,"
        " code_expires_s = $1::bigint + CASE unit WHEN 1 THEN 1 ELSE 900000 END",
        issued_s,
    )
    keys = world.settings.keyring.event(world.event_id)
    over = keys.mint_ticket_code(1, 1, issued_s, issued_s + 1)
    far = keys.mint_ticket_code(2, 1, issued_s, issued_s + 900_000)
    browser = await door.browser()
    context, page = await door.page(browser)
    await sign_in(page, await door.credential())
    await context.set_offline(True)
    await scan(page, over, "not valid yet")
    await later(page, 58)
    await scan(page, over, "Welcome")
    await later(page, 14)
    await scan(page, far, "no longer valid")
    await expect(page.locator("#chip-queue")).to_have_text("1 to send")
    assert await world.log() == []
    await browser.close()


async def test_a_clock_that_was_set_back_makes_no_list_younger(door: Door) -> None:
    browser = await door.browser()
    context, page = await door.page(browser)
    await sign_in(page, await door.credential())
    await context.set_offline(True)
    await later(page, -24 * 60)
    await scan(page, door.world.code(1), "Welcome")
    await page.evaluate(
        "() => { const real = performance.now.bind(performance); performance.now = () => real() + 4e6; }"
    )
    await scan(page, door.world.code(2), "Cannot tell")
    await context.set_offline(False)
    await expect(page.locator("#chip-queue")).to_be_hidden(timeout=WAIT_MS)
    [row] = await door.world.log()
    assert (row["result"], row["unit"]) == ("admit", 1)
    await browser.close()


async def test_a_list_too_old_changes_the_verdict_and_a_person_may_decide(door: Door) -> None:
    browser = await door.browser()
    context, page = await door.page(browser)
    await sign_in(page, await door.credential())
    await context.set_offline(True)
    await later(page, 59)
    await scan(page, door.world.code(1), "Welcome")
    await later(page, 2)
    verdict = page.locator("#verdict")
    await show(page, door.world.code(2), "Cannot tell")
    await expect(verdict).not_to_contain_text("Welcome")
    await expect(verdict).to_contain_text("Ada Lovelace")
    await door.shoot(page, "gate-unsure")
    assert await serious(page) == []
    await page.get_by_role("button", name="Next").click()
    await scan(page, door.world.code(1), "Already in")
    await expect(page.locator("#chip-queue")).to_have_text("1 to send")
    await page.get_by_label("Ticket code").fill(door.world.code(2))
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Let in anyway").click()
    await expect(verdict).to_contain_text("Welcome")
    await page.keyboard.press("Escape")
    await expect(page.locator("#chip-queue")).to_have_text("2 to send")
    await later(page, 24 * 60)
    await scan(page, door.world.code(3), "more than a day old")
    await browser.close()


async def test_what_turned_out_otherwise_is_told_with_its_reason(door: Door) -> None:
    browser = await door.browser()
    context, page = await door.page(browser)
    await sign_in(page, await door.credential())
    other = await door.world.scanner("South")
    await context.set_offline(True)
    await door.world.scan(other, 1)
    for unit in (1, 2, 3):
        await scan(page, door.world.code(unit), "Welcome")
    await door.world.pool.execute("UPDATE tickets SET version = 2 WHERE unit = 2")
    await door.world.pool.execute("UPDATE tickets SET status = 'refunded' WHERE unit = 3")
    await context.set_offline(False)
    await expect(page.locator("#chip-queue")).to_be_hidden(timeout=WAIT_MS)
    await expect(page.locator("#notice")).to_contain_text("3 scans made offline turned out otherwise")
    await door.shoot(page, "gate-told")
    await page.locator("#menu-button").click()
    lines = page.locator("#menu-told li")
    await expect(lines).to_have_count(3)
    text = " ".join(await lines.all_inner_texts())
    assert "Somebody came in with this ticket at another gate" in text
    assert "This code was replaced by a newer one" in text
    assert "It had lost its standing before this scanner could hear of it" in text
    assert "Ada Lovelace" in text
    assert "collided" not in await page.locator("body").inner_text()
    await door.shoot(page, "gate-told-menu")
    await browser.close()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (422, '{"code": "validation_failed", "title": "T", "detail": "Object missing required field `code` - at `$`"}'),
        (400, '{"code": "malformed", "detail": "The body is not valid JSON: 0x00"}'),
        (403, '{"code": "forbidden", "detail": "This scanner belongs to another event"}'),
        (404, "{}"),
        (418, "[1]"),
    ],
)
async def test_no_steward_reads_the_servers_own_words(door: Door, status: int, body: str) -> None:
    browser = await door.browser()
    _, page = await door.page(browser)
    await sign_in(page, await door.credential())
    for path in ("**/v1/tickets/validate", "**/attendees?*", "**/gate-bundle", "**/attendance"):
        await page.route(path, lambda route: route.fulfill(status=status, body=body, content_type="application/json"))
    await show(page, door.world.code(1), "Cannot tell")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Find by name").click()
    await page.get_by_label("Name, e-mail or order number").fill("lovel")
    await expect(page.locator("#search-state")).not_to_contain_text("At least")
    await page.get_by_role("button", name="Close").click()
    await page.locator("#menu-button").click()
    await page.get_by_role("button", name="Sync now").click()
    await expect(page.locator("#menu-error")).not_to_be_empty()
    said = await page.locator("body").text_content() or ""
    for raw in ("Object missing", "JSON", "0x00", "validation", "belongs to another event`", "undefined", "418", "404"):
        assert raw not in said
    await browser.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_verdict_shows_type_place_and_the_venues_time(door: Door, scheme: Any) -> None:
    await door.world.pool.execute("UPDATE events SET timezone = 'Asia/Kathmandu'")
    await door.world.pool.execute("UPDATE ticket_types SET name = 'Wheelchair + companion'")
    await door.world.pool.execute("UPDATE tickets SET seat = 'Stalls/J/14', section = 'Stalls' WHERE unit = 1")
    await asyncio.sleep(1.1)
    browser = await door.browser()
    context, page = await door.page(browser, color_scheme=scheme, timezone_id="America/Vancouver")
    await sign_in(page, await door.credential())
    verdict = page.locator("#verdict")
    for network in ("online", "offline"):
        await context.set_offline(network == "offline")
        for word in ("Welcome", "Already in") if network == "online" else ("Already in",):
            await show(page, door.world.code(1), word)
            await expect(page.locator("#verdict-type")).to_have_text("Wheelchair + companion")
            await expect(verdict).to_contain_text("Stalls, row J, seat 14")
            await door.shoot(page, f"gate-{scheme}-{network}-{word[:3]}")
            if word == "Already in":
                here = await page.evaluate(
                    "new Intl.DateTimeFormat('en', {hour: '2-digit', hourCycle: 'h23', minute: '2-digit',"
                    " timeZone: 'Asia/Kathmandu'}).format(new Date()).slice(0, 3)"
                )
                await expect(page.locator("#verdict-why")).to_contain_text(f"At {here}")
            assert await serious(page) == []
            await page.keyboard.press("Escape")
    size = await page.evaluate("parseFloat(getComputedStyle(document.getElementById('verdict-type')).fontSize)")
    assert size >= 24
    await expect(page.locator("#recent li").first).to_contain_text("Stalls, row J, seat 14")
    await page.get_by_role("button", name="Exit").click()
    await show(page, door.world.code(1), "no way back in")
    await browser.close()
