"""Venues: where events take place, and what their seating chart holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from engine.domain.fields import Faults, Id, Line, Name, OptionalShort, Short, Text, fault, is_timezone, kept_name
from engine.foundation.errors import Invalid
from engine.foundation.world import countries

CHART_BYTES_MAX = 24 * 1024 * 1024
STACKED_TOLD_MAX = 100
SPOT_DIGITS = 6  # of a coordinate, as the seat map keeps them

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
    """``units`` and ``categories`` are those of its seating chart; None before there is one."""

    id: str
    organization_id: str
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


class ChartFacts(Struct, frozen=True, kw_only=True):
    """What a seating chart turned out to hold."""

    units: int
    sections: tuple[ChartSection, ...]
    categories: tuple[str, ...]
    etag: str


class _Spot(Struct):
    name: str
    x: float


class _Row(Struct):
    name: str
    y: float
    seats: list[_Spot] | None = None
    count: int = 0
    x0: float = 0.0
    pitch: float = 0.0

    def spots(self) -> Iterator[tuple[float, float]]:
        """(x, y) of each seat, as exact as the map keeps them."""
        across = (
            (seat.x for seat in self.seats) if self.seats else (self.x0 + n * self.pitch for n in range(self.count))
        )
        return ((round(x, SPOT_DIGITS), round(self.y, SPOT_DIGITS)) for x in across)


class _Section(Struct):
    rows: list[_Row] | None = None


class Spots(Struct):
    """Of a seating chart that is well-formed: where each seat stands in its row."""

    sections: list[_Section]


def stacked_seats(chart: Spots) -> Faults:
    """A fault for each seat that stands on another of its row, and for each row that stands on another of its section.

    The first STACKED_TOLD_MAX of them. Sections may each have an origin of their own.
    """
    found: Faults = []
    for s, section in enumerate(chart.sections):
        taken: dict[tuple[float, float], int] = {}
        rows = section.rows or []
        for r, row in enumerate(rows):
            places: dict[float, str] = {}
            for n, seat in enumerate(row.seats or ()):
                first = places.setdefault(seat.x, seat.name)
                if first != seat.name:
                    message = f'"{first}" stands at the same place'
                    found.append(fault(f"/sections/{s}/rows/{r}/seats/{n}/x", "overlap", message))
            under = {owner for spot in row.spots() if (owner := taken.setdefault(spot, r)) != r}
            if under:
                message = f'seats of row "{rows[min(under)].name}" stand at the same places'
                found.append(fault(f"/sections/{s}/rows/{r}/y", "overlap", message))
    return found[:STACKED_TOLD_MAX]


def fold(venue: NewVenue | VenueChange) -> None:
    """What was typed becomes what is kept: a name that hides nothing, a country's code (ISO 3166-1) in capitals.

    Invalid for a name that nobody can see.
    """
    if isinstance(venue.name, str):
        venue.name = kept_name("/name", venue.name)
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
