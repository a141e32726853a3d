"""The long failover: a recorded on-sale is rehearsed over two Postgres, and in its middle the primary is killed.

``make failover``: GO if the shop takes writes again within HEALTHY_WITHIN_S of the promotion, no buyer met a server
error but 503, nothing was sold twice and the ledger check finds nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import asyncpg
import orjson

from tests.faults.postgres_box import DATABASE, PostgresPair

HEALTHY_WITHIN_S = 10.0
AWAY_S = 2.0
ORDERS_BEFORE = 40  # this many orders are the middle
STARTED_WITHIN_S, ENDED_WITHIN_S = 180.0, 600.0


def main() -> int:
    """0: GO."""
    parser = argparse.ArgumentParser(prog="tests.faults.failover_emf", description=__doc__)
    parser.add_argument("profile", nargs="?", default="emf")
    given, more = parser.parse_known_args()
    with tempfile.TemporaryDirectory(prefix="onsale-failover-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        pair = PostgresPair(folder)
        pair.start()
        try:
            wrong = _rehearsed(pair, folder, given.profile, more)
        finally:
            pair.stop()
    for reason in wrong:
        print(f"NO-GO: {reason}")
    print("NO-GO" if wrong else "GO")
    return bool(wrong)


def _rehearsed(pair: PostgresPair, folder: Path, profile: str, more: list[str]) -> list[str]:
    out, data = folder / "out", folder / "data"
    command = [sys.executable, "-m", "engine", "rehearse", profile, "--own-stack", *more]
    process = subprocess.Popen(
        [*command, "--out", str(out), "--data-dir", str(data)], env={**os.environ, "ONSALE_DATABASE_URL": pair.url}
    )
    try:
        asyncio.run(_until_selling(pair, process))
        engine = orjson.loads((data / "run.json").read_bytes())["engine"]
        pair.kill_primary()
        time.sleep(AWAY_S)
        asyncio.run(pair.promote())
        healthy_s = _healthy_after_s(engine)
        process.wait(ENDED_WITHIN_S)
    finally:
        process.kill()
    print(f"healthy {healthy_s:.2f} s after the new primary")
    wrong = [] if healthy_s <= HEALTHY_WITHIN_S else [f"healthy only after {healthy_s:.1f} s"]
    return wrong + _told(orjson.loads((out / "verdict.json").read_bytes()))


def _told(verdict: dict[str, Any]) -> list[str]:
    """What must not be, whatever the rehearsal calls it: while the ledger was away 503 was right."""
    ledger = verdict["ledger"] or {"problem": "no ledger check"}
    wrong = [f"{verdict['errors_5xx']} answers were server errors"] if verdict["errors_5xx"] else []
    wrong += [f"sold twice: {verdict['units_doubled']}"] if verdict["units_doubled"] else []
    wrong += [f"the ledger check: {ledger}"] if ledger.get("exit_status") != 0 else []
    wrong += ["nobody could buy"] if not verdict["outcomes"].get("paid") else []
    print(f"outcomes {verdict['outcomes']}, {verdict['requests']} requests, {verdict['shed']} told to come again")
    return wrong


async def _until_selling(pair: PostgresPair, process: subprocess.Popen[bytes]) -> None:
    connection = await asyncpg.connect(pair.servers[0].url.rpartition("/")[0] + "/" + DATABASE)
    deadline = time.monotonic() + STARTED_WITHIN_S
    try:
        while await connection.fetchval("SELECT count(*) FROM orders") < ORDERS_BEFORE:
            assert process.poll() is None, "the rehearsal ended before it began"
            assert time.monotonic() < deadline, "nothing is sold"
            await asyncio.sleep(0.1)
    finally:
        await connection.close()


def _healthy_after_s(engine: str) -> float:
    began = time.monotonic()
    while time.monotonic() - began < ENDED_WITHIN_S:
        with contextlib.suppress(HTTPError, OSError), urlopen(engine + "/readyz", timeout=2) as answer:
            if answer.status == HTTPStatus.OK:
                break
        time.sleep(0.05)
    return time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
