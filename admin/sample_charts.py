"""Charts to begin with: an organizer changes a theatre sooner than they write one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import orjson

ROW_PITCH: Final = 1.25
LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def theatre() -> dict[str, Any]:
    """About 900 seats: stalls in two price categories with aisles, and a balcony."""
    stalls = [_row(LETTERS[i], i * ROW_PITCH, 24 + 2 * (i % 3), aisles=(8, 16)) for i in range(18)]
    stalls[-1]["accessible"] = [1, 2, 3, 24]
    balcony = [_row(LETTERS[i], 28 + i * ROW_PITCH, 40, aisles=(10, 20, 30)) for i in range(11)]
    return _chart(
        {"name": "Front stalls", "kind": "seated", "category": "Premium", "rows": stalls[:8]},
        {"name": "Stalls", "kind": "seated", "category": "Regular", "rows": stalls[8:]},
        {"name": "Balcony", "kind": "seated", "category": "Balcony", "rows": balcony},
    )


def club() -> dict[str, Any]:
    """A standing floor of 450 with a gallery of 96 seats around it."""
    sides = [
        {"name": side, "kind": "seated", "category": "Gallery",
         "rows": [_row(LETTERS[i], i * ROW_PITCH, 16, centre=centre) for i in range(3)]}
        for side, centre in (("Gallery left", -12.0), ("Gallery right", 12.0))
    ]  # fmt: skip
    return _chart(*sides, {"name": "Floor", "kind": "general", "category": "Floor", "capacity": 450})


def arena() -> dict[str, Any]:
    """About 6,000 places: a standing pit, three lower blocks and three upper ones."""
    blocks = []
    for name, category, y, rows, seats in (("Lower", "Lower bowl", 4.0, 25, 40), ("Upper", "Upper bowl", 42.0, 22, 36)):
        for side, centre in (("left", -46.0), ("centre", 0.0), ("right", 46.0)):
            layout = [_row(str(i + 1), y + i * ROW_PITCH, seats, centre=centre) for i in range(rows)]
            blocks.append({"name": f"{name} {side}", "kind": "seated", "category": category, "rows": layout})
    return _chart(*blocks, {"name": "Pit", "kind": "general", "category": "Pit", "capacity": 600})


SAMPLES: Final[dict[str, tuple[str, Callable[[], dict[str, Any]]]]] = {
    "theatre": ("Theatre", theatre),
    "club": ("Club", club),
    "arena": ("Arena", arena),
}


def text(name: str) -> str:
    """A sample as the chart field shows it; empty for a name that is none."""
    sample = SAMPLES.get(name)
    return orjson.dumps(sample[1](), option=orjson.OPT_INDENT_2).decode() if sample is not None else ""


def _row(name: str, y: float, count: int, *, centre: float = 0.0, aisles: tuple[int, ...] = ()) -> dict[str, Any]:
    row = {"name": name, "y": y, "first": 1, "count": count, "x0": centre - (count - 1) / 2, "pitch": 1.0}
    return row | ({"aisle_after": list(aisles)} if aisles else {})


def _chart(*sections: dict[str, Any]) -> dict[str, Any]:
    return {"focal_point": {"x": 0.0, "y": -4.0}, "sections": list(sections)}
