"""What must survive the loss of Redis, in Postgres: secret, draw, epoch, high-water mark, the counter, the controls."""

from __future__ import annotations

import secrets
from typing import Any

import asyncpg

from engine.foundation.bearer import Person
from engine.foundation.postgres import write_probe
from engine.foundation.queue_links import MAILED_AGAIN_S, MAILED_PER_HOUR_MAX, TOPIC, LinkAsked
from waitingroom.draw import SECRET_BYTES
from waitingroom.rules import FORGOTTEN_AFTER_S, Rules, parse

ROOMS_MAX = 1000
MOVES_PER_READ = 10_000
NUMBER_BLOCK = 10_000  # numbers are promised in blocks, durably, before the first of a block is given out

_ROOM = """
SELECT o.event_id, o.organization_id, o.prequeue_opens_at, o.opens_at, o.closes_at, o.room, o.card, o.live, o.version,
       least(o.closes_at, e.ends_at) AS ended_at, r.forgotten_at,
       r.epoch, r.high_water, r.high_water_version, r.serving, r.draw_secret, r.draw, r.controls, r.moves,
       g.embed_origins
  FROM on_sales o JOIN rooms r USING (event_id) JOIN events e ON e.id = o.event_id
  JOIN organizations g ON g.id = o.organization_id
 WHERE o.room_enabled
"""
# A room is kept in mind until Redis has forgotten it; its row stays. One whose sale was prolonged since is used again.
_ALL = (
    _ROOM + "AND (r.forgotten_at IS NULL OR r.forgotten_at < least(o.closes_at, e.ends_at) + make_interval(secs => $2))"
    " ORDER BY o.opens_at DESC LIMIT $1"
)
_ONE = _ROOM + "AND o.event_id = $1"
_MISSING = """
SELECT o.event_id FROM on_sales o LEFT JOIN rooms r USING (event_id)
 WHERE o.live AND o.room_enabled AND r.event_id IS NULL LIMIT $1
"""
# One statement, so that of many who ask at once one is told to mail, and the errand is there whenever it is counted.
_ASK_LINK = """
WITH asked AS (
    INSERT INTO room_places AS p (event_id, identity, address, asked_at)
    SELECT $1, $2, $3, now()
     WHERE (SELECT count(*) FROM room_places WHERE address = $3 AND asked_at > now() - interval '1 hour') < $4
    ON CONFLICT (event_id, identity) DO UPDATE SET asked_at = excluded.asked_at, address = excluded.address
     WHERE p.asked_at <= now() - make_interval(secs => $5)
    RETURNING generation)
INSERT INTO outbox (topic, key, payload)
SELECT $6, $1, $7::jsonb || jsonb_build_object('generation', generation) FROM asked
RETURNING true
"""
# The row of the room is locked first, so that moves become visible in the order in which they are counted.
_MOVE = """
WITH counted AS (UPDATE rooms SET moves = moves + 1 WHERE event_id = $1 RETURNING moves)
INSERT INTO room_places AS p (event_id, identity, address, generation, move)
SELECT $1, $2, '', $3 + 1, moves FROM counted
ON CONFLICT (event_id, identity) DO UPDATE SET generation = greatest(p.generation, $3) + 1, move = excluded.move
 WHERE $4 OR p.generation <= $3
RETURNING generation
"""
_MOVED = "SELECT identity, generation, move FROM room_places WHERE event_id = $1 AND move > $2 ORDER BY move LIMIT $3"

