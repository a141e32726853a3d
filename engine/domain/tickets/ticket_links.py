"""Tokens of somebody who has no order: the holder of a ticket that was handed on, and both sides of a transfer.

A holder's token names the ticket and how often it had been handed on: with the next transfer it opens nothing. It is
signed as orders' tokens are, and can be none of them: an id says of what kind it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import hotpath_rs
from engine.domain.tickets.order_links import LINKS_END_AFTER

Side = Literal["sender", "recipient"]
TOKEN_CHARS_MAX: Final = 512
_MARK: Final = "."  # stands in no id


@dataclass(frozen=True, slots=True)
class HolderLink:
    """What decides whether a token opens a ticket that was handed on ``handed_on`` times."""

    ticket_id: str
    handed_on: int
    event_ends_at: datetime

    def mint(self, platform: hotpath_rs.PlatformKeys) -> str:
        """The token of its present holder."""
        return platform.mint_order_token(f"{self.ticket_id}{_MARK}{self.handed_on}")

    def opens(self, platform: hotpath_rs.PlatformKeys, token: str | None, moment: datetime) -> bool:
        """Whether the token is that of its present holder. Nobody has one before it was handed on."""
        if not self.handed_on or moment >= self.event_ends_at + LINKS_END_AFTER:
            return False
        return _named(platform, token) == (self.ticket_id, str(self.handed_on))


def mint_side(platform: hotpath_rs.PlatformKeys, transfer_id: str, side: Side) -> str:
    """The token in the mails of one side of a transfer: it shows the transfer's page, and ends the transfer."""
    return platform.mint_order_token(f"{transfer_id}{_MARK}{side}")


def side_of(platform: hotpath_rs.PlatformKeys, transfer_id: str, token: str | None) -> Side | None:
    """Whose token it is; None if it is neither side's."""
    named, side = _named(platform, token)
    if named != transfer_id:
        return None
    return "sender" if side == "sender" else "recipient" if side == "recipient" else None


def _named(platform: hotpath_rs.PlatformKeys, token: str | None) -> tuple[str, str]:
    if not token or len(token) > TOKEN_CHARS_MAX:
        return "", ""
    try:
        named, _, more = platform.verify_order_token(token).partition(_MARK)
    except ValueError:  # not ours, or no text at all
        return "", ""
    return named, more
