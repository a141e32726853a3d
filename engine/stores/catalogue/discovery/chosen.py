"""Events that are shown next to others: what the platform features, and what goes with an event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.domain.catalogue.event_search import Found
from engine.domain.order_states import EVER_PAID
from engine.stores.catalogue.event_search import cards
from engine.stores.database import Connection, Database

BUYERS_LOOKED_AT_MAX: Final = 200  # an event's newest orders
PURCHASES_OF_A_BUYER_MAX: Final = 20
BUYERS_OF_BOTH_MIN: Final = 2  # what one person bought is nobody's business
_FEATURED = """
SELECT p.event_id, p.place::integer AS key, NULL::float8 AS metres
  FROM featured_events p JOIN listed_events l ON l.event_id = p.event_id
 WHERE l.ends_at > now() ORDER BY p.place, p.event_id LIMIT $1
"""
_FEATURED_IDS = "SELECT event_id FROM featured_events ORDER BY place, event_id"
# What was bought by the same people counts most, then the same organizer, category and city. Other nights of the same
# show are no news.
_RELATED = f"""
WITH this AS MATERIALIZED (
    SELECT e.id, e.organization_id, e.category, place_slug(v.city) AS city_slug, e.title
      FROM events e JOIN venues v ON v.id = e.venue_id WHERE e.id = $1),
buyers AS MATERIALIZED (
    SELECT DISTINCT user_id, email
      FROM (SELECT o.user_id, CASE WHEN o.user_id IS NULL THEN lower(o.buyer_email) END AS email
              FROM orders o WHERE o.event_id = $1 AND o.status = ANY ($3::text[])
             ORDER BY o.id DESC LIMIT {BUYERS_LOOKED_AT_MAX}) AS newest),
together AS MATERIALIZED (
    SELECT bought.event_id, count(*) AS buyers
      FROM buyers b CROSS JOIN LATERAL (
               SELECT event_id FROM (
                   SELECT o.event_id FROM orders o WHERE o.user_id = b.user_id AND o.status = ANY ($3::text[])
                    ORDER BY o.created_at DESC LIMIT {PURCHASES_OF_A_BUYER_MAX}) AS of_account
               UNION SELECT event_id FROM (
                   SELECT o.event_id FROM orders o
                    WHERE lower(o.buyer_email) = b.email AND o.user_id IS NULL AND o.status = ANY ($3::text[])
                    LIMIT {PURCHASES_OF_A_BUYER_MAX}) AS of_guest) AS bought
     WHERE bought.event_id <> $1
     GROUP BY bought.event_id HAVING count(*) >= {BUYERS_OF_BOTH_MIN}),
near AS (
    SELECT l.event_id, l.title, l.starts_at,
           (l.organization_id = this.organization_id)::integer AS by_organizer,
           (l.category = this.category)::integer AS by_category, (l.city_slug = this.city_slug)::integer AS by_city,
           coalesce(t.buyers, 0) AS buyers
      FROM this JOIN listed_events l ON l.event_id <> this.id AND l.ends_at > now() AND l.title <> this.title
      LEFT JOIN together t ON t.event_id = l.event_id
     WHERE l.organization_id = this.organization_id OR l.category = this.category OR t.event_id IS NOT NULL),
scored AS (
    SELECT event_id, starts_at, least(buyers, 5) * 2 + by_organizer * 4 + by_category * 3 + by_city * 2 AS score,
           row_number() OVER (PARTITION BY title ORDER BY starts_at, event_id) AS night
      FROM near)
SELECT event_id, -score::integer AS key, NULL::float8 AS metres FROM scored WHERE night = 1
 ORDER BY score DESC, starts_at, event_id LIMIT $2
"""
_UNFEATURE = "DELETE FROM featured_events WHERE event_id <> ALL ($1::text[])"
_FEATURE = """
INSERT INTO featured_events (event_id, place) SELECT id, place FROM unnest($1::text[]) WITH ORDINALITY AS u(id, place)
ON CONFLICT (event_id) DO UPDATE SET place = excluded.place
"""
_LISTED = "SELECT event_id FROM listed_events WHERE event_id = ANY ($1::text[])"


async def featured(db: Database, limit: int) -> list[Found]:
    """What the platform shows first, in its order; what is over or withdrawn is left out."""
    return await cards(db, _FEATURED, limit)


async def related(db: Database, event_id: str, limit: int) -> list[Found]:
    """Events to come that go with this one, the closest first."""
    return await cards(db, _RELATED, event_id, limit, sorted(EVER_PAID))


async def featured_ids(db: Connection) -> list[str]:
    """In their order, nobody else changing them until the transaction ends."""
    await db.execute("LOCK TABLE featured_events IN SHARE ROW EXCLUSIVE MODE")
    return [row["event_id"] for row in await db.fetch(_FEATURED_IDS)]


async def feature(db: Connection, event_ids: Sequence[str]) -> None:
    """Feature these in this order, and no others."""
    await db.execute(_UNFEATURE, event_ids)
    await db.execute(_FEATURE, event_ids)


async def listed_of(db: Database, event_ids: Sequence[str]) -> set[str]:
    """Which of these are published."""
    return {row["event_id"] for row in await db.fetch(_LISTED, event_ids)}
