"""The scripts over Debian's Redis 7, if the machine has it: another server than the Valkey that comes with us."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from engine.foundation import embedded
from tests.invariants.model import drive

STEPS = 400


@pytest.mark.skipif(
    shutil.which("redis-server") is None, reason="a second Redis is no requirement; .ci/run installs one"
)
def test_redis_seven_says_what_the_oracle_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(embedded, "valkey_binary", lambda: shutil.which("redis-server"))
    server = embedded.start_valkey(tmp_path, fsync="none")
    try:
        verdict = asyncio.run(drive(server.url, STEPS, seed=7))
    finally:
        server.stop()
    assert verdict.seen["place H"] > 50
