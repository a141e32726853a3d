"""The gate scanner in a real Chromium whose camera shows tickets' codes."""

from __future__ import annotations

import asyncio
import io
import re

import pytest
import zxingcpp
from PIL import Image
from playwright.async_api import Dialog, expect

from engine.foundation.ids import new_id
from tests.axe import serious
from tests.gate_world import ADMIN
from tests.pages.gates.scanner import WAIT_MS, Door, blank, code_frame, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]


async def test_the_camera_admits_a_ticket_once_and_shows_the_second_time_as_a_duplicate(door: Door) -> None:
    # After each code nothing for 4.5 s: until the verdict is gone, and for longer than SAME_CODE_PAUSE_MS.
    film = b"".join(code_frame(door.world.code(number)) * 25 + blank() * 135 for number in (3, 4))
    browser = await door.browser_with_film(film)
    _, page = await door.page(browser)
    await page.goto("/gate")
    await door.shoot(page, "gate-signin")
    await sign_in(page, await door.credential())
    verdict = page.locator("#verdict")
    await expect(verdict).to_contain_text("Welcome", timeout=WAIT_MS)
    await expect(verdict).to_contain_text("Ada Lovelace")
    await door.shoot(page, "gate-admit")
    await expect(verdict).to_contain_text("Already in", timeout=4 * WAIT_MS)
    await expect(verdict).to_contain_text("North 1")
    await door.shoot(page, "gate-duplicate")
    log = await door.world.log()
    assert [row["result"] for row in log[:3]] == ["admit", "admit", "duplicate"]
    assert door.faults == []
    await browser.close()


async def test_codes_are_typed_people_found_by_name_and_exits_switched_to(door: Door) -> None:
    browser = await door.browser()
    _, page = await door.page(browser, width=1280, height=800)
    await sign_in(page, await door.credential())
    verdict = page.locator("#verdict")
    await page.get_by_label("Ticket code").fill(door.world.code(1))
    await page.get_by_role("button", name="Check", exact=True).click()
    await expect(verdict).to_contain_text("Welcome")
    await page.get_by_role("button", name="Next").click()
    await page.get_by_role("button", name="Find by name").click()
    await page.get_by_label("Name, e-mail or order number").fill("lovel")
    await expect(page.locator("#found li")).to_have_count(12)
    await door.shoot(page, "gate-search")
    await page.locator("#found button").nth(4).click()
    await expect(verdict).to_contain_text("Welcome")
    await page.get_by_role("button", name="Next").click()
    await page.get_by_role("button", name="Exit").click()
    await page.get_by_label("Ticket code").fill(door.world.code(1))
    await page.keyboard.press("Enter")
    await expect(verdict).to_contain_text("Goodbye")
    await page.keyboard.press("Escape")
    await page.get_by_label("Ticket code").fill("nonsense")
    await page.keyboard.press("Enter")
    await expect(verdict).to_contain_text("No entry")
    await door.shoot(page, "gate-desktop-reject")
    await page.keyboard.press("Escape")
    await door.shoot(page, "gate-desktop")
    assert [(row["result"], row["manual"]) for row in await door.world.log()] == [
        ("admit", False), ("admit", True), ("exit_ok", False), ("reject", False),
    ]  # fmt: skip
    assert door.faults == []
    await browser.close()


