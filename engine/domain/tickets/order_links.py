"""The link of an order: who shows its token sees the order and its tickets, without signing in.

A token names the order and the generation of its links. Ending the links raises the generation: tokens of an earlier
one open nothing any more. All of them end some days after the event, when nobody has use for them but a finder.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import hotpath_rs

LINKS_END_AFTER: Final = timedelta(days=30)  # after the event
GENERATIONS_MAX: Final = 100  # of one order
LINKS_MAILED_AGAIN_S: Final = 600  # between two new links of one order that staff has mailed to its buyer
_MARK: Final = "."  # stands in no order id


@dataclass(frozen=True, slots=True)
class OrderLink:
    """What decides whether a token opens an order."""

    order_id: str
    generation: int
    event_ends_at: datetime

    def mint(self, platform: hotpath_rs.PlatformKeys) -> str:
        """A token for the order's link."""
        named = self.order_id if not self.generation else f"{self.order_id}{_MARK}{self.generation}"
        return platform.mint_order_token(named)

    def opens(self, platform: hotpath_rs.PlatformKeys, token: str | None, moment: datetime) -> bool:
        """Whether the token opens this order now."""
        if token is None or moment >= self.event_ends_at + LINKS_END_AFTER:
            return False
        try:
            order_id, _, generation = platform.verify_order_token(token).partition(_MARK)
        except ValueError:  # not ours, or no text at all
            return False
        return order_id == self.order_id and (generation or "0") == str(self.generation)
