"""Bodies in the requirement documents' spelling: camelCase becomes ours, and faults are told in theirs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from engine.foundation.errors import Invalid

_HUMP = re.compile(r"(?<=[a-z0-9])([A-Z])")
_OTHER_WORDS = {"start_at": "starts_at", "end_at": "ends_at"}


@dataclass(frozen=True, slots=True)
class Spelling:
    """The fields of one body: our name of each, and how its writer spelled it."""

    written: dict[str, str]

    def ours(self, body: object) -> dict[str, Any]:
        """The body under our names; empty if it is no object."""
        given = body if isinstance(body, dict) else {}
        return {name: given[written] for name, written in self.written.items()}

    def theirs(self, refusal: Invalid) -> Invalid:
        """The refusal with its pointers as the writer spelled them."""
        for fault in refusal.errors:
            first, slash, rest = fault["pointer"].removeprefix("/").partition("/")
            fault["pointer"] = f"/{self.written.get(first, first)}{slash}{rest}"
        return refusal


def spelled(body: object) -> Spelling:
    """How a body is spelled. What is written both ways counts as it is written in ours."""
    written: dict[str, str] = {}
    for key in body if isinstance(body, dict) else ():
        name = snake(key)
        if name == key or name not in written:
            written[name] = key
    return Spelling(written)


def snake(key: str) -> str:
    """``startAt`` -> ``starts_at``."""
    name = _HUMP.sub(lambda hump: "_" + hump[1].lower(), key)
    return _OTHER_WORDS.get(name, name)
