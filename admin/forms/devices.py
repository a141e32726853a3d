"""Scanners, and the entry rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from admin.forms.fields import Whole, words
from admin.forms.filled import Filled, Form, fresh
from engine.domain.catalogue.entry_rules import GATES_MAX, EntryRules
from engine.domain.fields import fault
from engine.foundation import shapes
from engine.foundation.errors import Invalid

DEVICE_NAME_CHARS_MAX = 100
GATE_CHARS_MAX = 60


class DeviceForm(Form):
    """``gates`` left out: the scanner may stand at every gate."""

    name: str = Field(min_length=1, max_length=DEVICE_NAME_CHARS_MAX)
    gates: str = ""

    def gate_names(self) -> list[str]:
        """The gates. Invalid if there are too many or one is too long."""
        names = words(self.gates)
        if len(names) > GATES_MAX or any(len(name) > GATE_CHARS_MAX for name in names):
            raise Invalid.at("/gates", "too_long", f"At most {GATES_MAX} gates of {GATE_CHARS_MAX} characters")
        return names


class EntryRulesForm(Form):
    """Entry limits hold if people may come back in: named without that, they are refused rather than dropped."""

    LABELS: ClassVar[Mapping[str, str]] = {
        "allow_reentry": "People may leave and come back in",
        "max_entries": "Entries in all",
        "max_entries_per_day": "Entries a day",
        "exit_all_at": "Everybody is out at",
    }

    allow_reentry: bool = False
    max_entries: Whole | None = None
    max_entries_per_day: Whole | None = None
    exit_all_at: str | None = None

    def given(self, before: EntryRules) -> EntryRules:
        """The rules; whose gate is whose stays as it is. Invalid if limits come without the permission."""
        limits = self.model_dump(include={"max_entries", "max_entries_per_day", "exit_all_at"}, exclude_none=True)
        if limits and not self.allow_reentry:
            words = "This needs “People may leave and come back in”: without it a ticket enters once"
            raise Invalid(errors=[fault(f"/{name}", "needs_reentry", words) for name in limits])
        return shapes.build({"allow_reentry": self.allow_reentry, "gates": before.gates, **limits}, EntryRules)


def of(rules: EntryRules) -> Filled[EntryRulesForm]:
    """The form as the rules would fill it in."""
    return fresh(
        EntryRulesForm,
        allow_reentry="true" if rules.allow_reentry else None,
        max_entries=rules.max_entries,
        max_entries_per_day=rules.max_entries_per_day,
        exit_all_at=rules.exit_all_at,
    )
