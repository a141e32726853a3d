"""Price bands that suit every currency: 1, 2, 5, 10, 20, 50, 100 and on, in minor units.

Ten dollars and ten yen are different things, and no table of bands fits both. So the bands are one long row, each some
twice as wide as the one before, and a currency shows those in which it has something.
"""

from __future__ import annotations

from typing import Final

from engine.foundation.world.currencies import AMOUNT_MAX

# Where each band begins; band 0 lies before the first, and is what costs nothing. The ledger's price_band has the same.
BEGINNINGS: Final = tuple(step * 10**power for power in range(12) for step in (1, 2, 5))


def bounds(band: int) -> tuple[int, int]:
    """The least and the greatest amount of a band, both included."""
    if band == 0:
        return 0, 0
    return BEGINNINGS[band - 1], BEGINNINGS[band] - 1 if band < len(BEGINNINGS) else AMOUNT_MAX
