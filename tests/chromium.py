"""The Chromium of every browser test: wherever this machine has it, and nothing fetched behind a test's back.

Playwright gives its pages en-US whatever the machine speaks, and the machine's time zone: a page that shows a moment in
its reader's own needs ``timezone_id``.
"""

from __future__ import annotations

import shutil

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--no-proxy-server",
]  # fmt: skip
