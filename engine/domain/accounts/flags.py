"""Flags of the platform: what may be begun. They drain: whatever was begun before goes on to its end.

ticketing  everything that sells: no new holds, no new orders; meant for good
checkout   the same; meant for a stop of minutes
refunds    no refunds asked for by people; those that keep a charge from being without a seat go on
scanning   gates get 503 and scan offline
payouts    kept and shown over HTTP; nothing pays out yet, so nothing asks it

Webhooks, payments of opened orders, gates (unless ``scanning`` is off) and reading ask no flag.
"""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal, get_args

from msgspec import UNSET, Struct, UnsetType

Flag = Literal["ticketing", "checkout", "refunds", "scanning", "payouts"]
FLAGS: Final[tuple[Flag, ...]] = get_args(Flag)
# What a page says of those that something asks: what stops, and what goes on.
EFFECTS: Final = MappingProxyType[Flag, tuple[str, str]](
    {
        "ticketing": (
            "Everything that sells",
            "Off: no new holds and no new orders, for as long as it takes. Orders being paid settle, gates go on.",
        ),
        "checkout": (
            "Checkout",
            "Off: no new holds and no new orders, for some minutes. Orders being paid settle, holds keep their places.",
        ),
        "refunds": (
            "Refunds",
            "Off: nobody orders a refund. What was ordered is paid out, and a payment without a seat still goes back.",
        ),
        "scanning": ("Scanning", "Off: gates get no verdicts from here and scan with what they loaded before."),
    }
)


class PlatformFlags(Struct, frozen=True, kw_only=True):
    """``off_by_settings`` names flags that this process's environment holds off: turning them on does nothing there."""

    ticketing: bool = True
    checkout: bool = True
    refunds: bool = True
    scanning: bool = True
    payouts: bool = True
    changed_at: datetime | None = None
    off_by_settings: tuple[Flag, ...] = ()


class FlagsChange(Struct, kw_only=True):
    """Only what is sent changes."""

    ticketing: bool | UnsetType = UNSET
    checkout: bool | UnsetType = UNSET
    refunds: bool | UnsetType = UNSET
    scanning: bool | UnsetType = UNSET
    payouts: bool | UnsetType = UNSET

    def given(self) -> dict[Flag, bool]:
        """What is sent, by flag."""
        found = {flag: getattr(self, flag) for flag in FLAGS}
        return {flag: is_on for flag, is_on in found.items() if isinstance(is_on, bool)}
