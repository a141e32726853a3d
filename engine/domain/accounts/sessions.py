"""Sessions as their person sees them: which device, from which part of the network, last used when."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from msgspec import Struct

from engine.foundation.world.languages import DEFAULT

SESSIONS_SHOWN_MAX: Final = 100  # the newest; who has more ends some
AGENT_CHARS_MAX: Final = 400
# The first that is found counts: Edge and Opera call themselves Chrome too, Chrome calls itself Safari.
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_PROGRAM: Final = re.compile(r"[A-Za-z][A-Za-z0-9 ._-]{0,39}")


class Caller(Struct, frozen=True, kw_only=True):
    """Who knocks: the network ``address``, the ``agent`` (a User-Agent) and the language that mails are written in."""

    address: str
    agent: str = ""
    language: str = DEFAULT


class SessionShown(Struct, frozen=True, kw_only=True):
    """One sign-in. ``device`` is "" if it did not say; ``place`` the block of its address; ``current``: who asks."""

    id: str
    device: str
    place: str
    begun_at: datetime
    used_at: datetime
    current: bool


def device_of(agent: str) -> str:
    """A browser and a system by name, as "Firefox, Linux"; else the name of the program, "" if it has none."""
    agent = agent[:AGENT_CHARS_MAX]
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    if browser or system:
        return ", ".join(part for part in (browser, system) if part)
    program = _PROGRAM.match(agent)
    return program[0].strip() if program else ""
