"""What a data folder remembers: secrets made once, and where the running stack listens."""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from engine.foundation.embedded import write_private

SECRETS_FILE = "secrets.json"
RUN_FILE = "run.json"
LOCK_FILE = "lock"
DEFAULT_DATA_DIR = Path("var")


class DataDirBusy(RuntimeError):  # noqa: N818 - reads as a sentence where it is raised
    """Another stack runs from this folder."""


class DataDirShared(RuntimeError):  # noqa: N818 - reads as a sentence where it is raised
    """It cannot be closed to others."""


@dataclass(slots=True)
class DataDir:
    """The folder that survives restarts."""

    path: Path
    _lock: int = -1

    def claim(self) -> None:
        """Make it ours until this process ends. DataDirBusy if another stack has it."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.path.stat().st_mode & stat.S_ISVTX:
            raise DataDirShared(f"{self.path} is everybody's: name a folder of the stack's own with --data-dir")
        self.path.chmod(0o700)
        for old in (*self.path.glob("*"), *self.path.glob("logs/*"), *self.path.glob("redis/**/*")):
            if not old.is_symlink() and old.name != "postgres":  # its cluster sees to itself
                old.chmod(0o700 if old.is_dir() else 0o600)
        self._lock = os.open(self.path / LOCK_FILE, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DataDirBusy(f"Another onsale runs from {self.path}: stop it, or use another --data-dir") from error

    def secrets(self) -> dict[str, str]:
        """Made on first use, mode 0600, the same ever after; what an older version did not know is added."""
        path = self.path / SECRETS_FILE
        made = {
            "master_keys": "1:" + secrets.token_hex(32),
            "jwt_key": secrets.token_urlsafe(48),
            "stripe_secret_key": "sk_test_" + secrets.token_hex(16),
            "stripe_publishable_key": "pk_test_" + secrets.token_hex(16),
            "stripe_webhook_secret": "whsec_" + secrets.token_hex(16),
            "admin_password": secrets.token_urlsafe(12),
            "redis_password": secrets.token_urlsafe(24),
        }
        known: dict[str, str] = orjson.loads(path.read_bytes()) if path.exists() else {}
        if made.keys() - known.keys():
            _write_private(path, made | known)
        return made | known

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
    write_private(path, orjson.dumps(value, option=orjson.OPT_INDENT_2))
