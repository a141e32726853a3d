"""Pictures to trace seating charts from, in the ledger: one a venue."""

from __future__ import annotations

from engine.domain.catalogue.media.images import Developed, names_of
from engine.domain.catalogue.media.plans import Plan, PlanPlace
from engine.domain.errands import PicturesDropped
from engine.stores import outbox
from engine.stores.database import Connection, Database, Record, count
from engine.stores.outbox import AT_ONCE_DELAY_S, OutboxRow

_PLACE = ("x", "y", "span", "opacity", "locked")
_SELECT = f"SELECT digest, width, height, widths, {', '.join(_PLACE)} FROM chart_plans WHERE venue_id = $1"
_PUT = """
INSERT INTO chart_plans (venue_id, digest, width, height, widths, x, y, span, opacity, locked)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (venue_id) DO UPDATE
   SET (digest, width, height, widths, x, y, span, opacity, locked, updated_at)
     = (excluded.digest, excluded.width, excluded.height, excluded.widths, excluded.x, excluded.y, excluded.span,
        excluded.opacity, excluded.locked, now())
"""
_MOVE = """
UPDATE chart_plans SET x = $2, y = $3, span = $4, opacity = $5, locked = $6, updated_at = now() WHERE venue_id = $1
"""


async def get(db: Database, venue_id: str) -> Plan | None:
    row = await db.fetchrow(_SELECT, venue_id)
    return _of_row(row) if row is not None else None


async def put(
    db: Connection, venue_id: str, digest: str, developed: Developed, place: PlanPlace
) -> tuple[Plan, list[OutboxRow]]:
    """The venue's plan from now on; one that was there goes, with its files."""
    errands = await _drop_files(db, venue_id)
    await db.execute(_PUT, venue_id, digest, developed.width, developed.height, developed.widths, *_columns(place))
    plan = Plan(
        digest=digest, width=developed.width, height=developed.height, widths=tuple(developed.widths), place=place
    )
    return plan, errands


async def move(db: Database, venue_id: str, place: PlanPlace) -> bool:
    """Lay it elsewhere; False if there is none."""
    return count(await db.execute(_MOVE, venue_id, *_columns(place))) == 1


async def delete(db: Connection, venue_id: str) -> list[OutboxRow]:
    """Take it away; nothing if there is none."""
    errands = await _drop_files(db, venue_id)
    await db.execute("DELETE FROM chart_plans WHERE venue_id = $1", venue_id)
    return errands


async def names(db: Database, after: str, limit: int) -> list[tuple[str, list[str]]]:
    """(venue, names of the plan's files) by venue, for the audit."""
    rows = await db.fetch(
        "SELECT venue_id, digest, widths FROM chart_plans WHERE venue_id > $1 ORDER BY venue_id LIMIT $2", after, limit
    )
    return [(row["venue_id"], names_of(row["digest"], row["widths"])) for row in rows]


async def _drop_files(db: Connection, venue_id: str) -> list[OutboxRow]:
    row = await db.fetchrow(_SELECT + " FOR UPDATE", venue_id)
    if row is None:
        return []
    errand = PicturesDropped(row["digest"], tuple(row["widths"]))
    return [await outbox.add(db, venue_id, errand, delay_s=AT_ONCE_DELAY_S)]


def _columns(place: PlanPlace) -> tuple[float | bool, ...]:
    return tuple(getattr(place, name) for name in _PLACE)


def _of_row(row: Record) -> Plan:
    return Plan(
        digest=row["digest"],
        width=row["width"],
        height=row["height"],
        widths=tuple(row["widths"]),
        place=PlanPlace(**{name: row[name] for name in _PLACE}),
    )
