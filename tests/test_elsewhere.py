"""A run under a changed setting really is one: what a process sees there is what the setting says."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import pytest

from tests import elsewhere

SEES = """
import asyncio, json, os, socket, time
import uvloop
async def server():
    async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0) as served:
        _, writer = await asyncio.open_connection(*served.sockets[0].getsockname())
        size = writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        writer.close()
        return size
print(json.dumps({"cores": len(os.sched_getaffinity(0)), "zone": time.tzname[0], "buffer": uvloop.run(server()),
                  "now": time.time(), "monotonic": time.monotonic()}))
"""
DAY_S = 86_400


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return elsewhere.build(tmp_path_factory.mktemp("elsewhere"))


def test_settings_are_joined_by_a_plus_and_an_unknown_one_is_named():
    assert elsewhere.changes("one-core+abroad+small-buffers") == {
        name: value
        for one in ("one-core", "abroad", "small-buffers")
        for name, value in elsewhere.SETTINGS[one].items()
    }
    with pytest.raises(argparse.ArgumentTypeError, match="mars is none of one-core"):
        elsewhere.known("abroad+mars")


@pytest.mark.parametrize("setting", elsewhere.SETTINGS)
def test_a_process_elsewhere_sees_another_machine_than_this_one(setting: str, library: Path, tmp_path: Path):
    done = elsewhere.run(setting, [sys.executable, "-c", SEES], library, capture_output=True)
    assert done.stderr == ""
    (tmp_path / "now").touch()
    true_s = (tmp_path / "now").stat().st_mtime  # the kernel's, also where these tests are run elsewhere themselves
    seen = json.loads(done.stdout)
    assert abs(seen["monotonic"] - time.monotonic()) < DAY_S, "how long something takes stays true"
    assert {
        "one-core": seen["cores"] == 1,
        "abroad": seen["zone"] == "+0545",
        "plain": seen["zone"] == "+13",
        "small-buffers": seen["buffer"] == 2 * (16 << 10),  # the kernel doubles what it is asked for
        "large-buffers": seen["buffer"] > (400 << 10),  # as much as others than root may have by default
        "later": seen["now"] > true_s + 399 * DAY_S,
    }[setting]
