"""What msgspec says of a value that is not its Struct, read once: it tells a fault as an English sentence only.

The sentences, each held to by tests/foundation/test_shape_faults.py::

    Expected `int`, got `str` - at `$.taxes[0].rate_bp`
    Expected `str` of length <= 2 - at `key` in `$.notes`      of a map's key; its values are at `$.notes[...]`
    Expected `float` <= 90.0 - at `$.lat`                      a limit; `of length` if it is one of size
    Expected `str` matching regex '^[a-z]+$' - at `$.slug`
    Object missing required field `name` - at `$.items[2]`     the place is that of the object
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import msgspec

_AT: Final = re.compile(r" - at (?:`key` in )?`\$?([^`]*)`\Z")
_STEP: Final = re.compile(r"\.([^.\[]+)|\[([^\]]*)\]")
_MISSING: Final = re.compile(r"Object missing required field `(.+)`\Z")
_PATTERN: Final = "matching regex"
_LIMIT: Final = re.compile(r"Expected `(?P<kind>\w+)`(?P<sized> of length)? (?P<sign>[<>]=) (?P<limit>-?[\d.]+)\Z")


@dataclass(frozen=True, slots=True)
class ShapeFault:
    """``pointer`` is a JSON pointer into the value, ``message`` the sentence without its place.

    ``missing`` names the field that the object at ``pointer`` lacks; ``of_pattern``: a text is not as its pattern says.
    """

    pointer: str
    message: str
    missing: str | None
    of_pattern: bool


@dataclass(frozen=True, slots=True)
class Limit:
    """What a value may be at most or at least; ``unit`` is None for a number, else what is counted."""

    at_most: bool
    limit: float
    unit: str | None


def read(error: msgspec.ValidationError) -> ShapeFault:
    """The fault that a decoder tells."""
    text = str(error)
    place = _AT.search(text)
    message = text[: place.start()] if place else text
    missing = _MISSING.match(message)
    return ShapeFault(
        pointer=_pointer(place[1]) if place else "",
        message=message,
        missing=missing[1] if missing else None,
        of_pattern=_PATTERN in message,
    )


def limit_in(message: str) -> Limit | None:
    """The limit that a fault's message tells, None if it tells none."""
    found = _LIMIT.match(message)
    if found is None:
        return None
    unit = ("characters" if found["kind"] == "str" else "items") if found["sized"] else None
    return Limit(found["sign"] == "<=", float(found["limit"]), unit)


def _pointer(path: str) -> str:
    """msgspec's ``.taxes[0].rate_bp`` as the JSON pointer ``/taxes/0/rate_bp``."""
    return "".join("/" + (name or index).replace("~", "~0").replace("/", "~1") for name, index in _STEP.findall(path))
