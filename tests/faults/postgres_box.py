"""A Postgres of the test's own, and a standby that follows it: killed, promoted, told to be read-only, cut off."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from engine.foundation import embedded
from engine.foundation.migrate import migrate

MIGRATIONS = Path(__file__).parents[2] / "engine" / "stores" / "migrations"
DATABASE = "onsale"
PROMOTED_WITHIN_S = 20
REPLICATED = {"wal_level": "replica", "max_wal_senders": "4", "hot_standby": "on", "shared_buffers": "64MB"}


@dataclass
class PostgresPair:
    """Two servers, of which ``primary`` takes writes; ``url`` names both."""

    folder: Path
    servers: list[embedded.Server] = field(default_factory=list)

    def start(self) -> None:
        """The primary with the newest schema, then a standby made of it."""
        first = embedded.start_postgres(self.folder / "a", settings=REPLICATED)
        self.servers.append(first)
        migrate(embedded.create_database(first, DATABASE), MIGRATIONS)
        second = self.folder / "b"
        second.mkdir()
        runner = embedded.Runner.for_path(second)
        (second / "password").touch(mode=0o600)
        (second / "password").write_text((self.folder / "a" / "password").read_text())
        cluster = second / "cluster"
        cluster.mkdir(mode=0o700)
        runner.own(cluster)
        where = urlsplit(first.url)
        passfile = second / "pgpass"
        passfile.touch(mode=0o600)
        passfile.write_text(f"*:*:*:*:{where.password}\n")
        runner.own(passfile)
        program, login = str(embedded.postgres_bin() / "pg_basebackup"), f"passfile={passfile}"
        runner.run(
            [
                program, "-h", "127.0.0.1", "-p", str(where.port), "-U", "onsale", "-d", login, "-D", str(cluster),
                "-R", "-X", "stream", "--checkpoint=fast", "--no-sync",
            ],
            second / "basebackup.log",
        )  # fmt: skip
        self.servers.append(embedded.start_postgres(second, settings=REPLICATED))
        # Commits are answered once the standby has them: what a buyer was told survives the loss of the primary.
        self._psql(0, "ALTER SYSTEM SET synchronous_standby_names = '*'")
        self._psql(0, "SELECT pg_reload_conf()")

    @property
    def url(self) -> str:
        places = ",".join(f"127.0.0.1:{urlsplit(server.url).port}" for server in self.servers)
        login = urlsplit(self.servers[0].url).netloc.rpartition("@")[0]
        return f"postgresql://{login}@{places}/{DATABASE}?target_session_attrs=read-write"

    def kill_primary(self) -> None:
        """As a machine that loses its power: nobody says goodbye."""
        self.servers[0].process.kill()
        self.servers[0].process.wait()

    async def promote(self) -> None:
        """The standby takes over; nobody follows it."""
        standby = await asyncpg.connect(self.servers[1].url)
        try:
            assert await standby.fetchval("SELECT pg_promote(true, $1)", PROMOTED_WITHIN_S)
        finally:
            await standby.close()

    def stop(self) -> None:
        for server in self.servers:
            server.stop()

    def _psql(self, number: int, statement: str) -> None:
        embedded.psql(self.servers[number], statement)
