"""A running engine and a real Chromium whose camera shows a film."""

from __future__ import annotations

import io
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
from aiohttp.test_utils import TestServer
from PIL import Image
from playwright.async_api import Browser, BrowserContext, Page, Playwright, async_playwright, expect

from engine.app import create_app
from engine.foundation.connections import HotRedis
from engine.services.tickets import ticket_images
from engine.settings import Settings
from tests.chromium import CHROMIUM, FLAGS
from tests.gate_world import ADMIN, World, open_world

CAMERA = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
FRAME = (640, 480)
WAIT_MS = 15_000


@dataclass
class Door:
    """A running engine, a browser whose camera shows ticket 3, and where screenshots go.

    ``faults``: everything a page complains of; ``page_faults``: only what its scripts threw.
    """

    world: World
    url: str
    playwright: Playwright
    films: Path
    folder: Path
    faults: list[str] = field(default_factory=list)
    page_faults: list[str] = field(default_factory=list)

    async def credential(self, name: str = "North 1", gates: list[str] | None = None) -> str:
        device, secret = await self.world.devices.create(ADMIN, self.world.event_id, name, gates or [])
        return f"{device.id}.{secret}"

    async def browser(self, *codes: str) -> Browser:
        """A Chromium whose camera shows these codes, one after the other."""
        return await self.browser_with_film(b"".join(code_frame(code) * 25 for code in codes) or blank() * 10)

    async def browser_with_film(self, frames: bytes) -> Browser:
        """A Chromium whose camera shows these pictures again and again."""
        film = self.films / "camera.mjpeg"
        film.write_bytes(frames)
        flags = [*FLAGS, *CAMERA, f"--use-file-for-fake-video-capture={film}"]
        return await self.playwright.chromium.launch(executable_path=CHROMIUM, args=flags)

    async def page(
        self, browser: Browser, *, width: int = 390, height: int = 844, **more: Any
    ) -> tuple[BrowserContext, Page]:
        context = await browser.new_context(
            viewport={"width": width, "height": height}, permissions=["camera"], base_url=self.url, **more
        )
        page = await context.new_page()
        page.on("pageerror", lambda error: (self.faults.append(str(error)), self.page_faults.append(str(error))))
        page.on("console", lambda line: self.faults.append(line.text) if line.type == "error" else None)
        return context, page

    async def shoot(self, page: Page, name: str) -> None:
        await page.screenshot(path=self.folder / f"{name}.png")


def code_frame(code: str) -> bytes:
    symbol = Image.open(io.BytesIO(ticket_images.png(code))).convert("RGB").resize((360, 360))
    picture = Image.new("RGB", FRAME, "#8a8578")
    picture.paste(symbol, (140, 60))
    return jpeg(picture)


def blank() -> bytes:
    return jpeg(Image.new("RGB", FRAME, "#8a8578"))


def jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90)
    return out.getvalue()


async def sign_in(page: Page, credential: str) -> None:
    await page.goto("/gate")
    await page.get_by_label("Credential").fill(credential)
    await page.get_by_role("button", name="Start scanning").click()
    await expect(page.locator("#chip-sync")).to_contain_text("Synced", timeout=WAIT_MS)


@asynccontextmanager
async def open_door(pool: asyncpg.Pool, hot: HotRedis, settings: Settings, folder: Path) -> AsyncIterator[Door]:
    world = await open_world(pool, hot, settings, tickets=12)
    server = TestServer(create_app(settings))
    await server.start_server()
    async with async_playwright() as playwright:
        yield Door(
            world, str(server.make_url("")).rstrip("/"), playwright, folder, Path(os.environ.get("SHOTS", folder))
        )
    await server.close()
    await world.close()


async def show(page: Page, code: str, words: str) -> None:
    """Type a code and see what the scanner says of it."""
    before = await page.locator("#recent li").count()
    await page.locator("#code").fill(code)
    await page.keyboard.press("Enter")
    await expect(page.locator("#recent li")).to_have_count(before + 1, timeout=WAIT_MS)
    await expect(page.locator("#verdict")).to_be_visible()
    await expect(page.locator("#verdict")).to_contain_text(words)


async def scan(page: Page, code: str, words: str) -> None:
    """The same, and put the verdict away."""
    await show(page, code, words)
    await page.keyboard.press("Escape")


async def later(page: Page, minutes: int) -> None:
    """The device's clock goes on by so much, its page stays as it is."""
    await page.evaluate("(ms) => { const real = Date.now.bind(Date); Date.now = () => real() + ms; }", minutes * 60_000)
