"""Whether the time of an answer tells who has an account: ``python -m tests.bench.who_has_an_account``.

A thousand addresses that have one and a thousand that do not, asked in turns by one caller: signing in with a wrong
password, a forgotten password, a link that signs in. Printed are the quartiles of both, and how far their distributions
are apart (Kolmogorov-Smirnov): two samples of a thousand of the same are rarely further apart than 0.073.
"""

from __future__ import annotations

import asyncio
import bisect
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from engine.app import create_app
from engine.foundation import embedded
from engine.foundation.ids import new_id
from engine.foundation.migrate import migrate
from engine.foundation.postgres import open_postgres
from engine.services.accounts.passwords import Passwords
from engine.settings import Settings

ASKED: Final = 1000  # of each kind
RARE_AT_1000: Final = 1.63 * (2 / 1000) ** 0.5
MIGRATIONS: Final = Path(__file__).parents[2] / "engine" / "stores" / "migrations"
PATHS: Final = {
    "sign in": "/v1/auth/login",
    "forgotten password": "/v1/auth/forgot-password",
    "link that signs in": "/v1/auth/magic-link",
}


def apart(one: list[float], other: list[float]) -> float:
    """The greatest distance of the two distributions, 0 to 1."""
    one, other = sorted(one), sorted(other)
    return max(
        abs(bisect.bisect_right(one, at) / len(one) - bisect.bisect_right(other, at) / len(other))
        for at in (*one, *other)
    )


async def measured(http: ClientSession, url: str, path: str, known: list[str], unknown: list[str]) -> str:
    """One line of the answer."""
    took: dict[bool, list[float]] = {True: [], False: []}
    asked = [(email, True) for email in known] + [(email, False) for email in unknown]
    random.shuffle(asked)
    answers = set()
    for email, is_known in asked:
        body = {"email": email} | ({"password": "not the password"} if path.endswith("login") else {})
        began_s = time.perf_counter()
        async with http.post(url + path, json=body) as answer:
            said = await answer.json()
            took[is_known].append((time.perf_counter() - began_s) * 1000)
            answers.add((answer.status, said.get("code"), said.get("status")))
    quartiles = {
        is_known: " / ".join(f"{each:.2f}" for each in statistics.quantiles(took[is_known], n=4)) for is_known in took
    }
    distance = apart(took[True], took[False])
    verdict = "alike" if distance < RARE_AT_1000 and len(answers) == 1 else "TOLD APART"
    return f"known {quartiles[True]} ms, unknown {quartiles[False]} ms, apart {distance:.3f}, {verdict}"


async def run(redis_url: str, dsn: str) -> None:
    migrate(dsn, MIGRATIONS)
    pool = await open_postgres(dsn, pool_max=2)
    kept = await Passwords().hash("correct horse battery staple")
    known = [f"known{number:04}@example.test" for number in range(ASKED)]
    unknown = [f"other{number:04}@example.test" for number in range(ASKED)]
    await pool.executemany(
        "INSERT INTO users (id, email, name, password_hash, email_verified_at) VALUES ($1, $2, 'N', $3, now())",
        [(new_id("usr"), email, kept) for email in known],
    )
    settings = Settings(
        redis_url=redis_url,
        database_url=dsn,
        master_keys="1:" + "1f" * 32,  # type: ignore[arg-type]  # pydantic seals it
        jwt_key="bench" + "k" * 32,  # type: ignore[arg-type]
        stripe_url="http://127.0.0.1:9",
        rehearsal=True,
        log_level="error",
    )
    async with TestServer(create_app(settings)) as server, ClientSession() as http:
        for name, path in PATHS.items():
            line = await measured(http, str(server.make_url("")).rstrip("/"), path, known, unknown)
            sys.stdout.write(f"{name:<20} {line}\n")
    await pool.close()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="onsale-timing-") as folder:
        Path(folder).chmod(0o755)
        redis = embedded.start_valkey(Path(folder) / "redis", fsync="none")
        postgres = embedded.start_postgres(Path(folder) / "postgres", settings={"fsync": "off"})
        try:
            asyncio.run(run(redis.url, postgres.url))
        finally:
            postgres.stop()
            redis.stop()


if __name__ == "__main__":
    main()
