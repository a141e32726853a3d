from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.domain.catalogue.events import EntryRules, Event, EventOnSale, EventOrganization, EventVenue, FeeRule
from engine.pages.catalogue.faces import face_of

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def event(on_sale: EventOnSale | None, **more: Any) -> Event:
    facts: dict[str, Any] = {
        "id": "evt_1", "slug": "s", "organization_id": "org_1", "venue_id": "ven_1", "title": "T", "summary": "",
        "description": "", "category": "concert", "tags": (), "terms": "", "cover_url": None, "video_url": None,
        "cover": None,
        "cover_image_id": None,
        "starts_at": NOW + 10 * HOUR,
        "ends_at": NOW + 13 * HOUR, "timezone": "UTC", "currency": "CAD", "hold_ttl_s": 600, "orphan_policy": "auto",
        "taxes": (), "fee": FeeRule(), "max_tickets_per_buyer": None, "allow_refunds_until": None,
        "entry_rules": EntryRules(), "status": "published", "units": 1, "price_from_cents": 1, "price_to_cents": 1,
        "version": 1, "published_at": NOW, "created_at": NOW, "updated_at": NOW,
        "venue": EventVenue(
            id="ven_1", slug="v", name="V", address="", city="", region="", country="", lat=None, lng=None,
            timezone="UTC", accessibility="",
        ),
        "organization": EventOrganization(id="org_1", name="O", slug="o"), "on_sale": on_sale,
    }  # fmt: skip
    return Event(**{**facts, **more})


def sale(
    opens: float, *, prequeue: float | None = None, closes: float | None = None, room: bool = False
) -> EventOnSale:
    def at(hours: float | None) -> datetime | None:
        return None if hours is None else NOW + hours * HOUR

    return EventOnSale(
        prequeue_opens_at=at(prequeue), opens_at=NOW + opens * HOUR, closes_at=at(closes), room_enabled=room
    )


@pytest.mark.parametrize(
    ("on_sale", "kind", "waits_h"),
    [
        (None, "unscheduled", None),
        (sale(-1), "open", None),
        (sale(2), "soon", 2),
        (sale(-1, room=True), "queue", None),
        (sale(2, prequeue=-1, room=True), "queue", 2),
        (sale(2, prequeue=1, room=True), "queue_soon", 1),
        (sale(2, room=True), "queue_soon", 2),
        (sale(-2, closes=-1), "closed", None),
        (sale(-2, closes=0), "closed", None),
    ],
)
def test_an_event_shows_the_face_of_its_moment(on_sale: EventOnSale | None, kind: str, waits_h: float | None) -> None:
    face = face_of(event(on_sale), NOW)
    assert face.kind == kind
    assert face.waits_for == (None if waits_h is None else NOW + waits_h * HOUR)
    assert face.buyable == (kind in {"open", "queue"})


def test_cancelled_beats_sold_out_and_past_beats_open() -> None:
    assert face_of(event(sale(-1), status="cancelled"), NOW, sold_out=True).kind == "cancelled"
    assert face_of(event(sale(-1)), NOW + 13 * HOUR).kind == "past"


def test_sold_out_is_not_buyable() -> None:
    face = face_of(event(sale(-1, room=True)), NOW, sold_out=True)
    assert (face.kind, face.buyable) == ("sold_out", False)


def test_a_sale_that_closed_is_not_called_sold_out() -> None:
    assert face_of(event(sale(-2, closes=-1)), NOW, sold_out=True).kind == "closed"
