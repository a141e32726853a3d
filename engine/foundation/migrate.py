"""Bring a database to the newest schema with dbmate (plain SQL files, one transaction each, safe to repeat)."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from engine.foundation.postgres import primary_of

TIMEOUT_S = 120


def dbmate_binary() -> str:
    """dbmate next to our interpreter, else on PATH."""
    beside = Path(sys.executable).parent / "dbmate"
    found = str(beside) if beside.exists() else shutil.which("dbmate")
    if found is None:
        raise FileNotFoundError("dbmate is missing: install the project's requirements")
    return found


def migrate(dsn: str, folder: Path) -> str:
    """Apply what is missing; dbmate's own words. RuntimeError if a migration fails (and is rolled back)."""
    if "," in urlsplit(dsn).netloc:
        dsn = asyncio.run(primary_of(dsn))
    separator = "&" if "?" in dsn else "?"
    url = dsn if "sslmode=" in dsn else f"{dsn}{separator}sslmode=disable"
    done = subprocess.run(
        [dbmate_binary(), "--migrations-dir", str(folder), "--no-dump-schema", "--wait", "up"],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
        env={
            **os.environ,
            "DATABASE_URL": url,
        },  # with its password: what stands in a command line is read by everybody
    )
    if done.returncode != 0:
        raise RuntimeError(f"The migration failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.strip()
