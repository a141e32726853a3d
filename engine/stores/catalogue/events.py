"""Events in the ledger. The public listing is in ``event_search.py``."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from engine.domain.catalogue import entry_rules
from engine.domain.catalogue.charts import standing
from engine.domain.catalogue.events import (
    Event,
    EventChange,
    EventOnSale,
    EventOrganizer,
    EventVenue,
    FeeRule,
    NewEvent,
    OwnEvents,
    PublicationFailed,
    Seller,
    TaxRule,
)
from engine.domain.catalogue.phases import Phase
from engine.domain.catalogue.pricing import refund_policies
from engine.domain.catalogue.pricing.discount_rules import DiscountRule
from engine.domain.catalogue.venues import ChartFacts
from engine.domain.errands import EventCancelled
from engine.stores import outbox
from engine.stores.catalogue.media import images
from engine.stores.catalogue.questions import live
from engine.stores.database import Connection, Database, Record, assignments, columns_of

_OWN = (
    "id", "slug", "organization_id", "venue_id", "title", "summary", "description", "category", "terms",
    "cover_url", "video_url", "cover_image_id", "starts_at", "ends_at", "timezone", "currency", "hold_ttl_s",
    "orphan_policy", "max_tickets_per_buyer", "capacity", "allow_refunds_until", "status", "units",
    "price_from_cents", "price_to_cents", "version", "published_at", "created_at", "updated_at",
    "publish_at", "archived_at", "hidden_at", "hidden_reason", "series_id", "external_id", "named_tickets",
    "allow_transfers", "max_transfers", "transfer_fee_cents",
    "tax_mode",
    "reminders",
)  # fmt: skip
_VENUE = ("slug", "name", "address", "city", "region", "country", "lat", "lng", "timezone", "accessibility")
# What the status, the clock, the on-sale and the shop together mean: the one place that decides a phase.
PHASE = """
CASE WHEN e.archived_at IS NOT NULL THEN 'archived'
     WHEN e.status IN ('draft', 'cancelled') THEN e.status
     WHEN e.status = 'completed' OR e.ends_at <= now() THEN 'completed'
     WHEN e.starts_at <= now() THEN 'ongoing'
     WHEN s.opens_at IS NULL OR s.opens_at > now() THEN 'published'
     WHEN s.closes_at <= now() OR o.status <> 'active' OR e.hidden_at IS NOT NULL THEN 'sales_ended'
     WHEN e.sold_out THEN 'sold_out'
     ELSE 'on_sale' END
"""
SELECT = f"""
SELECT {", ".join(f"e.{name}" for name in _OWN)}, e.tags, e.taxes, e.fee, e.entry_rules, e.questions,
       e.discount_rules, e.refund_policy,
       e.publish_failed_at, e.publish_missing, {PHASE} AS phase,
       {", ".join(f"v.{name} AS venue_{name}" for name in _VENUE)},
       o.name AS organization_name, o.slug AS organization_slug, o.status = 'active' AS organization_sells,
       o.accent AS organization_accent, o.embed_origins,
       s.prequeue_opens_at, s.opens_at, s.closes_at, s.room_enabled,
       {images.COVER_COLUMNS}, {images.LOGO_COLUMNS}
  FROM events e
  JOIN venues v ON v.id = e.venue_id
  JOIN organizations o ON o.id = e.organization_id
  LEFT JOIN on_sales s ON s.event_id = e.id
  LEFT JOIN images i ON i.id = e.cover_image_id
  LEFT JOIN images l ON l.organization_id = e.organization_id AND l.event_id IS NULL
"""
_LIKE_ESCAPES = str.maketrans({"%": r"\%", "_": r"\_", "\\": r"\\"})
_SELLER = f"""
SELECT e.title, e.slug, e.starts_at, e.timezone, v.name AS venue, v.city, o.name AS organization,
       coalesce(o.legal_name, o.name) AS legal_name, o.accent, e.status, e.taxes,
       {images.COVER_COLUMNS}, {images.LOGO_COLUMNS}
  FROM events e JOIN venues v ON v.id = e.venue_id JOIN organizations o ON o.id = e.organization_id
  LEFT JOIN images i ON i.id = e.cover_image_id
  LEFT JOIN images l ON l.organization_id = e.organization_id AND l.event_id IS NULL
 WHERE e.id = $1
