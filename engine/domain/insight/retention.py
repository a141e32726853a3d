"""How long what tells of people is kept, rule by rule. Other periods stand where their rows are swept."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

Rule = Literal["network", "scan_place", "guest"]
ROWS_PER_STEP: Final = 2_000  # visited by one step of one rule
GUESTS_PER_STEP: Final = 50  # each is forgotten by some ten statements


class Keeping(Struct, frozen=True, kw_only=True):
    """Days. ``network_d``: an order's address and browser. ``scan_place_d``: a scanner's place.

    ``guest_d``: buyers without an account, after the last event that they bought for.
    """

    network_d: int
    scan_place_d: int
    guest_d: int


class Visited(Struct, frozen=True, kw_only=True):
    """What one step of a rule came to: rows ``visited``, and of those ``removed`` what was too old."""

    visited: int
    removed: int
