"""How often an event is repeated, as people say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from admin.forms.fields import Short, Whole
from admin.forms.filled import Form
from engine.domain.catalogue.programme.recurrence import INTERVAL_MAX
from engine.domain.catalogue.programme.series import EVENTS_MAX, RRULE_CHARS_MAX, NewSeries
from engine.foundation import shapes
from engine.foundation.errors import Invalid

WEEKDAYS = (
    ("MO", "Monday"), ("TU", "Tuesday"), ("WE", "Wednesday"), ("TH", "Thursday"), ("FR", "Friday"), ("SA", "Saturday"),
    ("SU", "Sunday"),
)  # fmt: skip
UNITS = (("DAILY", "days"), ("WEEKLY", "weeks"), ("MONTHLY", "months"), ("YEARLY", "years"))


class SeriesForm(Form):
    """``rule`` is used instead of the fields above it if somebody wrote one."""

    LISTS: ClassVar[frozenset[str]] = frozenset({"weekday"})
    POINTERS: ClassVar[Mapping[str, str]] = {"rrule": "rule"}
    LABELS: ClassVar[Mapping[str, str]] = {
        "every": "Every",
        "unit": "Days, weeks or months",
        "count": "How many dates",
        "until": "Until",
        "rule": "Rule",
    }

    every: Annotated[Whole, Field(ge=1, le=INTERVAL_MAX)] = 1
    unit: Literal["DAILY", "WEEKLY", "MONTHLY", "YEARLY"] = "WEEKLY"
    weekday: tuple[str, ...] = ()
    count: Annotated[Whole, Field(ge=2, le=EVENTS_MAX)] | None = None
    until: Short | None = None
    rule: Annotated[str, Field(max_length=RRULE_CHARS_MAX)] | None = None

    def given(self) -> NewSeries:
        """Invalid if nothing says when it ends."""
        if self.rule is None and self.count is None and self.until is None:
            raise Invalid.at("/count", "endless", "Say how many dates, or until when")
        days = [code for code, _ in WEEKDAYS if code in self.weekday] if self.unit == "WEEKLY" else []
        typed = f"FREQ={self.unit};INTERVAL={self.every}" + (f";BYDAY={','.join(days)}" if days else "")
        return shapes.build({"rrule": self.rule or typed, "count": self.count, "until": self.until}, NewSeries)
