"""What a data folder remembers: secrets made once, and where the running stack listens."""

from __future__ import annotations

import fcntl
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

SECRETS_FILE = "secrets.json"
RUN_FILE = "run.json"
LOCK_FILE = "lock"
DEFAULT_DATA_DIR = Path("var")


class DataDirBusy(RuntimeError):  # noqa: N818 - reads as a sentence where it is raised
    """Another stack runs from this folder."""


@dataclass(slots=True)
class DataDir:
    """The folder that survives restarts."""

    path: Path
    _lock: int = -1

    def claim(self) -> None:
        """Make it ours until this process ends. DataDirBusy where another stack has it."""
        self.path.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(self.path / LOCK_FILE, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DataDirBusy(f"Another onsale runs from {self.path}: stop it, or use another --data-dir") from error

    def secrets(self) -> dict[str, str]:
        """Made on first use, mode 0600, the same ever after."""
        path = self.path / SECRETS_FILE
        if not path.exists():
            made = {
                "master_keys": "1:" + secrets.token_hex(32),
                "jwt_key": secrets.token_urlsafe(48),
                "stripe_secret_key": "sk_test_" + secrets.token_hex(16),
                "stripe_publishable_key": "pk_test_" + secrets.token_hex(16),
                "stripe_webhook_secret": "whsec_" + secrets.token_hex(16),
                "admin_password": secrets.token_urlsafe(12),
            }
            _write_private(path, made)
        found: dict[str, str] = orjson.loads(path.read_bytes())
        return found

    def write_run(self, facts: dict[str, Any]) -> None:
        """Where the stack listens, for ``onsale audit`` and friends."""
        _write_private(self.path / RUN_FILE, facts)

    def read_run(self) -> dict[str, Any] | None:
        """The facts of the running (or last) stack."""
        path = self.path / RUN_FILE
        return orjson.loads(path.read_bytes()) if path.exists() else None

    def forget_run(self) -> None:
        (self.path / RUN_FILE).unlink(missing_ok=True)

    def remember(self, name: str, value: Any) -> None:
        """A small fact kept across starts (the demo's event id)."""
        _write_private(self.path / f"{name}.json", value)

    def recall(self, name: str) -> Any:
        path = self.path / f"{name}.json"
        return orjson.loads(path.read_bytes()) if path.exists() else None


def _write_private(path: Path, value: Any) -> None:
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
        file.write(orjson.dumps(value, option=orjson.OPT_INDENT_2))
    fresh.replace(path)
