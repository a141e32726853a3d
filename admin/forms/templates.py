"""Templates and lists of events, as organizers type them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from admin.forms.fields import LocalMoment, Name, OptionalName, at_place
from admin.forms.filled import Form
from engine.domain.catalogue.programme.imports import CSV_CHARS_MAX, EventImport
from engine.domain.catalogue.programme.templates import FromTemplate, NewTemplate
from engine.foundation import shapes


class TemplateForm(Form):
    LABELS: ClassVar[Mapping[str, str]] = {"name": "Name of the template"}

    name: Name

    def given(self) -> NewTemplate:
        return shapes.build({"name": self.name}, NewTemplate)


class FromTemplateForm(Form):
    """``starts_at`` is on the clocks of the venue."""

    LABELS: ClassVar[Mapping[str, str]] = {"starts_at": "Starts"}

    title: OptionalName = None
    venue_id: str = Field(min_length=1)
    starts_at: LocalMoment

    def given(self, timezone: str) -> FromTemplate:
        document = {"venue_id": self.venue_id, "starts_at": at_place(self.starts_at, timezone, "/starts_at")}
        return shapes.build(document | ({"title": self.title} if self.title else {}), FromTemplate)


class ImportForm(Form):
    """``what`` is try or make: a list is tried before it makes anything."""

    LABELS: ClassVar[Mapping[str, str]] = {"csv": "List"}

    csv: Annotated[str, Field(min_length=1, max_length=CSV_CHARS_MAX)]
    what: str = "try"

    def given(self) -> EventImport:
        return shapes.build({"csv": self.csv, "dry_run": self.what != "make"}, EventImport)
