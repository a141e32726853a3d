"""Venues: where events take place, and what their seating chart holds."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from engine.domain.fields import (
    Faults,
    Id,
    Line,
    Name,
    OptionalShort,
    Short,
    Text,
    fault,
    is_timezone,
    mailed_name,
    refuse_link,
)
from engine.foundation.errors import Invalid
from engine.foundation.world import countries

CHART_BYTES_MAX = 24 * 1024 * 1024

Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]


class NewVenue(Struct, kw_only=True):
    """``accessibility`` tells in words what a visitor with a disability should know; ``timezone`` is an IANA name."""

    organization_id: Id
    name: Name
    address: Line = ""
    city: OptionalShort = ""
    region: OptionalShort = ""
    country: OptionalShort = ""
    lat: Latitude | None = None
    lng: Longitude | None = None
    timezone: Short
    accessibility: Text = ""


class VenueChange(Struct, kw_only=True):
    name: Name | UnsetType = UNSET
    address: Line | UnsetType = UNSET
    city: OptionalShort | UnsetType = UNSET
    region: OptionalShort | UnsetType = UNSET
    country: OptionalShort | UnsetType = UNSET
    lat: Latitude | UnsetType | None = UNSET
    lng: Longitude | UnsetType | None = UNSET
    timezone: Short | UnsetType = UNSET
    accessibility: Text | UnsetType = UNSET


class Venue(Struct, frozen=True, kw_only=True):
    """``units`` and ``categories`` are those of its seating chart; None before there is one.

    ``slug`` names it in the address of its page; it stays when the venue is renamed.
    """

    id: str
    organization_id: str
    slug: str
    name: str
    address: str
    city: str
    region: str
    country: str
    lat: float | None
    lng: float | None
    timezone: str
    accessibility: str
    units: int | None
    categories: tuple[str, ...] | None
    chart_etag: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class ChartSection(Struct, frozen=True, kw_only=True):
    name: str
    kind: str
    category: str
    first_unit: int
    units: int


class ChartWarning(Struct, frozen=True):
    """What is taken as it is listed and may be meant otherwise."""

    pointer: str
    code: str
    message: str


class ChartFacts(Struct, frozen=True, kw_only=True):
    """What a seating chart turned out to hold."""

    units: int
    sections: tuple[ChartSection, ...]
    categories: tuple[str, ...]
    etag: str
    warnings: tuple[ChartWarning, ...] = ()


def fold(venue: NewVenue | VenueChange) -> None:
    """What was typed becomes what is kept: a name that hides nothing, a country's code (ISO 3166-1) in capitals.

    Invalid for a name that nobody can see, and for a link: holders of tickets are mailed where an event is.
    """
    if isinstance(venue.name, str):
        venue.name = mailed_name("/name", venue.name)
    if isinstance(venue.address, str):
        refuse_link("/address", venue.address)
    if isinstance(venue.city, str):
        refuse_link("/city", venue.city)
    if isinstance(venue.country, str):
        venue.country = countries.folded(venue.country)


def check(venue: NewVenue | VenueChange) -> None:
    """The rules one field's type cannot say. Invalid with all that is broken."""
    found: Faults = []
    if isinstance(venue.timezone, str) and not is_timezone(venue.timezone):
        found.append(fault("/timezone", "unknown_timezone", "This is not an IANA time zone"))
    if isinstance(venue, NewVenue) and (venue.lat is None) != (venue.lng is None):
        found.append(fault("/lat", "incomplete", "Latitude and longitude come together"))
    if found:
        raise Invalid(errors=found)
