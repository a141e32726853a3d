"""What the public listing may be asked, and where a page of it goes on."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, NamedTuple

from msgspec import Meta, Struct, field

from engine.domain.catalogue.discovery import (
    FEATURED_MAX,
    RELATED_DEFAULT,
    RELATED_MAX,
    SUGGESTIONS_DEFAULT,
    SUGGESTIONS_MAX,
)
from engine.domain.catalogue.event_search import Access, Found, ListingFilter, Near, Position, Sort
from engine.domain.fields import ONE_LINE, Cents, Currency, is_moment
from engine.foundation import lists
from engine.foundation.errors import Malformed
from engine.foundation.lists import CURSOR_CHARS_MAX, PAGE_DEFAULT, PAGE_MAX

RADIUS_KM_DEFAULT, RADIUS_KM_MAX = 25.0, 20_040.0

Word = Annotated[str, Meta(max_length=200, pattern=ONE_LINE)]
Kilometres = Annotated[float, Meta(gt=0, le=RADIUS_KM_MAX)]


class FacetsQuery(Struct, frozen=True, kw_only=True):
    """``from`` and ``to`` are days at the event (``to`` included) or RFC 3339 moments. Prices are all-in, minor units.

    A price is compared with each event's own in the event's own currency. ``currency`` leaves out events in others.
    """

    q: Word | None = None
    city: Word | None = None
    category: Word | None = None
    accessibility: Access | None = None
    from_: Annotated[str, Meta(max_length=40)] | None = field(default=None, name="from")
    to: Annotated[str, Meta(max_length=40)] | None = None
    currency: Currency | None = None
    price_min: Cents | None = None
    price_max: Cents | None = None
    lat: Annotated[float, Meta(ge=-90, le=90)] | None = None
    lng: Annotated[float, Meta(ge=-180, le=180)] | None = None
    radius_km: Kilometres | None = None
    radius_km_camel: Kilometres | None = field(default=None, name="radiusKm")


class ListingQuery(FacetsQuery, frozen=True, kw_only=True):
    """The same, a page at a time. Without ``sort``: the best answer to ``q``, else the nearest, else the soonest."""

    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX)] = PAGE_DEFAULT
    cursor: Annotated[str, Meta(max_length=CURSOR_CHARS_MAX)] | None = None
    sort: Sort | None = None


class SuggestionsQuery(Struct, frozen=True, kw_only=True):
    q: Word
    limit: Annotated[int, Meta(ge=1, le=SUGGESTIONS_MAX)] = SUGGESTIONS_DEFAULT


class FeaturedQuery(Struct, frozen=True, kw_only=True):
    limit: Annotated[int, Meta(ge=1, le=FEATURED_MAX)] = FEATURED_MAX


class RelatedQuery(Struct, frozen=True, kw_only=True):
    limit: Annotated[int, Meta(ge=1, le=RELATED_MAX)] = RELATED_DEFAULT


class _Bound(NamedTuple):
    """One end of a span of time: a day of the calendar, a moment, or open."""

    day: date | None = None
    moment: datetime | None = None


def wanted(query: FacetsQuery, *, venue_id: str | None = None) -> ListingFilter:
    """The query as the store's filter. Malformed if its parts do not go together."""
    if (query.lat is None) != (query.lng is None):
        raise Malformed("lat and lng come together", parameter="lat")
    radius_km = query.radius_km or query.radius_km_camel
    if radius_km is not None and query.lat is None:
        raise Malformed("A radius needs lat and lng", parameter="radius_km")
    near = None
    if query.lat is not None and query.lng is not None:
        near = Near(lat=query.lat, lng=query.lng, radius_km=radius_km or RADIUS_KM_DEFAULT)
    begin, end = _bound("from", query.from_), _bound("to", query.to)
    return ListingFilter(
        q=query.q,
        city=query.city,
        category=query.category,
        access=query.accessibility,
        venue_id=venue_id,
        starts_from=begin.moment,
        starts_to=end.moment,
        day_from=begin.day,
        day_to=end.day,
        over_too=query.from_ is not None,
        currency=query.currency,
        price_min_cents=query.price_min,
        price_max_cents=query.price_max,
        near=near,
        sort=query.sort if isinstance(query, ListingQuery) else None,
    )


def cursor_of(found: Found) -> str:
    """The position just after an event."""
    return found.position.text()


def position_of(cursor: str | None) -> Position | None:
    """The position behind a cursor. Malformed if it is none of ours."""
    text = lists.cursor_decode(cursor)
    try:
        return None if text is None else Position.read(text)
    except ValueError as error:
        raise Malformed("The cursor is not one of ours") from error


def _bound(name: str, text: str | None) -> _Bound:
    """A day or a moment. Malformed."""
    if text is None:
        return _Bound()
    try:
        if "T" not in text.upper():
            day = date.fromisoformat(text)
            moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
        else:
            day = None
            moment = datetime.fromisoformat(text.replace(" ", "+"))  # a plus sign that was not escaped
    except (ValueError, OverflowError) as error:
        raise Malformed(f"{name} is neither a day nor an RFC 3339 moment", parameter=name) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    if not is_moment(moment):
        raise Malformed(f"{name} is out of range", parameter=name)
    return _Bound(moment=moment) if day is None else _Bound(day=day)
