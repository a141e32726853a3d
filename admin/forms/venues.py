"""Venues and their seating charts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import orjson

from admin import chart_places
from admin.forms.fields import Line, Name, Short, Text
from admin.forms.filled import Filled, Form, fresh
from engine.domain.catalogue.venues import NewVenue, Venue, VenueChange
from engine.foundation import shapes
from engine.foundation.errors import Invalid


class VenueForm(Form):
    LABELS: ClassVar[Mapping[str, str]] = {
        "timezone": "Time zone",
        "lat": "Latitude",
        "lng": "Longitude",
    }

    name: Name
    address: Line = ""
    city: Short = ""
    region: Short = ""
    country: Short = ""
    lat: float | None = None
    lng: float | None = None
    timezone: Short
    accessibility: Text = ""

    def given(self, organization_id: str) -> NewVenue:
        return shapes.build({**self.model_dump(), "organization_id": organization_id}, NewVenue)


class VenueChangeForm(VenueForm):
    version: str

    def changed(self) -> VenueChange:
        return shapes.build(self.model_dump(exclude={"version"}), VenueChange)


class ChartForm(Form):
    """``chart`` is pasted, ``file`` uploaded; what was uploaded counts."""

    LABELS: ClassVar[Mapping[str, str]] = {"chart": "Chart as JSON"}

    chart: str = ""
    file: str = ""

    @property
    def given(self) -> bytes:
        """Invalid if there is neither."""
        if not (self.file or self.chart):
            raise Invalid.at("/chart", "missing", "Paste a chart, choose a file, or begin with a sample")
        return (self.file or self.chart).encode()

    def told(self, pointer: str, message: str) -> str:
        """The fault at its section, row and seat, counted from one and by name, as somebody would look for it."""
        if not pointer:
            return f"This is not JSON yet: {message}" if " at line " in message else f"The chart {message}"
        where = chart_places.words(orjson.loads(self.given), pointer, message)
        return f"{where}: {message}" if where else message


def of(venue: Venue) -> Filled[VenueChangeForm]:
    """The form as a venue would fill it in."""
    return fresh(
        VenueChangeForm,
        version=venue.version,
        name=venue.name,
        address=venue.address,
        city=venue.city,
        region=venue.region,
        country=venue.country,
        lat=venue.lat,
        lng=venue.lng,
        timezone=venue.timezone,
        accessibility=venue.accessibility,
    )
