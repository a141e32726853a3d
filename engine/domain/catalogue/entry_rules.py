"""The entry rules of an event: may people come back, how often, when is everybody gone, which gate is theirs.

The document lives in ``events.entry_rules``; absent fields mean one entry, any gate.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, time
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from engine.domain.fields import Faults, fault, is_moment
from engine.foundation import local_time
from engine.foundation.errors import Invalid
from engine.foundation.folding import text_folded

GATES_MAX: Final = 64
GATE_CHARS_MAX: Final = 60
PLACES_PER_GATE_MAX: Final = 500
FAULTS_MAX: Final = 100  # named in one refusal

GateName = Annotated[str, Meta(min_length=1, max_length=GATE_CHARS_MAX, pattern=r"^[^\x00-\x1f]*$")]
_Place = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00]*$")]
_Places = Annotated[list[_Place], Meta(max_length=PLACES_PER_GATE_MAX)]
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\Z")


class GateRule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whom a gate is for: these sections or these ticket types; both empty means everybody."""

    sections: _Places = []
    ticket_type_ids: _Places = []


class EntryRules(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``exit_all_at`` is a daily local time ("04:00") or a moment in RFC 3339; afterwards nobody counts as inside.

    A daily one holds once a day, whatever the clocks do (foundation/local_time.py).
    """

    allow_reentry: bool = False
    max_entries: Annotated[int, Meta(ge=1, le=1000)] | None = None
    max_entries_per_day: Annotated[int, Meta(ge=1, le=100)] | None = None
    exit_all_at: Annotated[str, Meta(max_length=40)] | None = None
    gates: Annotated[dict[GateName, GateRule], Meta(max_length=GATES_MAX)] = {}

    def emptied_at(self, now: datetime, timezone: str) -> datetime | None:
        """The latest moment not after ``now`` at which everybody counted as gone."""
        if self.exit_all_at is None:
            return None
        clock = _CLOCK.match(self.exit_all_at)
        if clock is None:
            moment = datetime.fromisoformat(self.exit_all_at).astimezone(UTC)
            return moment if moment <= now else None
        return local_time.latest(time(int(clock[1]), int(clock[2])), now, timezone)

    @property
    def names_places(self) -> bool:
        """Whether any gate is for some sections or ticket types only."""
        return any(rule.sections or rule.ticket_type_ids for rule in self.gates.values())

    def with_types(self, ids: Mapping[str, str]) -> EntryRules:
        """The same rules for ticket types of other ids; types that ``ids`` does not have are left out.

        A gate that was for such types alone goes with them: with nothing to name it would be everybody's.
        """
        kept = {}
        for name, rule in self.gates.items():
            types = [ids[type_id] for type_id in rule.ticket_type_ids if type_id in ids]
            if types or rule.sections or not rule.ticket_type_ids:
                kept[name] = replace(rule, ticket_type_ids=types)
        return replace(self, gates=kept)

    def right_gates(self, section: str, ticket_type_id: str) -> tuple[str, ...]:
        """The gates that name this place; empty if none does, and any gate will do."""
        return tuple(
            name
            for name, rule in self.gates.items()
            if section in rule.sections or ticket_type_id in rule.ticket_type_ids
        )

    def admits_at(self, gate: str | None, section: str, ticket_type_id: str) -> bool:
        """Whether a gate may let this ticket in; an unnamed gate and a gate without a rule take everybody."""
        rule = self.gates.get(gate) if gate is not None else None
        if rule is None:
            return gate is None or not self.right_gates(section, ticket_type_id)
        if not rule.sections and not rule.ticket_type_ids:
            return True
        return section in rule.sections or ticket_type_id in rule.ticket_type_ids


def read(document: dict[str, Any] | None) -> EntryRules:
    """Rules as stored; what a later version wrote and this one does not know is passed over."""
    return msgspec.convert(document or {}, EntryRules)


def is_clock(text: str) -> bool:
    """Whether this is a time of day, not one moment."""
    return _CLOCK.match(text) is not None


def check(rules: EntryRules) -> EntryRules:
    """Refuse what the types cannot: Invalid with a pointer."""
    text = rules.exit_all_at
    if text is not None and not _CLOCK.match(text):
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise Invalid.at("/exit_all_at", "invalid_value", "Give a clock time like 04:00, or a moment in RFC 3339")
        if not is_moment(moment):  # no scan of the event could be judged by it
            raise Invalid.at("/exit_all_at", "out_of_range", "This date is out of range")
    if not rules.allow_reentry and (rules.max_entries or rules.max_entries_per_day):
        raise Invalid.at("/allow_reentry", "invalid_value", "Entry limits need re-entry to be allowed")
    found, seen = Faults(), set[str]()
    for name in rules.gates:
        folded = text_folded(name)
        if not folded or name != name.strip():
            found.append(fault(_pointer(name), "invalid_value", "A gate has a name, without blanks around it"))
        elif folded in seen:
            found.append(fault(_pointer(name), "duplicate", "Two gates with names that read the same"))
        seen.add(folded)
    if found:
        raise Invalid(errors=found)
    return rules


def check_names(rules: EntryRules, *, sections: Collection[str], ticket_type_ids: Collection[str]) -> None:
    """Invalid with a pointer to each place that this event does not have."""
    found: Faults = []
    for name, rule in rules.gates.items():
        found += [
            fault(f"{_pointer(name)}/sections/{at}", "unknown_section", "The seating chart has no such section")
            for at, section in enumerate(rule.sections)
            if section not in sections
        ]
        found += [
            fault(f"{_pointer(name)}/ticket_type_ids/{at}", "unknown_ticket_type", "The event has no such ticket type")
            for at, type_id in enumerate(rule.ticket_type_ids)
            if type_id not in ticket_type_ids
        ]
    if found:
        raise Invalid(errors=found[:FAULTS_MAX])


def _pointer(gate: str) -> str:
    """Where a gate's rule stands (RFC 6901)."""
    return "/gates/" + gate.replace("~", "~0").replace("/", "~1")
