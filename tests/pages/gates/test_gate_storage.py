"""Storage that fails, scanners that are revoked, keys that are lost, several tabs: no scan is lost, one truth."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, expect

from tests.axe import serious
from tests.gate_world import ADMIN
from tests.pages.gates.scanner import WAIT_MS, Door, scan, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FAULTS = {
    "every write fails": "IDBObjectStore.prototype.put = () => { throw new DOMException('x', 'UnknownError'); };",
    "the disk is full": "IDBObjectStore.prototype.put = () => { throw new DOMException('x', 'QuotaExceededError'); };",
    "no transaction begins": "IDBDatabase.prototype.transaction = () => {"
    " throw new DOMException('The database connection is closing', 'InvalidStateError'); };",
    "every transaction hangs": "IDBDatabase.prototype.transaction = () => ({ objectStore: () => ({"
    " get: () => ({}), put: () => ({}), delete: () => ({}), getAllKeys: () => ({}) }) });",
    "the database cannot be opened": "IDBFactory.prototype.open = () => {"
    " throw new DOMException('x', 'SecurityError'); }; IDBDatabase.prototype.transaction = () => {"
    " throw new DOMException('x', 'InvalidStateError'); };",
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_the_servers_verdict_is_shown_whatever_storage_does(door: Door, fault: str) -> None:
    browser = await door.browser()
    context, page = await door.page(browser)
    await sign_in(page, await door.credential())
    await page.evaluate(f"{FAULTS[fault]} 0")
    await scan(page, door.world.code(1), "Welcome")
    await scan(page, door.world.code(1), "Already in")
    await page.get_by_role("button", name="Find by name").click()
    await page.get_by_label("Name, e-mail or order number").fill("lovel")
    await page.locator("#found button").nth(4).click()
    await expect(page.locator("#verdict")).to_contain_text("Welcome")
    await page.keyboard.press("Escape")
    # Offline too: the page itself remembers, says so, and sends it later.
    await context.set_offline(True)
    await scan(page, door.world.code(2), "Welcome")
    await scan(page, door.world.code(2), "Already in")
    await expect(page.locator("#chip-queue")).to_have_text("1 to send")
    await page.locator("#menu-button").click()
    await expect(page.locator("#menu-storage")).to_contain_text("1 scan is only in this page until it is sent.")
    await expect(page.locator("#menu-storage")).to_contain_text("keep this page open")
    assert await serious(page) == []
    await context.set_offline(False)
    await expect(page.locator("#chip-queue")).to_be_hidden(timeout=WAIT_MS)
    assert [row["result"] for row in await door.world.log()] == ["admit", "duplicate", "admit", "admit"]
    assert door.page_faults == []
    await browser.close()


async def test_a_database_that_was_deleted_under_the_scanner_is_opened_anew_and_filled_again(door: Door) -> None:
    browser = await door.browser()
    context, page = await door.page(browser)
    await sign_in(page, await door.credential())
    await page.wait_for_function("navigator.serviceWorker.controller !== null")
    await context.set_offline(True)
    await scan(page, door.world.code(1), "Welcome")
    await page.evaluate("new Promise((done) => { indexedDB.deleteDatabase('onsale-gate').onsuccess = () => done(); })")
    await scan(page, door.world.code(1), "Already in")
    await scan(page, door.world.code(2), "Welcome")
    await page.wait_for_timeout(1500)
    await page.reload()
    await expect(page.locator("#chip-queue")).to_have_text("2 to send")
    await scan(page, door.world.code(1), "Already in")
    await context.set_offline(False)
    await expect(page.locator("#chip-queue")).to_be_hidden(timeout=WAIT_MS)
    assert sorted(row["unit"] for row in await door.world.log()) == [1, 2]
    await browser.close()


async def test_scans_of_a_scanner_that_was_revoked_meanwhile_are_sent_before_it_signs_out(door: Door) -> None:
    browser = await door.browser()
    context, page = await door.page(browser)
    credential = await door.credential()
    await sign_in(page, credential)
    await context.set_offline(True)
    for unit in (1, 2, 3):
        await scan(page, door.world.code(unit), "Welcome")
    await door.world.devices.revoke(ADMIN, door.world.event_id, credential.partition(".")[0])
    await context.set_offline(False)
    await expect(page.locator("#credential-error")).to_contain_text("revoked", timeout=WAIT_MS)
    log = await door.world.log()
    assert [(row["unit"], row["result"]) for row in log] == [(1, "admit"), (2, "admit"), (3, "admit")]
    # A second one signs in on the same device and begins with nothing of the first.
    await sign_in(page, await door.credential("Spare"))
    await expect(page.locator("#chip-queue")).to_be_hidden()
    await expect(page.locator("#notice")).to_be_hidden()
    await browser.close()


async def test_scans_that_could_not_be_sent_stay_when_another_scanner_signs_in_and_go_with_it(door: Door) -> None:
    browser = await door.browser()
    context, page = await door.page(browser)
    await sign_in(page, await door.credential("First"))
    await context.set_offline(True)
    await scan(page, door.world.code(1), "Welcome")
    # The scanner is forgotten (as an update, or another tab, may do); its scans are not.
    await page.evaluate(
        """new Promise((done) => { indexedDB.open('onsale-gate').onsuccess = ({ target: { result: db } }) => {
            const work = db.transaction('kept', 'readwrite');
            work.objectStore('kept').delete('scanner');
            work.oncomplete = () => { db.close(); done(); };
        }; })"""
    )
    await context.route("**/checkins/batch", lambda route: route.abort())
    await context.set_offline(False)
    await page.goto("/gate")
    await expect(page.get_by_label("Credential")).to_be_visible()
    await expect(page.locator("#chip-queue")).to_have_text("1 to send")
    await context.unroute("**/checkins/batch")
    await sign_in(page, await door.credential("Second"))
    await expect(page.locator("#chip-queue")).to_be_hidden(timeout=WAIT_MS)
    [row] = await door.world.log()
    assert (row["unit"], row["result"], row["gate"]) == (1, "admit", "First")
    await browser.close()


async def test_scans_whose_key_is_lost_are_counted_and_told_and_stay(door: Door) -> None:
    browser = await door.browser()
    context, page = await door.page(browser)
    await sign_in(page, await door.credential())
    await page.wait_for_function("navigator.serviceWorker.controller !== null")
    await context.set_offline(True)
    for unit in (1, 2, 3):
        await scan(page, door.world.code(unit), "Welcome")
    await page.evaluate(
        """new Promise((done) => { indexedDB.open('onsale-gate').onsuccess = ({ target: { result: db } }) => {
            const work = db.transaction('kept', 'readwrite');
            work.objectStore('kept').delete('key');
            work.oncomplete = () => { db.close(); done(); };
        }; })"""
    )
    await page.reload()
    await expect(page.get_by_label("Credential")).to_be_visible()
    await context.set_offline(False)
    await sign_in(page, await door.credential("Spare"))
    told = page.locator("#notice")
    await expect(told).to_contain_text("3 scans on this device cannot be opened", timeout=WAIT_MS)
    await door.shoot(page, "gate-key-lost")
    assert await serious(page) == []
    await page.get_by_role("button", name="Understood").click()
    await expect(told).to_be_hidden()
    await page.locator("#menu-button").click()
    await expect(page.locator("#menu-losses")).to_contain_text("3 scans")
    left = await page.evaluate(
        """new Promise((done) => { indexedDB.open('onsale-gate').onsuccess = ({ target: { result: db } }) => {
            db.transaction('queue').objectStore('queue').count().onsuccess = ({ target }) => done(target.result);
        }; })"""
    )
    assert left == 3
    await browser.close()


async def test_scans_that_were_cleared_with_the_browsers_data_are_told(door: Door) -> None:
    browser = await door.browser()
    context, page = await door.page(browser)
    await sign_in(page, await door.credential())
    await page.wait_for_function("navigator.serviceWorker.controller !== null")
    await context.set_offline(True)
    for unit in (1, 2):
        await scan(page, door.world.code(unit), "Welcome")
    other = await context.new_page()
    await page.close()
    await other.goto("/gate/manifest.webmanifest")
    await other.evaluate("new Promise((done) => { indexedDB.deleteDatabase('onsale-gate').onsuccess = () => done(); })")
    await other.goto("/gate")
    await expect(other.locator("#notice")).to_contain_text("2 scans that waited here to be sent are gone")
    await other.get_by_role("button", name="Understood").click()
    await other.reload()
    await expect(other.get_by_label("Credential")).to_be_visible()
    await expect(other.locator("#notice")).to_be_hidden()
    await browser.close()


async def test_the_browser_is_asked_to_keep_what_waits(door: Door) -> None:
    browser = await door.browser()
    _, page = await door.page(browser)
    await page.add_init_script(
        "self.asked = 0; StorageManager.prototype.persist = async () => { self.asked += 1; return false; };"
    )
    await sign_in(page, await door.credential())
    assert await page.evaluate("self.asked") == 1
    await page.locator("#menu-button").click()
    await expect(page.locator("#menu-storage")).to_contain_text("may clear scans")
    await browser.close()


@pytest.mark.parametrize("fault", ["", FAULTS["every write fails"]])
async def test_two_tabs_of_one_scanner_admit_a_ticket_once(door: Door, fault: str) -> None:
    browser = await door.browser()
    context, first = await door.page(browser)
    await sign_in(first, await door.credential())
    second = await context.new_page()
    await second.goto("/gate")
    await expect(second.locator("#chip-sync")).to_contain_text("Synced", timeout=WAIT_MS)
    await context.set_offline(True)
    for tab in (first, second):
        await tab.evaluate(f"{fault} 0")
    await scan(first, door.world.code(1), "Welcome")
    await scan(second, door.world.code(1), "Already in")
    for tab in (first, second):
        await tab.get_by_label("Ticket code").fill(door.world.code(2))
    await asyncio.gather(
        *(tab.evaluate("document.getElementById('type-in').requestSubmit()") for tab in (first, second))
    )
    assert sorted([await _word(first), await _word(second)]) == ["Already in", "Welcome"]
    await context.set_offline(False)
    for tab in (first, second):
        await expect(tab.locator("#chip-queue")).to_be_hidden(timeout=WAIT_MS)
    assert sorted((row["unit"], row["result"]) for row in await door.world.log()) == [(1, "admit"), (2, "admit")]
    await browser.close()


async def _word(tab: Page) -> str:
    await expect(tab.locator("#verdict")).to_be_visible()
    return await tab.locator("#verdict-word").inner_text()