"""


def of_row(row: Record) -> Event:
    """The event of a row that SELECT gave."""
    on_sale = None
    if row["opens_at"] is not None:
        on_sale = EventOnSale(
            prequeue_opens_at=row["prequeue_opens_at"],
            opens_at=row["opens_at"],
            closes_at=row["closes_at"],
            room_enabled=row["room_enabled"],
        )
    failed = None
    if row["publish_failed_at"] is not None:
        failed = PublicationFailed(at=row["publish_failed_at"], missing=tuple(row["publish_missing"]))
    return Event(
        **{name: row[name] for name in _OWN},
        tags=tuple(row["tags"]),
        taxes=msgspec.convert(row["taxes"], tuple[TaxRule, ...]),
        fee=msgspec.convert(row["fee"], FeeRule),
        refund_policy=refund_policies.read(row["refund_policy"], row["allow_refunds_until"]),
        discount_rules=msgspec.convert(row["discount_rules"], tuple[DiscountRule, ...]),
        entry_rules=entry_rules.read(row["entry_rules"]),
        questions=live(row["questions"]) if row["questions"] else (),
        cover=images.picture_of(row),
        venue=EventVenue(id=row["venue_id"], **{name: row[f"venue_{name}"] for name in _VENUE}),
        organization=EventOrganizer(
            id=row["organization_id"],
            name=row["organization_name"],
            slug=row["organization_slug"],
            sells=row["organization_sells"],
            logo=images.picture_of(row, "logo_"),
            accent=row["organization_accent"],
            embed_origins=tuple(row["embed_origins"]),
        ),
        on_sale=on_sale,
        phase=row["phase"],
        publication_failed=failed,
    )


async def get(db: Database, event_id: str) -> Event | None:
    row = await db.fetchrow(SELECT + "WHERE e.id = $1", event_id)
    return of_row(row) if row is not None else None


async def by_slug(db: Database, slug: str) -> Event | None:
    row = await db.fetchrow(SELECT + "WHERE e.slug = $1", slug)
    return of_row(row) if row is not None else None


async def organization_of(db: Database, event_id: str) -> str | None:
    """The id of the organization that sells the event, without reading all of it."""
    found: str | None = await db.fetchval("SELECT organization_id FROM events WHERE id = $1", event_id)
    return found


async def seller_of(db: Database, event_id: str) -> Seller:
    """Who sells an event that is known to exist: somebody ordered from it."""
    row = await db.fetchrow(_SELLER, event_id)
    assert row is not None, "an order without its event"
    facts = {name: row[name] for name in Seller.__struct_fields__ if name not in {"cover", "logo", "taxes"}}
    taxes = msgspec.convert(row["taxes"], tuple[TaxRule, ...])
    return Seller(**facts, taxes=taxes, cover=images.picture_of(row), logo=images.picture_of(row, "logo_"))


async def lock(db: Connection, event_id: str) -> Event | None:
    """The event, kept from changing under us until the transaction ends."""
    row = await db.fetchrow(SELECT + "WHERE e.id = $1 FOR UPDATE OF e", event_id)
    return of_row(row) if row is not None else None


async def insert(db: Database, event_id: str, slug: str, given: NewEvent) -> bool:
    """Keep a draft; False if the slug is taken."""
    columns = columns_of(given)
    marks = ", ".join(f"${index + 3}" for index in range(len(columns)))
    row = await db.fetchrow(
        f"INSERT INTO events (id, slug, {', '.join(columns)}) VALUES ($1, $2, {marks})"
        " ON CONFLICT (slug) DO NOTHING RETURNING id",
        event_id,
        slug,
        *columns.values(),
    )
    return row is not None


async def change(db: Database, event_id: str, given: EventChange) -> None:
    """Change what is given and move the version."""
    columns = columns_of(given)
    sets = "".join(f"{part}, " for part in [assignments(columns, 2)] if part)
    await db.execute(
        f"UPDATE events SET {sets}version = version + 1, updated_at = now() WHERE id = $1", event_id, *columns.values()
    )


async def set_prices(db: Database, event_id: str, price_from_cents: int | None, price_to_cents: int | None) -> None:
    """Keep the range of all-in prices; it is what the listing filters by, not an edit of the event."""
    await db.execute(
        "UPDATE events SET price_from_cents = $2, price_to_cents = $3 WHERE id = $1",
        event_id,
        price_from_cents,
        price_to_cents,
    )


async def delete(db: Database, event_id: str) -> None:
    await db.execute("DELETE FROM events WHERE id = $1", event_id)


async def publish(db: Database, event_id: str, floor: tuple[bytes, ChartFacts] | None) -> None:
    """Make it public. The first time its chart is frozen as it stands: what is sold hangs on it.

    That is the venue's, or for a standing event its ``floor``.
    """
    chart, facts = floor or (None, None)
    await db.execute(
        "UPDATE events e SET status = 'published', published_at = COALESCE(e.published_at, now()),"
        " publish_at = NULL, publish_failed_at = NULL, publish_missing = '{}',"
        " chart = COALESCE(e.chart, $2, v.chart),"
        " chart_etag = COALESCE(e.chart_etag, $3, v.chart_etag), units = COALESCE(e.units, $4, v.chart_units),"
        " chart_categories = COALESCE(e.chart_categories, $5, v.chart_categories), version = e.version + 1,"
        " updated_at = now() FROM venues v WHERE e.id = $1 AND v.id = e.venue_id",
        event_id,
        chart,
        facts.etag if facts is not None else None,
        facts.units if facts is not None else None,
        list(facts.categories) if facts is not None else None,
    )


async def unpublish(db: Database, event_id: str) -> None:
    """Make it a draft again; its chart stays as frozen, so that holds still under way keep their places."""
    await db.execute(
        "UPDATE events SET status = 'draft', version = version + 1, updated_at = now() WHERE id = $1", event_id
    )


async def cancel(db: Database, event_id: str) -> None:
    await db.execute(
        "UPDATE events SET status = 'cancelled', version = version + 1, updated_at = now() WHERE id = $1", event_id
    )


async def queue_cancelled(db: Database, event_id: str) -> None:
    """Leave word that its paid orders are to be refunded, in the transaction that cancels it."""
    await outbox.add(db, event_id, EventCancelled(event_id))


async def categories(db: Database, event_id: str) -> list[str]:
    """The categories of the event's frozen chart, else of a standing event's floor, else of its venue's; or none."""
    found: list[str] | None = await db.fetchval(
        "SELECT COALESCE(e.chart_categories, CASE WHEN e.capacity IS NOT NULL THEN ARRAY[$2::text] END,"
        " v.chart_categories) FROM events e JOIN venues v ON v.id = e.venue_id WHERE e.id = $1",
        event_id,
        standing.FLOOR,
    )
    return found or []


