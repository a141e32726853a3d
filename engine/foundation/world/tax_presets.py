"""Which taxes are usual on an admission, by country and region: a beginning for organizers, who answer for theirs.

Canada: GST with PST, RST or QST, or HST in their place, by province, as of 2026. The United States have none here: a
rate hangs on the place of the event.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class UsualTax:
    """``rate_bp`` in basis points, 997.5 is 9.975 percent."""

    name: str
    rate_bp: float


def find(code: str) -> tuple[UsualTax, ...]:
    """The taxes of a country and region, written ``CA-QC``; none if it is not in the table."""
    return TABLE.get(code, ())


def _number(text: str) -> float:
    return float(text) if "." in text else int(text)


def _read() -> dict[str, tuple[UsualTax, ...]]:
    with (Path(__file__).parent / "tax_presets.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        code: tuple(UsualTax(row["name"], _number(row["rate_bp"])) for row in members)
        for code, members in groupby(rows, key=lambda row: f"{row['country']}-{row['region']}")
    }


TABLE: Final = MappingProxyType(_read())
