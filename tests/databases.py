"""Databases for tests: each test has one of its own, and an emptied one serves again.

Copying a database costs Postgres a file for every table and index of its catalogue; emptying the few tables that a test
wrote costs a tenth of that. One whose schema, settings or statistics a test changed is dropped.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from engine.foundation import embedded
from engine.foundation.migrate import migrate

TEMPLATE = "template_onsale"
# What a test may have changed apart from rows: any of it makes the database unfit for the next one.
SCHEMA = """
SELECT (SELECT count(*) || '/' || max(oid) FROM pg_class WHERE relnamespace = 'public'::regnamespace),
       (SELECT count(*) || '/' || sum(attnotnull::int) || '/' || sum(atttypid::bigint) FROM pg_attribute
        WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)),
       (SELECT count(*) || '/' || max(oid) FROM pg_constraint),
       (SELECT count(*) || '/' || max(oid) || '/' || string_agg(tgenabled::text, '' ORDER BY oid) FROM pg_trigger),
       (SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace),
       (SELECT count(*) FROM pg_statistic  -- kept through TRUNCATE, and plans follow it
        WHERE starelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)),
       (SELECT count(*) FROM pg_db_role_setting
        WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""
FILLED = """
SELECT string_agg(quote_literal(relname), ', ') FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND pg_relation_size(oid) > 0
"""
EMPTY = """
DO $$
DECLARE
    touched text;
BEGIN
    PERFORM pg_terminate_backend(pid, 2000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
    SELECT string_agg(quote_ident(relname), ', ') INTO touched FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND pg_relation_size(oid) > 0
      AND relname NOT IN ({seeded});
    IF touched IS NOT NULL THEN
        EXECUTE 'TRUNCATE ' || touched || ' RESTART IDENTITY CASCADE';
    END IF;
END $$;
"""


class Databases:
    """Freshly migrated databases of one server, for one test at a time each."""

    def __init__(self, server: embedded.Server, migrations: Path) -> None:
        self._server = server
        template = embedded.create_database(server, TEMPLATE)
        migrate(template, migrations)
        at_template = embedded.Server(template, server.process, server.log)
        self._schema = embedded.psql(at_template, SCHEMA)
        self._empty = EMPTY.format(seeded=embedded.psql(at_template, FILLED) or "''")
        self._ready: list[str] = []

    def take(self) -> str:
        """The DSN of a database without a row of anybody's."""
        if self._ready:
            return self._ready.pop()
        return embedded.create_database(self._server, f"test_{secrets.token_hex(6)}", template=TEMPLATE)

    def give_back(self, dsn: str) -> None:
        """Empty it for the next test, or drop it if more than its rows was changed."""
        try:
            found = embedded.psql(embedded.Server(dsn, self._server.process, self._server.log), self._empty + SCHEMA)
        except embedded.EmbeddedFailed:
            found = ""
        if found == self._schema:
            self._ready.append(dsn)
        else:
            embedded.drop_database(self._server, dsn.rpartition("/")[2])
