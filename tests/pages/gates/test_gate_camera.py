"""What is held before the camera, and what becomes of the camera."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageOps
from playwright.async_api import expect

from engine.services.tickets import ticket_images
from tests.axe import serious
from tests.pages.gates.scanner import FRAME, WAIT_MS, Door, blank, code_frame, jpeg, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]
READ_MS = 2_000
SLACK_MS = 6_000  # a test's machine shares its cores


def _frame(*symbols: Image.Image) -> bytes:
    picture = Image.new("RGB", FRAME, "#8a8578")
    width = FRAME[0] // len(symbols)
    for place, symbol in enumerate(symbols):
        side = min(width - 30, 300)
        picture.paste(symbol.resize((side, side)), (place * width + (width - side) // 2, (FRAME[1] - side) // 2))
    return jpeg(picture)


def _symbol(code: str) -> Image.Image:
    return Image.open(io.BytesIO(ticket_images.png(code))).convert("RGB")


async def test_a_code_in_white_on_black_is_read(door: Door) -> None:
    symbol = ImageOps.invert(ImageOps.expand(_symbol(door.world.code(3)), 20, "white"))
    browser = await door.browser_with_film(_frame(symbol) * 10)
    _, page = await door.page(browser)
    await sign_in(page, await door.credential())
    await expect(page.locator("#verdict")).to_contain_text("Welcome", timeout=READ_MS + SLACK_MS)
    assert [row["unit"] for row in await door.world.log()] == [3]
    await browser.close()


async def test_two_codes_in_one_frame_are_read_one_after_the_other(door: Door) -> None:
    film = _frame(_symbol(door.world.code(3)), _symbol(door.world.code(4))) * 10
    browser = await door.browser_with_film(film)
    _, page = await door.page(browser)
    await sign_in(page, await door.credential())
    await expect(page.locator("#verdict")).to_contain_text("Welcome", timeout=READ_MS + SLACK_MS)
    await page.keyboard.press("Escape")
    await expect(page.locator("#recent li[data-result='admit']")).to_have_count(2, timeout=READ_MS + SLACK_MS)
    assert sorted(row["unit"] for row in (await door.world.log())[:2]) == [3, 4]
    await browser.close()


async def test_a_camera_that_sees_nothing_says_what_may_help(door: Door) -> None:
    browser = await door.browser_with_film(jpeg(Image.new("RGB", FRAME, "#050505")) * 10)
    _, page = await door.page(browser)
    await sign_in(page, await door.credential())
    await expect(page.locator("#finder-hint")).to_have_text("Hold the code into the frame")
    await expect(page.locator("#finder-hint")).to_contain_text("Too dark to read", timeout=WAIT_MS)
    await browser.close()
    browser = await door.browser_with_film(jpeg(Image.new("RGB", FRAME, "#8a8578")) * 10)
    _, page = await door.page(browser)
    await sign_in(page, await door.credential())
    await expect(page.locator("#finder-hint")).to_contain_text("No code seen", timeout=WAIT_MS)
    await browser.close()


LOSSES = {
    "unplugged": "const t = video.srcObject.getTracks()[0]; t.stop(); t.dispatchEvent(new Event('ended'));",
    "stopped without a word": "video.srcObject.getTracks()[0].stop();",
    "paused by a locked phone": "video.pause(); video.play = () => Promise.resolve();",
}


@pytest.mark.parametrize("loss", LOSSES)
async def test_a_lost_camera_comes_back_by_itself(door: Door, loss: str) -> None:
    # The code goes out of the frame and comes again, so that the scanner tells it again.
    browser = await door.browser_with_film(code_frame(door.world.code(3)) * 25 + blank() * 140)
    _, page = await door.page(browser)
    await sign_in(page, await door.credential())
    await expect(page.locator("#verdict")).to_contain_text("Welcome", timeout=WAIT_MS)
    await page.keyboard.press("Escape")
    before = await page.evaluate("(self.video = document.getElementById('video')).srcObject.id")
    await page.evaluate(f"() => {{ {LOSSES[loss]} }}")
    await page.wait_for_function(
        "(id) => { const now = video.srcObject; return now && now.id !== id && now.active; }",
        arg=before,
        timeout=WAIT_MS,
    )
    await page.evaluate("delete video.play; video.play();")
    await expect(page.locator("#finder")).to_have_attribute("data-live", "true", timeout=WAIT_MS)
    await expect(page.locator("#recent li")).not_to_have_count(1, timeout=2 * WAIT_MS)
    await browser.close()


@pytest.mark.parametrize(
    ("fault", "words", "by_itself"),
    [("NotReadableError", "Another app has the camera", True), ("NotFoundError", "No camera here", True),
     ("NotAllowedError", "The camera was refused", False)],
)  # fmt: skip
async def test_a_camera_that_cannot_be_had_is_told_and_tried_again(
    door: Door, fault: str, words: str, by_itself: bool
) -> None:
    browser = await door.browser(door.world.code(3))
    _, page = await door.page(browser)
    await page.add_init_script(
        f"""self.real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = () => self.free
            ? self.real({{ video: true }}) : Promise.reject(new DOMException('x', '{fault}'));"""
    )
    await sign_in(page, await door.credential())
    await expect(page.locator("#finder-hint")).to_contain_text(words)
    again = page.get_by_role("button", name="Start the camera again")
    await expect(again).to_be_visible()
    await door.shoot(page, f"gate-camera-{fault}")
    assert await serious(page) == []
    await page.evaluate("self.free = true")
    if not by_itself:
        await again.click()
    await expect(page.locator("#verdict")).to_contain_text("Welcome", timeout=WAIT_MS)
    await expect(again).to_be_hidden()
    await browser.close()
