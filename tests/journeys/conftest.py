"""The whole product as a stranger meets it: ``onsale up --demo`` in a folder of its own, and a real Chromium."""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.chromium import CHROMIUM, FLAGS
from tests.factories import NEXT_YEAR

READY_TIMEOUT_S = 120
PHASE_TIMEOUT_S = 15
STEP_TIMEOUT_MS = 20_000
PHONE = {"width": 390, "height": 844}
FAILED = pytest.StashKey[bool]()


@dataclass
class Shop:
    """The running stack and an organizer's hands on its API."""

    facts: dict[str, Any]
    data_dir: Path
    process: subprocess.Popen[str]
    token: str = ""

    @property
    def engine(self) -> str:
        return str(self.facts["engine"])

    def call(self, method: str, path: str, body: Any = None, *, base: str = "engine", **headers: str) -> Any:
        """One JSON call; the parsed answer. Refusals raise."""
        request = urllib.request.Request(
            self.facts[base] + path, method=method, data=None if body is None else json.dumps(body).encode()
        )
        request.add_header("Content-Type", "application/json")
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"{}")

    def sign_in(self) -> None:
        answer = self.call(
            "POST", "/v1/auth/login", {"email": self.facts["admin_email"], "password": self.facts["admin_password"]}
        )
        self.token = answer["access_token"]

    def device(self, event_id: str) -> str:
        """A scanner's credential."""
        return self.call("POST", f"/v1/events/{event_id}/devices", {"name": "North door", "gates": []})["credential"]

    def small_event(self, capacity: int, price_cents: int, title: str = "") -> dict[str, Any]:
        """A published general-admission event without a room."""
        slug = uuid.uuid4().hex[:8]
        house = self.call("POST", "/v1/organizations", {"name": f"Cellar {slug}", "slug": f"cellar-{slug}"})
        venue = self.call(
            "POST",
            "/v1/venues",
            {
                "organization_id": house["id"],
                "name": "Cellar",
                "city": "Victoria",
                "country": "CA",
                "timezone": "America/Vancouver",
            },
        )
        chart = {
            "focal_point": {"x": 0, "y": 0},
            "sections": [{"name": "Floor", "kind": "general", "capacity": capacity}],
        }
        self.call("PUT", f"/v1/venues/{venue['id']}/seating-chart", chart)
        event = self.call(
            "POST",
            "/v1/events",
            {
                "organization_id": house["id"],
                "venue_id": venue["id"],
                "title": title or f"Cellar night {slug}",
                "currency": "CAD",
                "starts_at": f"{NEXT_YEAR}-05-01T03:00:00Z",
                "ends_at": f"{NEXT_YEAR}-05-01T06:00:00Z",
                "timezone": "America/Vancouver",
            },
        )
        self.call(
            "POST", f"/v1/events/{event['id']}/ticket-types",
            {"name": "Standing", "price_cents": price_cents, "categories": ["Floor"]},
        )  # fmt: skip
        self.call("PUT", f"/v1/events/{event['id']}/on-sale", {"opens_at": "2026-01-01T00:00:00Z"})
        self.call("POST", f"/v1/events/{event['id']}/publish", {})
        return event

    def wait_for_phase(self, event_id: str, phase: str) -> None:
        """Until the room says so; a room takes its orders within a second."""
        deadline_s = time.monotonic() + PHASE_TIMEOUT_S
        while (said := self.call("GET", f"/v1/rooms/{event_id}", base="waitingroom")["phase"]) != phase:
            assert time.monotonic() < deadline_s, f"the room still says {said}"
            time.sleep(0.1)

    def audit(self) -> list[dict[str, Any]]:
        """``onsale audit`` over every event; fails the test if the ledger is not clean."""
        done = subprocess.run(
            [sys.executable, "-m", "engine", "audit", "--data-dir", str(self.data_dir)],
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="package")
def shop() -> Iterator[Shop]:
    """Ends with the last journey: a stack that waits for the session to end costs the other tests its idling."""
    with running() as shop:
        yield shop


@contextmanager
def running() -> Iterator[Shop]:
    """The stack with its demo, an organizer signed in; gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="onsale-journeys-"))
    folder.chmod(0o755)  # Postgres runs as nobody; pytest's own folder is closed by every session that starts
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ONSALE_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "engine", "up", "--demo", "--rehearsal", "--ports", "0,0,0", "--data-dir", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    lines: queue.Queue[str] = queue.Queue()
    heard: list[str] = []
    threading.Thread(target=lambda: lines.put(process.stdout.readline()), daemon=True).start()
    threading.Thread(target=lambda: heard.extend(process.stderr), daemon=True).start()
    try:
        ready = lines.get(timeout=READY_TIMEOUT_S)
        assert ready, f"the stack did not start: {''.join(heard)}"
        shop = Shop(json.loads(ready), folder, process)
        shop.sign_in()
        yield shop
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="package")
def open_room(shop: Shop) -> str:
    """The demo's event, its sale opened now and the draw done: a page loaded from here on finds an open door."""
    event_id = str(shop.facts["event_id"])
    shop.call("PATCH", f"/v1/rooms/{event_id}/controls", {"open_now": True}, base="waitingroom")
    shop.wait_for_phase(event_id, "open")
    return event_id


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium a module: while it lives a loop counts as running in this thread, and no async test could run."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def visitor(browser: Browser, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """A phone of one's own, as many as the test asks for; what a page's script throws fails the test.

    Keywords go to Playwright's ``new_context``. A failed test leaves a picture of each page behind.
    """
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def arrive(**wishes: Any) -> Page:
        context = browser.new_context(**{"viewport": PHONE, "has_touch": True, "locale": "en-CA", **wishes})
        context.set_default_timeout(STEP_TIMEOUT_MS)
        context.on("weberror", lambda error: errors.append(str(error.error)))
        contexts.append(context)
        return context.new_page()

    yield arrive
    failed = request.node.stash.get(FAILED, False)
    for number, context in enumerate(contexts):
        for page in context.pages if failed else ():
            picture = tmp_path / f"visitor-{number}.png"
            page.screenshot(path=picture, full_page=True)
            print(f"visitor {number} stood at {page.url}: {picture}")
        context.close()
    assert errors == []


@pytest.fixture
def fan(visitor: Callable[..., Page]) -> Page:
    """One visitor with a phone."""
    return visitor()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell the visitors' fixture how its test ended."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report
