"""Price bands that suit every currency: each two to two and a half times the one before, in whole units.

Ten dollars and ten yen are different things, and no table of bands fits both. So the bands are one long row, 10, 20,
50, 100, 200 and on, and a currency shows those in which it has something.
"""

from __future__ import annotations

from typing import Final

from engine.foundation.world.currencies import AMOUNT_MAX

_FIRST: Final = 0.001  # below it nothing is to be paid
# Where each band begins, in whole units of its currency; band 0 lies before the first, and is what costs nothing.
BEGINNINGS: Final = (_FIRST, *(float(step * 10**power) for power in range(1, 12) for step in (1, 2, 5)))


def bounds(band: int, unit: int) -> tuple[int, int]:
    """The least and the greatest amount of a band in minor units, both included. ``unit``: those of one whole."""
    if band == 0:
        return 0, 0
    least = max(1, round(BEGINNINGS[band - 1] * unit)) if band > 1 else 1
    greatest = round(BEGINNINGS[band] * unit) - 1 if band < len(BEGINNINGS) else AMOUNT_MAX
    return least, greatest