async def test_without_a_network_the_bundle_judges_and_the_queue_is_sent_later(door: Door) -> None:
    browser = await door.browser()
    context, page = await door.page(browser)
    await sign_in(page, await door.credential())
    await page.wait_for_function("navigator.serviceWorker.controller !== null")
    await context.set_offline(True)
    await page.reload()
    await expect(page.locator("#event-title")).to_have_text("Night")
    verdict = page.locator("#verdict")
    for unit, word in ((5, "Welcome"), (5, "Already in"), (6, "Welcome")):
        await page.get_by_label("Ticket code").fill(door.world.code(unit))
        await page.keyboard.press("Enter")
        await expect(verdict).to_contain_text(word)
        await expect(verdict).to_contain_text("offline")
        if word == "Already in":
            await expect(verdict).to_contain_text(re.compile(r"At \d.*North 1"))
        await page.keyboard.press("Escape")
    await page.get_by_label("Ticket code").fill("nonsense")
    await page.keyboard.press("Enter")
    await expect(verdict).to_contain_text("No entry")
    await page.keyboard.press("Escape")
    await expect(page.locator("#chip-queue")).to_have_text("2 to send")
    await expect(page.locator("#chip-net")).to_have_text("Offline")
    await door.shoot(page, "gate-offline")
    assert await door.world.log() == []
    stored = await page.evaluate(
        """async () => {
            const db = await new Promise((resolve) => {
                const request = indexedDB.open("onsale-gate");
                request.onsuccess = () => resolve(request.result);
            });
            const all = (shelf) => new Promise((resolve) => {
                const request = db.transaction(shelf).objectStore(shelf).getAll();
                request.onsuccess = () => resolve(request.result);
            });
            return JSON.stringify([await all("queue"), await all("kept")]);
        }"""
    )
    assert door.world.code(5) not in stored
    assert "dev_" not in stored
    await context.set_offline(False)
    await expect(page.locator("#chip-queue")).to_be_hidden(timeout=WAIT_MS)
    log = await door.world.log()
    assert [(row["result"], row["online"]) for row in log] == [("admit", False), ("admit", False)]
    await browser.close()


async def test_a_scanner_signs_in_with_its_camera_or_thinks_better_of_it(door: Door) -> None:
    browser = await door.browser()
    _, page = await door.page(browser)
    await page.goto("/gate")
    await page.get_by_role("button", name="Scan its code").click()
    await expect(page.locator("#finder-hint")).to_contain_text("scanner’s code", timeout=WAIT_MS)
    await expect(page.get_by_role("button", name="Find by name")).to_be_hidden()
    await expect(page.get_by_label("Ticket code")).to_be_hidden()
    await door.shoot(page, "gate-pairing")
    await page.get_by_role("button", name="Back").click()
    await expect(page.get_by_label("Credential")).to_be_focused()
    await browser.close()

    browser = await door.browser(await door.credential())
    _, page = await door.page(browser)
    await page.goto("/gate")
    await page.get_by_role("button", name="Scan its code").click()
    await expect(page.locator("#chip-sync")).to_contain_text("Synced", timeout=WAIT_MS)
    await expect(page.get_by_role("button", name="Find by name")).to_be_visible()
    await expect(page.get_by_role("button", name="Back")).to_be_hidden()
    assert door.faults == []
    await browser.close()


async def test_signing_out_asks_first_and_never_leaves_scans_behind(door: Door) -> None:
    browser = await door.browser()
    context, page = await door.page(browser)
    asked: list[str] = []
    answers = [False, True]

    async def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        await (dialog.accept() if answers[len(asked) - 1] else dialog.dismiss())

    page.on("dialog", answer)
    await sign_in(page, await door.credential())
    await context.set_offline(True)
    await page.get_by_label("Ticket code").fill(door.world.code(5))
    await page.keyboard.press("Enter")
    await expect(page.locator("#chip-queue")).to_have_text("1 to send")
    await page.keyboard.press("Escape")
    await page.locator("#menu-button").click()
    await page.get_by_role("button", name="Sign this scanner out").click()
    await expect(page.locator("#menu-error")).to_contain_text("waiting to be sent")
    await expect(page.locator("#menu-error")).to_be_in_viewport()
    assert asked == []
    await context.set_offline(False)
    await expect(page.locator("#chip-queue")).to_be_hidden(timeout=WAIT_MS)
    await page.get_by_role("button", name="Sign this scanner out").click()
    await expect(page.locator("#scanner")).to_be_visible()
    await page.get_by_role("button", name="Sign this scanner out").click()
    await expect(page.get_by_label("Credential")).to_be_visible()
    assert len(asked) == 2
    assert "credential" in asked[0]
    await browser.close()


