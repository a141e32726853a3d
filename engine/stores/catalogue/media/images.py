"""Pictures in the ledger: whose they are, what they show, which files they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.domain.catalogue.media.images import Developed, KeptPicture, NewImage, Picture, names_of
from engine.domain.errands import PicturesDropped
from engine.stores import outbox
from engine.stores.database import Connection, Database, Record, assignments
from engine.stores.outbox import AT_ONCE_DELAY_S, OutboxRow

_PICTURE = ("id", "digest", "width", "height", "widths", "alt", "focal_x", "focal_y")
# For joins of those who show a picture: images as `i` for an event's cover, as `l` for an organization's logo.
COVER_COLUMNS = ", ".join(f"i.{name} AS image_{name}" for name in _PICTURE)
LOGO_COLUMNS = ", ".join(f"l.{name} AS logo_{name}" for name in _PICTURE)
_SELECT = """
SELECT i.*, coalesce(e.cover_image_id = i.id, false) AS cover
  FROM images i LEFT JOIN events e ON e.id = i.event_id
"""
_COLUMNS = "organization_id, event_id, digest, source_digest, width, height, widths, alt, focal_x, focal_y, place"
_INSERT = f"""
INSERT INTO images (id, {_COLUMNS})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,
        (SELECT coalesce(max(place) + 1, 0) FROM images WHERE event_id = $3))
"""
_COPY = f"""
INSERT INTO images (id, {_COLUMNS})
SELECT $2, {_COLUMNS.replace("event_id", "$3")} FROM images WHERE id = $1
"""
_STEP_ASIDE = """
UPDATE images i SET place = o.place, updated_at = now()
  FROM (SELECT id, n + CASE WHEN n >= $3 THEN 1 ELSE 0 END AS place
          FROM (SELECT id, row_number() OVER (ORDER BY place, id) - 1 AS n
                  FROM images WHERE event_id = $1 AND id <> $2) others) o
 WHERE i.id = o.id AND i.place <> o.place
"""
_MOVE = """
UPDATE images SET place = least($3::int, (SELECT count(*) - 1 FROM images WHERE event_id = $1)::int) WHERE id = $2
"""


@dataclass(frozen=True, slots=True)
class ImageRow:
    """A picture with its place. ``event_id`` is None for a logo."""

    organization_id: str
    event_id: str | None
    picture: KeptPicture
    place: int
    cover: bool
    version: int
    created_at: datetime
    updated_at: datetime


def picture_of(row: Record, prefix: str = "image_") -> Picture | None:
    """The picture that a row of a join shows; None if it has none."""
    return _kept(row, prefix).shown if row[f"{prefix}id"] is not None else None


async def insert(
    db: Connection,
    image_id: str,
    owner: tuple[str, str | None],
    *,
    digests: tuple[str, str],
    developed: Developed,
    given: NewImage,
) -> None:
    """Keep a picture behind the event's others. ``owner``: an organization, and its event or None for its logo.

    ``digests``: of its files, and of the file that was sent.
    """
    await db.execute(
        _INSERT,
        image_id,
        *owner,
        *digests,
        developed.width,
        developed.height,
        developed.widths,
        given.alt,
        given.focal_x,
        given.focal_y,
    )


async def get(db: Database, event_id: str, image_id: str) -> ImageRow | None:
    row = await db.fetchrow(_SELECT + "WHERE i.id = $1 AND i.event_id = $2", image_id, event_id)
    return _of_row(row) if row is not None else None


async def of_event(db: Database, event_id: str) -> list[ImageRow]:
    """An event's pictures in their order."""
    rows = await db.fetch(_SELECT + "WHERE i.event_id = $1 ORDER BY i.place, i.id", event_id)
    return [_of_row(row) for row in rows]


async def sent_before(db: Database, event_id: str, source_digest: str) -> ImageRow | None:
    """The event's picture that was made of this very file."""
    row = await db.fetchrow(_SELECT + "WHERE i.event_id = $1 AND i.source_digest = $2", event_id, source_digest)
    return _of_row(row) if row is not None else None