_KEEP_CONTROLS = """
WITH kept AS (
    UPDATE rooms r SET controls = r.controls || $2 ||
           jsonb_build_object('version', coalesce((r.controls->>'version')::int, 0) + 1), updated_at = now()
      FROM (SELECT event_id, controls FROM rooms WHERE event_id = $1 FOR UPDATE) AS before
     WHERE r.event_id = before.event_id RETURNING r.event_id, before.controls AS was)
INSERT INTO audit_log (actor_kind, actor_id, action, target, facts)
SELECT $3, $4, d.action, kept.event_id, d.facts || coalesce(
           (SELECT jsonb_build_object('was', jsonb_object_agg(name, kept.was->name))
              FROM jsonb_object_keys(d.facts) AS name WHERE kept.was ? name HAVING count(*) > 0), '{}')
  FROM kept, unnest($5::text[], $6::jsonb[]) AS d(action, facts)
"""


class Ledger:
    """The room's statements; each is one durable step."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool

    async def rooms(self) -> list[Rules]:
        """Every room in use; a newly published one gets its secret here, long before anybody joins."""
        for row in await self._pool.fetch(_MISSING, ROOMS_MAX):
            await self._found(row["event_id"])
        return [parse(row) for row in await self._pool.fetch(_ALL, ROOMS_MAX, FORGOTTEN_AFTER_S)]

    async def room(self, event_id: str) -> Rules | None:
        """One room, None if the event has none or was never published."""
        live = await self._pool.fetchval("SELECT live AND room_enabled FROM on_sales WHERE event_id = $1", event_id)
        if live:
            await self._found(event_id)
        row = await self._pool.fetchrow(_ONE, event_id)
        return parse(row) if row is not None else None

    async def _found(self, event_id: str) -> None:
        await self._pool.execute(
            "INSERT INTO rooms (event_id, draw_secret) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            event_id,
            secrets.token_bytes(SECRET_BYTES),
        )

    async def next_epoch(self, event_id: str, seen: int) -> None:
        """Move on from epoch ``seen``; if somebody else did already nothing changes."""
        await self._pool.execute(
            "UPDATE rooms SET epoch = epoch + 1, updated_at = now() WHERE event_id = $1 AND epoch = $2", event_id, seen
        )

    async def raise_high_water(self, event_id: str, epoch: int, above: int) -> tuple[int, int] | None:
        """Promise whole blocks so that at least one more than ``above`` is covered: (the standing mark, its version).

        None if the room has moved on from this epoch: anybody who builds the next one reads a mark that stays.
        """
        mark = (above // NUMBER_BLOCK + 1) * NUMBER_BLOCK
        raised = await self._pool.fetchrow(
            "UPDATE rooms SET high_water = greatest(high_water, $3), high_water_version = high_water_version + 1,"
            " updated_at = now() WHERE event_id = $1 AND epoch <= $2 RETURNING high_water, high_water_version",
            event_id,
            epoch,
            mark,
        )
        return (raised["high_water"], raised["high_water_version"]) if raised is not None else None

    async def hand_back(self, event_id: str, epoch: int, tail: int, version: int) -> bool:
        """Promise no number from ``tail`` on any more. False if the mark was raised since ``version``: it stands.

        Only after Redis refuses those numbers.
        """
        lowered = await self._pool.fetchval(
            "UPDATE rooms SET high_water = $3, high_water_version = high_water_version + 1, updated_at = now()"
            " WHERE event_id = $1 AND epoch = $2 AND high_water_version = $4 AND high_water > $3 RETURNING true",
            event_id,
            epoch,
            tail,
            version,
        )
        return lowered is not None

    async def keep_serving(self, event_id: str, serving: int) -> None:
        """Remember how far the counter was published; it never goes back."""
        await self._pool.execute(
            "UPDATE rooms SET serving = greatest(serving, $2), updated_at = now() WHERE event_id = $1",
            event_id,
            serving,
        )

    async def keep_forgotten(self, event_id: str) -> None:
        """Remember that Redis holds nothing more of this room."""
        await self._pool.execute(
            # Redis's clock may be ahead of this one: it is over all the same.
            "UPDATE rooms r"
            " SET forgotten_at = greatest(now(), least(o.closes_at, e.ends_at) + make_interval(secs => $2))"
            " FROM on_sales o JOIN events e ON e.id = o.event_id WHERE r.event_id = $1 AND o.event_id = $1",
            event_id,
            FORGOTTEN_AFTER_S,
        )

    async def keep_draw(self, event_id: str, draw: dict[str, Any], digests: bytes) -> dict[str, Any]:
        """Record the draw once; the draw that stands, which is the first."""
        await self._pool.execute(
            "UPDATE rooms SET draw = $2, cohort = $3, updated_at = now() WHERE event_id = $1 AND NOT draw ? 'seed'",
            event_id,
            draw,
            digests,
        )
        kept: dict[str, Any] = await self._pool.fetchval("SELECT draw FROM rooms WHERE event_id = $1", event_id)
        return kept

    async def cohort(self, event_id: str) -> bytes | None:
        """The identity digests of the draw in index order."""
        digests = await self._pool.fetchval("SELECT cohort FROM rooms WHERE event_id = $1", event_id)
        return bytes(digests) if digests is not None else None

    async def ask_link(self, digest: bytes, address: bytes, asked: LinkAsked) -> bool:
        """Have the worker mail a link to this place. False if one was mailed lately, or too many to this address."""
        mailed = await self._pool.fetchval(
            _ASK_LINK,
            asked.event_id,
            digest,
            address,
            MAILED_PER_HOUR_MAX,
            MAILED_AGAIN_S,
            TOPIC,
            asked.payload(),
        )
        return mailed is not None

    async def move(self, event_id: str, digest: bytes, generation: int, *, again: bool) -> int | None:
        """Move a place that had this generation, or any other if ``again``: the new one, None: it is gone."""
        moved: int | None = await self._pool.fetchval(_MOVE, event_id, digest, generation, again)
        return moved

    async def moved(self, event_id: str, since: int) -> list[tuple[bytes, int, int]]:
        """Places moved after the ``since``-th move, at most MOVES_PER_READ: (identity, generation, move)."""
        rows = await self._pool.fetch(_MOVED, event_id, since, MOVES_PER_READ)
        return [(bytes(row["identity"]), row["generation"], row["move"]) for row in rows]

    async def keep_controls(
        self, event_id: str, changes: dict[str, Any], person: Person, deeds: list[tuple[str, dict[str, Any]]]
    ) -> None:
        """Lay the operator's changes over the controls, count the version up, and write who did it, in one step."""
        through = {"through_id": person.through} if person.through else {}
        await self._pool.execute(
            _KEEP_CONTROLS,
            event_id,
            changes,
            "admin" if person.is_admin else "organizer",
            person.user_id,
            [action for action, _ in deeds],
            [facts | through for _, facts in deeds],
        )

    async def role(self, organization_id: str, user_id: str) -> str | None:
        """The member's role in the room's organization, if the account is not disabled and has what is asked for.

        An organization may ask its members for a second factor: who has none has no role until then.
        """
        role: str | None = await self._pool.fetchval(
            "SELECT m.role FROM members m JOIN users u ON u.id = m.user_id JOIN organizations o ON o.id ="
            " m.organization_id WHERE m.organization_id = $1 AND m.user_id = $2 AND u.disabled_at IS NULL"
            " AND (NOT o.require_second_factor OR EXISTS (SELECT 1 FROM second_factors f WHERE f.user_id = u.id"
            " AND f.confirmed_at IS NOT NULL))",
            organization_id,
            user_id,
        )
        return role

    async def shop_url(self, event_id: str) -> str | None:
        """Where an event without a queue sells; None if there is no such event on sale."""
        url: str | None = await self._pool.fetchval(
            "SELECT card->>'shop_url' FROM on_sales WHERE event_id = $1 AND live AND NOT room_enabled", event_id
        )
        return url

    async def ping(self) -> None:
        """Whether it takes a write right now; its error if it does not."""
        await write_probe(self._pool, "waitingroom")
