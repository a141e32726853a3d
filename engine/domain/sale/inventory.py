"""Inventory is one dense array of units; a byte says who has each. See docs/ARCHITECTURE.md, "Inventory"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

HELD, ORDERED, SOLD, BLOCKED = 1, 2, 3, 4
FREE = 0x40
PLAIN_LOTS = bytes([FREE])


def free_byte(allotment: int, *, accessible: bool) -> int:
    """The byte of a free unit in this allotment (0: the open house)."""
    return FREE + 2 * allotment + int(accessible)


def eligible_lots(open_allotments: Iterable[int], *, accessible: bool = False) -> bytes:
    """The free bytes a buyer may take: the open house and the allotments open to them."""
    lots = [free_byte(number, accessible=False) for number in (0, *open_allotments)]
    if accessible:
        lots += [free_byte(number, accessible=True) for number in (0, *open_allotments)]
    return bytes(lots)


def runs(units: Iterable[int], longest: int = 255) -> Iterator[tuple[int, int]]:
    """Neighbouring units as (first, length), in the order given."""
    first = length = -1
    for unit in units:
        if length > 0 and unit == first + length and length < longest:
            length += 1
            continue
        if length > 0:
            yield first, length
        first, length = unit, 1
    if length > 0:
        yield first, length