async def logo_of(db: Database, organization_id: str) -> ImageRow | None:
    row = await db.fetchrow(_SELECT + "WHERE i.organization_id = $1 AND i.event_id IS NULL", organization_id)
    return _of_row(row) if row is not None else None


async def change(db: Connection, image_id: str, columns: dict[str, Any]) -> None:
    """Change what is given and move the version."""
    sets = "".join(f"{part}, " for part in [assignments(columns, 2)] if part)
    await db.execute(
        f"UPDATE images SET {sets}version = version + 1, updated_at = now() WHERE id = $1", image_id, *columns.values()
    )


async def move(db: Connection, event_id: str, image_id: str, place: int) -> None:
    """Put a picture at this place; the others close up around it."""
    await db.execute(_STEP_ASIDE, event_id, image_id, place)
    await db.execute(_MOVE, event_id, image_id, place)


async def set_cover(db: Connection, event_id: str, image_id: str | None) -> None:
    """Which picture stands for the event. Its version stays: who edits the event's own fields is not in the way."""
    await db.execute(
        "UPDATE events SET cover_image_id = $2, updated_at = now()"
        " WHERE id = $1 AND cover_image_id IS DISTINCT FROM $2",
        event_id,
        image_id,
    )


async def delete(db: Connection, key: str, rows: Sequence[ImageRow]) -> list[OutboxRow]:
    """Forget pictures, and leave word that their files go; ``key`` is what they belonged to."""
    await db.execute("DELETE FROM images WHERE id = ANY($1::text[])", [row.picture.id for row in rows])
    errands = [PicturesDropped(row.picture.digest, row.picture.widths) for row in rows]
    return [await outbox.add(db, key, errand, delay_s=AT_ONCE_DELAY_S) for errand in errands]


async def copy(db: Connection, rows: Sequence[tuple[ImageRow, str]], event_id: str) -> None:
    """Give another event the same pictures under these ids; they share their files.

    The originals are kept from being deleted until then: a deletion afterwards sees that their files are still wanted.
    """
    await db.execute("SELECT 1 FROM images WHERE id = ANY($1::text[]) FOR SHARE", [row.picture.id for row, _ in rows])
    for row, copy_id in rows:
        await db.execute(_COPY, row.picture.id, copy_id, event_id)


async def is_wanted(db: Database, digest: str) -> bool:
    """Whether any picture, or a plan under a chart, still has these files."""
    found: bool = await db.fetchval(
        "SELECT EXISTS (SELECT 1 FROM images WHERE digest = $1)"
        " OR EXISTS (SELECT 1 FROM chart_plans WHERE digest = $1)",
        digest,
    )
    return found


async def known(db: Database, digests: Sequence[str]) -> set[str]:
    """Those of the digests that the ledger has."""
    rows = await db.fetch(
        "SELECT digest FROM images WHERE digest = ANY($1::text[])"
        " UNION SELECT digest FROM chart_plans WHERE digest = ANY($1::text[])",
        list(digests),
    )
    return {row["digest"] for row in rows}


async def names(db: Database, after: str, limit: int) -> list[tuple[str, str | None, list[str]]]:
    """(id, event, names of its files) of pictures by id, for the audit."""
    rows = await db.fetch(
        "SELECT id, event_id, digest, widths FROM images WHERE id > $1 ORDER BY id LIMIT $2", after, limit
    )
    return [(row["id"], row["event_id"], names_of(row["digest"], row["widths"])) for row in rows]


def _kept(row: Record, prefix: str = "") -> KeptPicture:
    facts = {name: row[prefix + name] for name in _PICTURE}
    return KeptPicture(**{**facts, "widths": tuple(facts["widths"])})


def _of_row(row: Record) -> ImageRow:
    return ImageRow(
        organization_id=row["organization_id"],
        event_id=row["event_id"],
        picture=_kept(row),
        place=row["place"],
        cover=row["cover"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
