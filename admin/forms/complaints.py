"""What the platform stops, with the reason that the organizer reads and the name that shows it is meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from admin.forms.filled import Form
from engine.domain.catalogue.complaints import REASON_CHARS_MAX
from engine.domain.fields import NAME_CHARS_MAX


class HideForm(Form):
    """An event's title, typed."""

    title: str = Field(min_length=1, max_length=NAME_CHARS_MAX)
    reason: str = Field(min_length=1, max_length=REASON_CHARS_MAX)


class SuspendForm(Form):
    """An organization's name, typed."""

    LABELS: ClassVar[Mapping[str, str]] = {"typed_name": "Name"}

    typed_name: str = Field(min_length=1, max_length=NAME_CHARS_MAX)
    reason: str = Field(min_length=1, max_length=REASON_CHARS_MAX)