@pytest.mark.parametrize("width", [390, 1280])
async def test_no_face_of_the_scanner_has_a_serious_finding(door: Door, width: int) -> None:
    browser = await door.browser()
    context, page = await door.page(browser, width=width, height=844)
    found: dict[str, list[str]] = {}

    async def look(face: str) -> None:
        await door.shoot(page, f"axe-{width}-{face}")
        found[face] = await serious(page)

    async def scanned(code: str, face: str, words: str) -> None:
        await page.get_by_label("Ticket code").fill(code)
        await page.keyboard.press("Enter")
        await expect(page.locator("#verdict")).to_contain_text(words)
        await look(face)
        await page.keyboard.press("Escape")

    await page.goto("/gate")
    await look("sign-in")
    await page.get_by_role("button", name="Start scanning").click()
    await expect(page.locator("#credential-error")).to_contain_text("begins with dev_")
    await look("no-credential")
    await sign_in(page, await door.credential())
    await page.wait_for_function("navigator.serviceWorker.controller !== null")
    await look("nothing-yet")
    good = door.world.code(1)
    await scanned(good, "admit", "Welcome")
    await scanned(good, "duplicate", "Already in")
    await scanned(door.world.code(2, event_id=new_id("evt")), "wrong-event", "another event")
    await scanned("nonsense", "no-ticket", "not one of our tickets")
    await page.get_by_role("button", name="Exit").click()
    await scanned(good, "exit", "Goodbye")
    await page.get_by_role("button", name="Find by name").click()
    await page.get_by_label("Name, e-mail or order number").fill("lovel")
    await expect(page.locator("#found li")).to_have_count(12)
    await look("search")
    await page.get_by_role("button", name="Close").click()
    await page.locator("#menu-button").click()
    await look("menu")
    await page.keyboard.press("Escape")
    await context.set_offline(True)
    await expect(page.locator("#chip-net")).to_have_text("Offline")
    await look("offline")
    assert not any(found.values()), found
    await browser.close()


async def test_a_revoked_scanner_signs_itself_out(door: Door) -> None:
    browser = await door.browser()
    _, page = await door.page(browser)
    await page.goto("/gate")
    await page.get_by_label("Credential").fill("hello")
    await page.get_by_role("button", name="Start scanning").click()
    await expect(page.locator("#credential-error")).to_contain_text("begins with dev_")
    credential = await door.credential()
    await sign_in(page, credential)
    await door.world.devices.revoke(ADMIN, door.world.event_id, credential.partition(".")[0])
    await asyncio.sleep(1.1)
    await page.get_by_label("Ticket code").fill(door.world.code(1))
    await page.keyboard.press("Enter")
    await expect(page.locator("#credential-error")).to_contain_text("revoked")
    await expect(page.locator("#scanner")).to_be_hidden()
    await browser.close()


async def test_the_shell_is_installable_and_strict(door: Door) -> None:
    browser = await door.browser()
    _, page = await door.page(browser)
    answer = await page.goto("/tickets/checkin")
    assert page.url.endswith("/gate")
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "camera=(self)" in answer.headers["permissions-policy"]
    manifest = await page.evaluate("fetch('/gate/manifest.webmanifest').then((answer) => answer.json())")
    assert manifest["start_url"] == "/gate"
    for icon in manifest["icons"]:
        status = await page.evaluate("(path) => fetch(path).then((answer) => answer.status)", icon["src"])
        assert status == 200
    await browser.close()


def test_the_films_frame_reads_as_its_code() -> None:
    picture = Image.open(io.BytesIO(code_frame("hello")))
    assert zxingcpp.read_barcode(picture).text == "hello"
