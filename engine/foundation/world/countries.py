"""Countries (ISO 3166-1 alpha-2), by code and by their names in CLDR.

``countries.csv`` has the 249 codes that are officially assigned (ISO 3166 Maintenance Agency, 2026).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from babel import Locale

_LOCALE: Final = "en"
COUNTRIES: Final = tuple((Path(__file__).parent / "countries.csv").read_text(encoding="utf-8").split()[1:])
_CODES: Final = frozenset(COUNTRIES)


def folded(typed: str) -> str:
    """A country as it is kept: ``ca`` is ``CA``. What is no code stays as it was typed."""
    code = typed.strip().upper()
    return code if code in _CODES else typed


def name(code: str) -> str:
    """``Canada``; the code itself if it is none of ours."""
    return str(Locale.parse(_LOCALE).territories.get(code, code))


def offered() -> list[tuple[str, str]]:
    """(code, name) of every country, by name."""
    return sorted(((code, name(code)) for code in COUNTRIES), key=lambda pair: pair[1])
