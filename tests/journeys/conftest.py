"""The whole product as a stranger meets it: ``onsale up --demo`` in a folder of its own, and a real Chromium."""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

READY_TIMEOUT_S = 120
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip


@dataclass
class Shop:
    """The running stack and an organizer's hands on its API."""

    facts: dict[str, Any]
    data_dir: Path
    process: subprocess.Popen[str]
    token: str = ""

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

    def small_event(self, capacity: int, price_cents: int) -> dict[str, Any]:
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
                "organization_id": house["id"], "venue_id": venue["id"], "title": f"Cellar night {slug}", "currency": "CAD",
                "starts_at": "2030-05-01T03:00:00Z", "ends_at": "2030-05-01T06:00:00Z", "timezone": "America/Vancouver",
            },
        )  # fmt: skip
        self.call(
            "POST", f"/v1/events/{event['id']}/ticket-types",
            {"name": "Standing", "price_cents": price_cents, "categories": ["Floor"]},
        )  # fmt: skip
        self.call("PUT", f"/v1/events/{event['id']}/on-sale", {"opens_at": "2026-01-01T00:00:00Z"})
        self.call("POST", f"/v1/events/{event['id']}/publish", {})
        return event

    def audit(self) -> list[dict[str, Any]]:
        """``onsale audit`` over every event; fails the test where the ledger is not clean."""
        done = subprocess.run(
            [sys.executable, "-m", "engine", "audit", "--data-dir", str(self.data_dir)],
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("journey")
    for parent in (folder, *folder.parents):
        if str(parent).startswith("/tmp/") and parent.owner() == "root":
            parent.chmod(0o755)
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
        running = Shop(json.loads(ready), folder, process)
        running.sign_in()
        yield running
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


@pytest.fixture(scope="session")
def open_room(shop: Shop) -> str:
    """The demo's event with its sale opened now."""
    event_id = shop.facts["event_id"]
    shop.call("PATCH", f"/v1/rooms/{event_id}/controls", {"open_now": True}, base="waitingroom")
    return str(event_id)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def fan(browser: Browser) -> Iterator[Page]:
    """A phone of its own; anything its console calls an error fails the test."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_default_timeout(20_000)
    yield page
    _close(context)
    assert errors == []


def _close(context: BrowserContext) -> None:
    context.close()