async def chart(db: Database, event_id: str) -> bytes | None:
    """The event's frozen chart, else a standing event's floor, else its venue's."""
    row = await db.fetchrow(
        "SELECT e.chart, e.capacity, CASE WHEN e.capacity IS NULL THEN v.chart END AS venue_chart"
        " FROM events e JOIN venues v ON v.id = e.venue_id WHERE e.id = $1",
        event_id,
    )
    if row is None:
        return None
    if row["chart"] is None and row["capacity"] is not None:
        return standing.chart(row["capacity"])
    found: bytes | None = row["chart"] or row["venue_chart"]
    return found


async def has_orders(db: Database, event_id: str) -> bool:
    """Whether anybody ever ordered: such an event is cancelled, never deleted or unpublished."""
    found: bool = await db.fetchval("SELECT EXISTS (SELECT 1 FROM orders WHERE event_id = $1)", event_id)
    return found


async def live_units(db: Database, event_id: str, units: Sequence[int]) -> list[int]:
    """Which of these units are sold or being paid for."""
    rows = await db.fetch(
        "SELECT unit FROM order_units WHERE event_id = $1 AND unit = ANY($2::int[]) AND live ORDER BY unit",
        event_id,
        list(units),
    )
    return [row["unit"] for row in rows]


async def of_organization(
    db: Database, organization_id: str, before: str | None, limit: int, phase: Phase | None = None
) -> list[Event]:
    """An organization's events, drafts too, newest first; of one phase, else all but the archived ones."""
    rows = await db.fetch(
        SELECT + "WHERE e.organization_id = $1 AND ($2::text IS NULL OR e.id < $2)"
        f" AND CASE WHEN $4::text IS NULL THEN e.archived_at IS NULL ELSE ({PHASE}) = $4 END"
        " ORDER BY e.id DESC LIMIT $3",
        organization_id,
        before,
        limit,
        phase,
    )
    return [of_row(row) for row in rows]


async def searched(db: Database, wanted: OwnEvents) -> list[Event]:
    """An organization's events as they are asked for."""
    rows = await db.fetch(
        SELECT + "WHERE e.organization_id = $1 AND ($2::text IS NULL OR folded(e.title) LIKE folded($2))"
        f" AND CASE WHEN $3::text IS NULL THEN e.archived_at IS NULL ELSE ({PHASE}) = $3 END"
        " ORDER BY CASE WHEN $6 = 'start' THEN e.starts_at END, CASE WHEN $6 = 'title' THEN folded(e.title) END,"
        " e.id DESC OFFSET $4 LIMIT $5",
        wanted.organization_id,
        f"%{wanted.text.translate(_LIKE_ESCAPES)}%" if wanted.text else None,
        wanted.phase,
        wanted.offset,
        wanted.limit,
        wanted.order,
    )
    return [of_row(row) for row in rows]


async def count_of(db: Database, organization_id: str) -> int:
    found: int = await db.fetchval("SELECT count(*) FROM events WHERE organization_id = $1", organization_id)
    return found


async def complete_past(db: Database, limit: int) -> list[str]:
    """Mark published events that ended over a day ago as completed, and shut their rooms; which."""
    rows = await db.fetch(
        "WITH over AS (UPDATE events SET status = 'completed', version = version + 1, updated_at = now() WHERE id IN"
        " (SELECT id FROM events WHERE status = 'published' AND ends_at < now() - interval '1 day'"
        " ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING id),"
        " shut AS (UPDATE on_sales SET live = false, version = version + 1, updated_at = now()"
        " WHERE event_id IN (SELECT id FROM over)) SELECT id FROM over",
        limit,
    )
    return [row["id"] for row in rows]
