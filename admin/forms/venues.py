"""Venues and their seating charts."""

from __future__ import annotations

from admin.forms.fields import Line, Name, Short, Text
from admin.forms.filled import Filled, Form, fresh
from engine.domain.venues import NewVenue, Venue, VenueChange
from engine.foundation import shapes


class VenueForm(Form):
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

    chart: str = ""
    file: str = ""

    @property
    def given(self) -> bytes:
        return (self.file or self.chart).encode()


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
