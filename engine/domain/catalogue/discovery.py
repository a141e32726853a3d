"""How events are found apart from the list itself: what narrows it, names while somebody types, places."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta, Struct, field

from engine.domain.catalogue.media.images import Picture
from engine.domain.fields import Id

SUGGESTIONS_MAX, SUGGESTIONS_DEFAULT = 20, 8
FEATURED_MAX = 24
RELATED_MAX, RELATED_DEFAULT = 24, 6


class Facet(Struct, frozen=True, kw_only=True):
    """``value`` goes into the query under the facet's name; ``count`` is what is found then."""

    value: str
    title: str
    count: int


class MonthFacet(Struct, frozen=True, kw_only=True):
    """A month at the events' places; ``from`` and ``to`` go into the query."""

    value: str
    from_: date = field(name="from")
    to: date
    count: int


class PriceFacet(Struct, frozen=True, kw_only=True):
    """All-in prices in minor units, both included; they and ``currency`` go into the query."""

    currency: str
    price_min: int
    price_max: int
    count: int


class Facets(Struct, frozen=True, kw_only=True):
    """What a search can be narrowed by. What it is already narrowed by counts as if it were not, so it can be changed.

    ``total`` is what the search finds as it stands. An event counts in each price band that its prices reach.
    """

    total: int
    city: tuple[Facet, ...]
    category: tuple[Facet, ...]
    month: tuple[MonthFacet, ...]
    price: tuple[PriceFacet, ...]
    accessibility: tuple[Facet, ...]


class Suggestion(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A name that begins as was typed. All have a ``slug``, events and venues also an ``id``."""

    kind: Literal["event", "venue", "city"]
    title: str
    id: str | None = None
    slug: str | None = None


class Suggestions(Struct, frozen=True, kw_only=True):
    data: tuple[Suggestion, ...]


class FoundVenue(Struct, frozen=True, kw_only=True):
    """A venue at which something is to come; ``events`` says how much."""

    id: str
    slug: str
    title: str
    address: str
    city: str
    city_slug: str
    region: str
    country: str
    lat: float | None
    lng: float | None
    events: int
    kind: Literal["venue"] = "venue"


class City(Struct, frozen=True, kw_only=True):
    slug: str
    name: str


class Organizer(Struct, frozen=True, kw_only=True):
    """An organization as everybody sees it."""

    id: str
    slug: str
    name: str
    accent: str | None = None
    logo: Picture | None = None


class FeaturedChoice(Struct, frozen=True, kw_only=True):
    """What the platform shows first, in this order; nothing takes all of it back."""

    event_ids: Annotated[list[Id], Meta(max_length=FEATURED_MAX)]


class Visited(NamedTuple):
    """The last part of a page's address, and when its event changed."""

    name: str
    changed_at: datetime | None = None
