"""Where in a seating chart a fault is: a JSON pointer in the words of the chart itself."""

from __future__ import annotations

from typing import Any, Final

NAME_CHARS_SHOWN: Final = 40
_KINDS: Final = {"sections": "section", "rows": "row", "seats": "seat"}


def words(chart: Any, pointer: str, message: str) -> str:
    """``/sections/0/rows/1/name`` is ``Section 1 “Stalls”, row 2 “B”``; a field that ``message`` names is left out."""
    here = chart
    steps = pointer.strip("/").split("/")
    parts: list[str] = []
    for at, step in enumerate(steps):
        here = _inside(here, step)
        if step.isdecimal() and at > 0:
            parts.append(f"{_KINDS.get(steps[at - 1], steps[at - 1])} {int(step) + 1}{_name(here)}")
        elif step not in ("name", *_KINDS) and f'"{step}"' not in message:
            parts.append(f"“{step}”")
    text = ", ".join(parts)
    return text[:1].upper() + text[1:]


def _inside(here: Any, step: str) -> Any:
    if isinstance(here, dict):
        return here.get(step)
    if isinstance(here, list) and step.isdecimal() and int(step) < len(here):
        return here[int(step)]
    return None


def _name(thing: Any) -> str:
    name = thing.get("name") if isinstance(thing, dict) else None
    return f" “{name[:NAME_CHARS_SHOWN]}”" if isinstance(name, str) and name else ""
