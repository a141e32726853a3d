"""Scanners, and the rules of the doors they stand at."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from admin.forms.fields import Whole, words
from admin.forms.filled import Filled, Form, fresh
from engine.domain.entry_rules import GATES_MAX, EntryRules
from engine.foundation import shapes
from engine.foundation.errors import Invalid

DEVICE_NAME_CHARS_MAX = 100
GATE_CHARS_MAX = 60


class DeviceForm(Form):
    """``gates`` left out: the scanner may stand at every gate."""

    name: str = Field(min_length=1, max_length=DEVICE_NAME_CHARS_MAX)
    gates: str = ""

    def gate_names(self) -> list[str]:
        """The gates. Invalid where there are too many or one is too long."""
        names = words(self.gates)
        if len(names) > GATES_MAX or any(len(name) > GATE_CHARS_MAX for name in names):
            raise Invalid.at("/gates", "too_long", f"At most {GATES_MAX} gates of {GATE_CHARS_MAX} characters")
        return names


class DoorsForm(Form):
    """Entry limits hold where people may come back in."""

    allow_reentry: bool = False
    max_entries: Whole | None = None
    max_entries_per_day: Whole | None = None
    exit_all_at: str | None = None

    def given(self, before: EntryRules) -> EntryRules:
        """The rules; whose gate is whose stays as it is."""
        document: dict[str, Any] = {"allow_reentry": self.allow_reentry, "gates": before.gates}
        if self.allow_reentry:
            document |= {
                "max_entries": self.max_entries,
                "max_entries_per_day": self.max_entries_per_day,
                "exit_all_at": self.exit_all_at,
            }
        return shapes.build(document, EntryRules)


def of(rules: EntryRules) -> Filled[DoorsForm]:
    """The form as the rules would fill it in."""
    return fresh(
        DoorsForm,
        allow_reentry="true" if rules.allow_reentry else None,
        max_entries=rules.max_entries,
        max_entries_per_day=rules.max_entries_per_day,
        exit_all_at=rules.exit_all_at,
    )
