"""The Chromium of every browser test: wherever this machine has it, and nothing fetched behind a test's back.

One is started for a whole session, because a start costs more than most tests, and each test has contexts of its own in
it. Who needs other flags launches one of its own.

Playwright gives its pages en-US whatever the machine speaks, and the machine's time zone: a page that shows a moment in
its reader's own needs ``timezone_id``.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from playwright import async_api, sync_api
from playwright._impl._driver import compute_driver_executable, get_driver_env
from playwright.async_api import Browser, async_playwright

# The shell is the same Chromium without its windows, a fifth cheaper.
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--no-proxy-server",
]  # fmt: skip

# What a page must show at last, it may show late: on one busy core Playwright's own 5 s are too few.
EXPECTED_WITHIN_MS = 20_000
async_api.expect.set_options(timeout=EXPECTED_WITHIN_MS)
sync_api.expect.set_options(timeout=EXPECTED_WITHIN_MS)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a Chromium that many tests connect to, one after the other."""
    config = folder / "chromium.json"
    config.write_text(json.dumps({"executablePath": CHROMIUM, "args": FLAGS, "headless": True, "host": "127.0.0.1"}))
    command = [*compute_driver_executable(), "launch-server", "--browser", "chromium", "--config", str(config)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=get_driver_env())
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    assert address.startswith("ws://"), "Chromium did not start"
    yield address
    process.terminate()
    process.wait(10)


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[Browser]:
    """The Chromium at this address; what was opened through it is closed again."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.connect(address)
        yield browser
        await browser.close()
