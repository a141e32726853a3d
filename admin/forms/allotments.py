"""Allotments: named seats, or a number of places in a section, set apart for channels and codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from admin.forms.fields import Name, Whole, words
from admin.forms.filled import Form
from engine.domain.fields import fault
from engine.domain.sale.allotments import AllotmentChange, NewAllotment
from engine.foundation import shapes
from engine.foundation.errors import Invalid


class AllotmentForm(Form):
    LABELS: ClassVar[Mapping[str, str]] = {
        "by": "Choose",
        "quantity": "How many",
        "seats": "Or these seats",
    }

    name: Name
    by: Literal["section", "seats"] = "section"
    section: str | None = None
    quantity: Whole | None = None
    seats: str = ""
    open_to: str = ""

    def given(self) -> NewAllotment:
        document = {"name": self.name, "open_to": words(self.open_to)}
        if self.by == "seats":
            seats = words(self.seats)
            if not seats:
                raise Invalid.at("/seats", "missing", "Name at least one seat, like Stalls/A/5")
            return shapes.build({**document, "seats": seats}, NewAllotment)
        faults = []
        if self.section is None:
            faults.append(fault("/section", "missing", "Choose a section"))
        if self.quantity is None:
            faults.append(fault("/quantity", "missing", "Say how many places"))
        if faults:
            raise Invalid(errors=faults)
        return shapes.build({**document, "section": self.section, "quantity": self.quantity}, NewAllotment)


class AllotmentChangeForm(Form):
    version: str
    name: Name
    open_to: str = ""

    def given(self) -> AllotmentChange:
        return shapes.build({"name": self.name, "open_to": words(self.open_to)}, AllotmentChange)


class VersionForm(Form):
    """What a button that deletes something must name."""

    version: str
